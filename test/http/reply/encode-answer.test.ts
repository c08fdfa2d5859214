import fc from 'fast-check';
import t from 'tap';

import { encodeAnswer } from '../../../src/http/reply/encode-answer.js';
import {
  createHistogram,
  formatFloat,
  formatTimestamp,
  instantGrid,
  Labels,
  rangeGrid,
  type Column,
  type Grid,
  type RawSeries,
} from '../../../src/model/index.js';
import { valueAnswer } from '../../helpers/federation.js';
import { itemsOf } from '../../helpers/frame-streams.js';
import { randomRuns } from '../../helpers/random-runs.js';
import { denseBuckets } from '../../helpers/series/dense-buckets.js';

const START_MS = 1_700_000_000_250;
const histogram = createHistogram({ schema: 0, count: 5, sum: 4.5, positive: denseBuckets(0, [2, 0, 3]) });
const HISTOGRAM_JSON = '{"count":"5","sum":"4.5","buckets":[[0,"0.5","1","2"],[0,"2","4","3"]]}';

type Value =
  | { readonly type: 'vector'; readonly columns: readonly Column[]; readonly ordered: boolean }
  | { readonly type: 'matrix'; readonly series: readonly RawSeries[] }
  | { readonly type: 'scalar'; readonly values: Float64Array };

/** Returns the body and the sizes of its chunks. Each chunk is copied before the next one is requested. */
async function encoded(value: Value, kind: 'instant' | 'range', grid: Grid): Promise<[string, number[]]> {
  const answer = valueAnswer(value);
  const chunks: Buffer[] = [];
  for await (const chunk of itemsOf(encodeAnswer(answer, { kind, grid, limit: undefined }))) {
    chunks.push(Buffer.from(chunk));
    chunk.fill(0);
  }
  return [Buffer.concat(chunks).toString(), chunks.map((chunk) => chunk.length)];
}

interface Point {
  readonly timeMs: number;
  readonly value: number;
  readonly isHistogram: boolean;
}

/** Encodes a series with JSON.stringify, as the documentation of the API describes it. */
function seriesJson(labels: Labels, points: readonly Point[]): string {
  const floats = points.filter(({ isHistogram }) => !isHistogram);
  const histograms = points.filter(({ isHistogram }) => isHistogram);
  const pairs = [...labels].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const members = [`"metric":{${pairs.join(',')}}`];
  if (floats.length > 0 || histograms.length === 0) {
    const list = floats.map(({ timeMs, value }) => `[${formatTimestamp(timeMs)},"${formatFloat(value)}"]`);
    members.push(`"values":[${list.join(',')}]`);
  }
  if (histograms.length > 0) {
    const list = histograms.map(({ timeMs }) => `[${formatTimestamp(timeMs)},${HISTOGRAM_JSON}]`);
    members.push(`"histograms":[${list.join(',')}]`);
  }
  return `{${members.join(',')}}`;
}

function bodyJson(type: string, series: readonly string[]): string {
  return `{"status":"success","data":{"resultType":"${type}","result":[${series.join(',')}]}}`;
}

function columnOf(labels: Labels, points: readonly (Point | undefined)[]): Column {
  const column = {
    labels,
    values: Float64Array.from(points, (point) => point?.value ?? 0),
    present: Uint8Array.from(points, (point) => (point === undefined ? 0 : point.isHistogram ? 2 : 1)),
  };
  if (!column.present.includes(2)) return column;
  return {
    ...column,
    histograms: points.map((point) => (point?.isHistogram === true ? histogram : undefined)),
  };
}

const anyLabels = fc
  .dictionary(fc.string({ minLength: 1, unit: 'grapheme' }), fc.string({ minLength: 1, unit: 'binary' }), {
    maxKeys: 4,
  })
  .map((record) => Labels.from(record));
const anyValue = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(NaN, Infinity, -Infinity, -0, 0.1, 1e21),
);

/** Points on a grid. Up to twelve distinct points repeat, so that long series are generated quickly. */
function anyPoints(count: number, stepMs: number, histograms: boolean): fc.Arbitrary<(Point | undefined)[]> {
  const cell = fc.record({ value: anyValue, what: fc.constantFrom('float', 'float', 'absent', 'histogram') });
  return fc.array(cell, { minLength: 1, maxLength: 12 }).map((cells) =>
    Array.from({ length: count }, (_, step) => {
      const { value, what } = cells[step % cells.length]!;
      if (what === 'absent') return undefined;
      const timeMs = START_MS + step * stepMs;
      return { timeMs, value, isHistogram: histograms && what === 'histogram' };
    }),
  );
}

