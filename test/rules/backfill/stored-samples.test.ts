// Samples of an interrupted write that the receiver has.

import t from 'tap';

import type { QueryEngine } from '../../../src/federation/index.js';
import { Annotations, Labels, type RawSeries } from '../../../src/model/index.js';
import { Cancellation } from '../../../src/runtime/index.js';
import { withoutStored } from '../../../src/rules/backfill/stored-samples.js';
import type { OutgoingSample } from '../../../src/rules/index.js';
import { remoteWriteSettings } from '../../helpers/remote-write/settings.js';

function engineOf(series: readonly RawSeries[]): QueryEngine {
  const unused = (): never => {
    throw new Error('not used');
  };
  return {
    evaluate: async () => ({
      kind: 'value',
      value: { type: 'matrix', series, ordered: false },
      isDisjoint: true,
      annotations: new Annotations(),
      stats: { read: unused },
      release: () => undefined,
    }),
    query: unused,
    explain: unused,
    metadata: undefined as never,
  };
}

const sample = (labels: Record<string, string>): OutgoingSample => ({
  labels: Labels.from({ __name__: 'r', ...labels }),
  timeMs: 1000,
  value: 1,
  isStale: false,
});

const stored = (labels: Record<string, string>): RawSeries => ({
  labels: Labels.from({ __name__: 'r', ...labels }),
  timestamps: Float64Array.of(1000),
  values: Float64Array.of(1),
});

/** Returns the labels of the samples that are written again. */
async function rewritten(
  sent: readonly OutgoingSample[],
  series: readonly RawSeries[],
): Promise<readonly string[]> {
  const samples = await withoutStored(
    sent,
    'r',
    { fromMs: 0, untilMs: 2000 },
    {
      engine: engineOf(series),
      receiver: remoteWriteSettings({}),
      externalLabels: Labels.from({ source: 'promfed' }),
      features: new Set<never>(),
      timeoutMs: 1000,
      signal: new Cancellation(),
    },
  );
  return samples.map(({ labels }) => labels.toString());
}

t.test('samples that are stored, with labels that a region adds, are left out', async (t) => {
  const sent = [sample({ pod: 'a' }), sample({ pod: 'b' }), sample({})];
  const region = { source: 'promfed', region: 'eu' };
  t.strictSame(
    await rewritten(sent, [stored({ pod: 'c', ...region })]),
    ['r{pod="a"}', 'r{pod="b"}'],
    'only the series without labels corresponds',
  );
  t.strictSame(
    await rewritten(sent.slice(0, 2), [stored({ pod: 'a', ...region }), stored({ pod: 'b', region: 'eu' })]),
    ['r{pod="b"}'],
    'the external label is sent too',
  );
  t.strictSame(
    await rewritten(sent, [stored({ pod: 'a', ...region })]),
    ['r{pod="a"}', 'r{pod="b"}', 'r'],
    'a stored series that corresponds to two',
  );
});

t.test('many series', async (t) => {
  const pods = Array.from({ length: 30_000 }, (_, i) => ({ pod: String(i) }));
  const series = pods.map((pod) => stored({ ...pod, source: 'promfed' }));
  t.strictSame(await rewritten(pods.map(sample), series), []);
});
