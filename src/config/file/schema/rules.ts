// The section `rules`, which Prometheus does not have.

import Type from 'typebox';

import { election } from './election.js';
import { httpClientKeys } from './http-client.js';
import { closed, string } from './keys.js';

const restoreFrom = Type.Object(
  {
    url: Type.String({ format: 'api-url' }),
    timeout: string('positive-duration', { default: '30s' }),
    ...httpClientKeys,
  },
  closed,
);

export const rules = Type.Object(
  {
    partial_response_strategy: string('partial-response'),
    hold: string('duration', { default: '10m' }),
    chained_results: string('chained-results', { default: 'memory' }),
    restore_from: Type.Optional(restoreFrom),
    election: Type.Optional(election),
  },
  closed,
);

export type RestoreFromFile = Type.Static<typeof restoreFrom>;
export type RulesSectionFile = Type.Static<typeof rules>;