const anySeries = fc
  .record({
    count: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 300, max: 3000 })),
    stepMs: fc.constantFrom(15_000, 250, 1),
    histograms: fc.boolean(),
    labels: fc.uniqueArray(anyLabels, { minLength: 1, maxLength: 8, selector: ({ key }) => key }),
  })
  .chain(({ count, stepMs, histograms, labels }) =>
    fc.record({
      grid: fc.constant(rangeGrid(START_MS, START_MS + (count - 1) * stepMs, stepMs)),
      labels: fc.constant([...labels].sort((a, b) => Labels.compare(a, b))),
      points: fc.array(anyPoints(count, stepMs, histograms), {
        minLength: labels.length,
        maxLength: labels.length,
      }),
    }),
  );

t.test('columns over a range are encoded as by JSON.stringify, across reused blocks', (t) =>
  fc
    .assert(
      fc.asyncProperty(anySeries, async ({ grid, labels, points }) => {
        const columns = labels.map((each, i) => columnOf(each, points[i]!));
        const [body] = await encoded({ type: 'vector', columns, ordered: false }, 'range', grid);
        const expected = labels.flatMap((each, i) => {
          const present = points[i]!.filter((point) => point !== undefined);
          return present.length === 0 ? [] : [seriesJson(each, present)];
        });
        return body === bodyJson('matrix', expected);
      }),
      { numRuns: randomRuns(150) },
    )
    .then(() => {
      t.end();
    }),
);

t.test('raw samples are encoded as by JSON.stringify', (t) =>
  fc
    .assert(
      fc.asyncProperty(anySeries, async ({ grid, labels, points }) => {
        const series = labels.map((each, i): RawSeries => {
          const present = points[i]!.filter((point) => point !== undefined);
          const raw = {
            labels: each,
            timestamps: Float64Array.from(present, ({ timeMs }) => timeMs),
            values: Float64Array.from(present, ({ value }) => value),
          };
          if (!present.some(({ isHistogram }) => isHistogram)) return raw;
          const histograms = present.map(({ isHistogram }) => (isHistogram ? histogram : undefined));
          return { ...raw, histograms };
        });
        const [body] = await encoded({ type: 'matrix', series }, 'instant', grid);
        const expected = labels.map((each, i) =>
          seriesJson(
            each,
            points[i]!.filter((point) => point !== undefined),
          ),
        );
        return body === bodyJson('matrix', expected);
      }),
      { numRuns: randomRuns(100) },
    )
    .then(() => {
      t.end();
    }),
);

t.test('an instant vector of more than one block is encoded series by series', async (t) => {
  const grid = instantGrid(START_MS);
  const columns = Array.from({ length: 9000 }, (_, i) =>
    columnOf(
      Labels.from({ id: String(i).padStart(5, '0') }),
      i % 7 === 0
        ? [{ timeMs: START_MS, value: 0, isHistogram: true }]
        : [{ timeMs: START_MS, value: i / 3, isHistogram: false }],
    ),
  );
  const [body, sizes] = await encoded({ type: 'vector', columns, ordered: false }, 'instant', grid);
  const time = formatTimestamp(START_MS);
  const expected = columns.map(({ labels, present, values }) => {
    const metric = JSON.stringify(labels);
    return present[0] === 2
      ? `{"metric":${metric},"histogram":[${time},${HISTOGRAM_JSON}]}`
      : `{"metric":${metric},"value":[${time},"${formatFloat(values[0]!)}"]}`;
  });
  t.equal(body, bodyJson('vector', expected));
  t.ok(sizes.length > 2 && sizes[0]! <= 16 << 10, 'the first block is small');
  t.ok(Math.max(...sizes) <= 256 << 10);
  t.notOk(sizes.includes(0), 'no empty chunk');
});

t.test('labels and histograms larger than a block are encoded completely', async (t) => {
  const grid = rangeGrid(START_MS, START_MS + 1000, 1000);
  const labels = Labels.from({ long: 'é"'.repeat(200_000) });
  const points = [
    { timeMs: START_MS, value: 1.5, isHistogram: false },
    { timeMs: START_MS + 1000, value: 0, isHistogram: true },
  ];
  const [body] = await encoded(
    { type: 'vector', columns: [columnOf(labels, points)], ordered: false },
    'range',
    grid,
  );
  t.ok(body === bodyJson('matrix', [seriesJson(labels, points)]));
});

t.test('a scalar over a range is one series without labels', async (t) => {
  const grid = rangeGrid(START_MS, START_MS + 30_000, 15_000);
  const [body] = await encoded({ type: 'scalar', values: Float64Array.of(1, NaN, 0.1) }, 'range', grid);
  const points = [1, NaN, 0.1].map((value, i) => ({
    timeMs: START_MS + i * 15_000,
    value,
    isHistogram: false,
  }));
  t.equal(body, bodyJson('matrix', [seriesJson(Labels.EMPTY, points)]));
});
