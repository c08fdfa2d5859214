// Merging decoded copies of a series, with native histograms and stale markers.

import t from 'tap';

import { mergeGroupSeries, mergeReplicaSeries } from '../../src/merge/index.js';
import { createHistogram, Labels, type CounterResetHint, type RawSeries } from '../../src/model/index.js';

/** A copy of a series. A hint stands for a histogram with the given count, a number for a float. */
function copy(
  count: number,
  samples: readonly (readonly [timeMs: number, sample: CounterResetHint | number])[],
): RawSeries {
  return {
    labels: Labels.EMPTY,
    timestamps: Float64Array.from(samples, ([timeMs]) => timeMs),
    values: Float64Array.from(samples, ([, sample]) => (typeof sample === 'number' ? sample : NaN)),
    histograms: samples.map(([, hint]) =>
      typeof hint === 'number' ? undefined : createHistogram({ count, hint }),
    ),
  };
}

function plain({ timestamps, values, histograms }: RawSeries): unknown {
  return Array.from(timestamps, (timeMs, i) => {
    const histogram = histograms?.[i];
    return [timeMs, histogram === undefined ? values[i] : `${histogram.count} ${histogram.hint}`];
  });
}

t.test(
  'histograms are merged with floats, and lose their reset hint after a sample of the other copy',
  async (t) => {
    const a = copy(1, [
      [10, 'reset'],
      [20, 'not_reset'],
      [40, 'not_reset'],
      [50, 'gauge'],
    ]);
    const b = copy(2, [
      [5, 'reset'],
      [20, 'not_reset'],
      [30, 'not_reset'],
      [45, 7],
    ]);
    t.same(plain(mergeGroupSeries([a, b])), [
      [5, '2 reset'],
      [10, '1 unknown'],
      [20, '1 not_reset'],
      [30, '2 unknown'],
      [40, '1 unknown'],
      [45, 7],
      [50, '1 gauge'],
    ]);
    const floats: RawSeries = {
      labels: Labels.EMPTY,
      timestamps: Float64Array.of(15),
      values: Float64Array.of(3),
    };
    t.same(plain(mergeGroupSeries([floats, a])), [
      [10, '1 reset'],
      [15, 3],
      [20, '1 unknown'],
      [40, '1 not_reset'],
      [50, '1 gauge'],
    ]);
    t.equal(mergeGroupSeries([floats, floats]).histograms, undefined);
  },
);

t.test('a sample of one copy replaces a stale marker of the other at the same time', async (t) => {
  const floats = (samples: readonly (readonly [timeMs: number, value: number | 'stale'])[]): RawSeries => ({
    labels: Labels.EMPTY,
    timestamps: Float64Array.from(samples, ([timeMs]) => timeMs),
    values: Float64Array.from(samples, ([, value]) => (value === 'stale' ? NaN : value)),
    stale: Uint8Array.from(samples, ([, value]) => (value === 'stale' ? 1 : 0)),
  });
  const a = floats([
    [10, 1],
    [20, 'stale'],
    [40, 'stale'],
    [50, 5],
  ]);
  const b = floats([
    [10, 11],
    [20, 12],
    [30, 13],
    [40, 'stale'],
    [50, 'stale'],
  ]);
  const merged = (first: RawSeries, second: RawSeries): unknown => {
    const { timestamps, values, stale } = mergeReplicaSeries(first, second, { bufferMs: 0 });
    return Array.from(timestamps, (timeMs, i) => [timeMs, stale?.[i] === 1 ? 'stale' : values[i]]);
  };
  const expected = [
    [10, 11],
    [20, 12],
    [30, 13],
    [40, 'stale'],
    [50, 5],
  ];
  t.same(merged(a, b), expected);
  t.same(merged(b, a), expected);
});
