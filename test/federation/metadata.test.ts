// Metadata over several groups.

import t from 'tap';

import type { Federation } from '../../src/federation/index.js';
import type { GroupSnapshot, MetadataQuery } from '../../src/upstreams/index.js';
import { federationOf } from '../helpers/federation.js';
import { fakeGroup, silent } from './fake-group.js';

t.test('metadata is read from all groups, and has the labels of groups with series', async (t) => {
  const queries: Record<string, MetadataQuery[]> = { eu: [], us: [] };
  const group = (name: string, names: readonly string[]): GroupSnapshot => ({
    ...fakeGroup(name, { region: name }, silent),
    labelNames: async (query) => {
      queries[name]!.push(query);
      return { data: names, warnings: [] };
    },
  });
  const federation = federationOf([group('eu', ['__name__', 'pod']), group('us', [])]);
  const requestOf = (
    selectors: MetadataQuery['selectors'],
  ): Parameters<Federation['metadata']['labelNames']>[0] => ({
    query: { selectors, startMs: undefined, endMs: undefined, limit: undefined },
    timeoutMs: 1_000,
    routing: 'learned',
    signal: new AbortController().signal,
  });
  t.same((await federation.metadata.labelNames(requestOf([]))).data, ['__name__', 'pod', 'region']);
  t.same((await federation.metadata.labelValues('region', requestOf([]))).data, ['eu']);
  queries['eu'] = [];
  queries['us'] = [];
  await federation.metadata.labelNames(
    requestOf([
      [
        { name: 'region', op: '=', value: 'us' },
        { name: '__name__', op: '=', value: 'x' },
      ],
    ]),
  );
  t.same(queries['eu'], [], 'a group that cannot match is not queried');
  t.same(queries['us'][0]?.selectors, [[{ name: '__name__', op: '=', value: 'x' }]]);
});
