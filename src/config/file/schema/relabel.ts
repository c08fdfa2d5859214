// Relabelling rules.

import Type from 'typebox';

import { closed, integer, string } from './keys.js';

/** Source: Prometheus, model/relabel/relabel.go (`Config`). */
const relabelRule = Type.Object(
  {
    source_labels: Type.Optional(Type.Array(Type.String({ format: 'filter-label' }))),
    separator: string(undefined, { default: ';', emptyText: true }),
    regex: string('regex', { default: '(.*)', emptyText: true }),
    modulus: integer(0, 0),
    target_label: string(),
    replacement: string(undefined, { default: '$1', emptyText: true }),
    action: string('relabel-action', { default: 'replace' }),
  },
  closed,
);

export const relabelRules = Type.Optional(Type.Array(relabelRule));

export type RelabelFile = Type.Static<typeof relabelRule>;
