// Hostile rules of regions.

import type { HostileCase } from '../../helpers/hostile/hostile-case.js';
import { sendData, type HostileRegions } from '../../helpers/hostile/hostile-regions.js';
import { send } from '../../helpers/hostile/requests.js';

const RULE = { type: 'recording', name: 'n', query: 'q' };

/** The rule groups of one region. The others have none. */
function serveRules(regions: HostileRegions, file: string, groups: readonly unknown[]): void {
  regions.serve(`file%5B%5D=${file}`, (response, _request, region) => {
    sendData(response, { groups: region === 'r0' ? groups : [] });
  });
}

/** Returns the cases. */
export function ruleCases(): readonly HostileCase[] {
  return [
    {
      name: 'a rule with 350,000 labels',
      fast: false,
      prepare: (regions) => {
        const labels = Object.fromEntries(Array.from({ length: 350_000 }, (_, i) => [`l${i}`, 'v']));
        serveRules(regions, 'labels', [{ name: 'g', file: 'labels', rules: [{ ...RULE, labels }] }]);
      },
      attack: ({ server }) => send(server.url, '/api/v1/rules?federated=true&file[]=labels', ''),
    },
    {
      name: '900 patterns and a rule with a label value of 80 KB',
      fast: false,
      prepare: (regions) => {
        const labels = { a: 'x'.repeat(80_000) };
        serveRules(regions, 'patterns', [{ name: 'g', file: 'patterns', rules: [{ ...RULE, labels }] }]);
      },
      attack: ({ server }) => {
        const selectors = Array.from(
          { length: 900 },
          (_, i) => `match[]=${encodeURIComponent(`{a=~"[xw]*x?[xv]*[xu]*${i}"}`)}`,
        );
        return send(server.url, `/api/v1/rules?federated=true&file[]=patterns&${selectors.join('&')}`, '');
      },
    },
    {
      name: 'the token of a page after 150,000 groups',
      fast: false,
      prepare: (regions) => {
        const groups = Array.from({ length: 150_000 }, (_, i) => ({
          name: `${i}`,
          file: 'pages',
          rules: [],
        }));
        serveRules(regions, 'pages', groups);
      },
      attack: ({ server }) => {
        const page = 'group_limit=1&group_next_token=nosuch';
        return send(server.url, `/api/v1/rules?federated=true&file[]=pages&${page}`, '');
      },
    },
  ];
}
