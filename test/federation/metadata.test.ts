// Metadata over several groups.

import t from 'tap';

import { Admission, type Federation } from '../../src/federation/index.js';
import { MemoryBudget } from '../../src/runtime/index.js';
import type { GroupSnapshot, MetadataQuery } from '../../src/upstreams/index.js';
import { federationOf } from '../helpers/federation.js';
import { fakeGroup, silent } from './fake-group.js';

type LabelNamesRequest = Parameters<Federation['metadata']['labelNames']>[0];

function requestOf(selectors: MetadataQuery['selectors']): LabelNamesRequest {
  return {
    query: { startMs: undefined, endMs: undefined, limit: undefined },
    parseSelectors: () => ({ selectors, nodes: selectors.length }),
    timeoutMs: 1_000,
    routing: 'learned',
    signal: new AbortController().signal,
  };
}

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

t.test('the timeout of a metadata request includes its wait for admission', async (t) => {
  const budget = new MemoryBudget({ budgetBytes: 1 << 30, perQueryBytes: 1 << 30 });
  const admission = new Admission({ budget, maxConcurrency: 1 });
  const running = await admission.admit(new AbortController().signal, 1_000);
  let nowMs = 5_000;
  const deadlines: number[] = [];
  const group: GroupSnapshot = {
    ...fakeGroup('eu', { region: 'eu' }, silent),
    labelNames: async (_query, { deadlineMs }) => {
      deadlines.push(deadlineMs);
      return { data: ['pod'], warnings: [] };
    },
  };
  const federation = federationOf([group], { admission, clock: { now: () => nowMs } });
  const answering = federation.metadata.labelNames(requestOf([]));
  nowMs += 400;
  running.release();
  (await answering).release?.();
  t.same(deadlines, [6_000]);
});
