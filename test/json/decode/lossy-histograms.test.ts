// Native histograms from JSON: reconstructed when their buckets determine the layout, rejected otherwise.

import fc from 'fast-check';
import t from 'tap';

import { decodeLossyColumn, decodeLossyRaw, LossyHistograms } from '../../../src/json/index.js';
import {
  bucketsOf,
  createHistogram,
  CUSTOM_BUCKETS,
  emptyColumn,
  formatFloat,
  Labels,
  type Histogram,
  type RawSeries,
} from '../../../src/model/index.js';

/** The JSON of a histogram, as Prometheus prints it. */
function printed(histogram: Histogram): string {
  const buckets = bucketsOf(histogram).map(({ lower, upper, lowerInclusive, upperInclusive, count }) => {
    const rule = lowerInclusive ? (upperInclusive ? 3 : 1) : upperInclusive ? 0 : 2;
    return [rule, formatFloat(lower), formatFloat(upper), formatFloat(count)];
  });
  const { count, sum } = histogram;
  return JSON.stringify({ count: formatFloat(count), sum: formatFloat(sum), buckets });
}

function read(texts: readonly string[], name = 'h'): readonly (Histogram | undefined)[] {
  const lossy = new LossyHistograms();
  const series = decodeOne(lossy, name, texts);
  lossy.resolve(() => undefined);
  return series.histograms!;
}

function decodeOne(lossy: LossyHistograms, name: string, texts: readonly string[]): RawSeries {
  const points = texts.map((text, i) => `[${i + 1},${text}]`);
  const samples = Buffer.from(`"histograms":[${points.join(',')}]`);
  return decodeLossyRaw({ labels: Labels.from({ __name__: name }), samples }, {}, lossy);
}

const buckets = (from: number, to: number): fc.Arbitrary<Histogram['positive']> =>
  fc
    .dictionary(fc.integer({ min: from, max: to }).map(String), fc.integer({ min: 1, max: 99 }))
    .map((counts) => {
      const sorted = Object.entries(counts).sort(([a], [b]) => Number(a) - Number(b));
      return { indices: sorted.map(([index]) => Number(index)), counts: sorted.map(([, count]) => count) };
    });

t.test('exponential histograms of every schema are reconstructed bucket by bucket', async (t) => {
  const histograms = fc.integer({ min: -4, max: 8 }).chain((schema) => {
    const far = Math.min(3000, Math.floor(1020 * 2 ** schema));
    return fc.record({
      schema: fc.constant(schema),
      positive: buckets(-far, far),
      negative: buckets(-far, far),
      zeroThreshold: fc.constantFrom(0, 2 ** -128, 0.001),
      zeroCount: fc.integer({ min: 1, max: 9 }),
    });
  });
  fc.assert(
    fc.property(histograms, (parts) => {
      const histogram = createHistogram({ ...parts, count: 7, sum: 1.5 });
      const [got] = read([printed(histogram)]);
      const isEmpty = parts.positive.indices.length + parts.negative.indices.length === 0;
      t.same(got, isEmpty ? { ...histogram, schema: 8 } : histogram);
    }),
    { numRuns: 300, seed: 7 },
  );
});

t.test('custom bounds are the union of those of all histograms of the metric', async (t) => {
  const of = (customValues: readonly number[], indices: readonly number[]): Histogram =>
    createHistogram({
      schema: CUSTOM_BUCKETS,
      customValues,
      positive: { indices, counts: indices.map((i) => i + 1) },
      count: 3,
      sum: -1,
    });
  const bounds = [-1.5, 0, 1, 2, 4];
  const all = [of(bounds, [0, 1, 2, 3, 4, 5]), of(bounds, [4]), of(bounds, []), of(bounds, [1, 3])];
  t.same(read(all.map(printed)), all);
  t.same(read([printed(of([0.5, 3, 7], [1, 3]))]), [of([0.5, 3, 7], [1, 3])]);
  t.same(
    read([printed(of([0, 3], [0]))])[0]?.customValues,
    [0],
    'bounds without a populated bucket are lost',
  );
});

t.test('metrics with different names have different layouts', async (t) => {
  const lossy = new LossyHistograms();
  const custom = createHistogram({
    schema: CUSTOM_BUCKETS,
    customValues: [1, 3],
    positive: { indices: [1], counts: [2] },
  });
  const exponential = createHistogram({ schema: 0, positive: { indices: [1], counts: [2] } });
  const a = decodeOne(lossy, 'a', [printed(custom)]);
  const b = decodeOne(lossy, 'b', [printed(exponential)]);
  lossy.resolve(() => undefined);
  t.same([a.histograms, b.histograms], [[custom], [exponential]]);
});

t.test('series of one metric may have different bounds', async (t) => {
  const lossy = new LossyHistograms();
  const of = (customValues: readonly number[]): Histogram =>
    createHistogram({
      schema: CUSTOM_BUCKETS,
      customValues,
      positive: { indices: [0, 1, 2], counts: [1, 2, 3] },
    });
  const all = [of([1, 3]), of([2, 5])];
  const got = all.map((histogram, i) => {
    const samples = Buffer.from(`"histogram":[1,${printed(histogram)}]`);
    return decodeLossyRaw({ labels: Labels.from({ __name__: 'h', i: String(i) }), samples }, {}, lossy);
  });
  let weight = 0;
  lossy.resolve((more) => (weight += more));
  t.same(
    got.map(({ histograms }) => histograms?.[0]),
    all,
  );
  t.equal(weight, 14);
  const one = printed(all[0]!);
  t.throws(() => read([one, printed(all[1]!)]), { code: 'unsupported' }, 'one series has one layout');
});

t.test('buckets that fit no layout are an error', async (t) => {
  const cases: [name: string, buckets: string][] = [
    ['overlapping', '[0,"1","4","1"],[0,"2","3","1"]'],
    ['backwards', '[0,"2","4","1"],[0,"1","2","1"]'],
    ['two schemas below zero', '[1,"-4","-1","1"],[1,"-1","-0.5","1"]'],
    ['two zero buckets', '[3,"-1","1","1"],[3,"-2","2","1"]'],
    ['no bound included', '[2,"1","3","1"]'],
    ['zero and custom', '[3,"-1","1","1"],[0,"1","3.3","1"],[0,"3.3","3.4","1"]'],
    ['NaN as a bound', '[0,"NaN","1","1"]'],
  ];
  for (const [name, list] of cases) {
    t.throws(() => read([`{"count":"1","sum":"1","buckets":[${list}]}`]), name);
  }
  t.throws(() => read(['{"count":"1","buckets":[]}']), 'no sum');
  t.throws(() => read(['{"count":"1","sum":"1","buckets":[[0,"2","1","1"]]}']), 'bounds in the wrong order');
  t.throws(() => read(['{"count":1,"sum":"1"}']), 'a count that is not a string');
});

t.test('a column holds floats and histograms', async (t) => {
  const lossy = new LossyHistograms();
  const grid = { startMs: 1000, stepMs: 1000, count: 4 };
  const histogram = createHistogram({ positive: { indices: [0], counts: [1] }, count: 1, sum: 2 });
  const labels = Labels.from({ a: 'b' });
  const samples = Buffer.from(`"values":[[1,"5"],[4,"NaN"]],"histograms":[[3,${printed(histogram)}]]`);
  const column = decodeLossyColumn({ labels, samples }, grid, emptyColumn(labels, 4), lossy);
  let weight = 0;
  lossy.resolve((more) => (weight += more));
  t.same([...column.present], [1, 0, 2, 1]);
  t.same([...column.values], [5, 0, 0, NaN]);
  t.same(column.histograms, [undefined, undefined, histogram, undefined]);
  t.equal(weight, 5);
  const floats = decodeLossyColumn(
    { labels, samples: Buffer.from('"values":[[2,"5"]]') },
    grid,
    emptyColumn(labels, 4),
    lossy,
  );
  t.same([...floats.present], [0, 1, 0, 0]);
  t.equal(floats.histograms, undefined);
  for (const [name, text] of [
    ['off the grid', `"histograms":[[3.5,${printed(histogram)}]]`],
    ['after its end', `"histograms":[[5,${printed(histogram)}]]`],
    ['twice at one time', `"values":[[3,"1"]],"histograms":[[3,${printed(histogram)}]]`],
  ] as const) {
    const frame = { labels, samples: Buffer.from(text) };
    t.throws(() => decodeLossyColumn(frame, grid, emptyColumn(labels, 4), lossy), { code: 'upstream' }, name);
  }
});
