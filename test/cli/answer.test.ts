// The values of a federation as `promfed query` shows them, compared with the API's JSON of the same values.

import t from 'tap';

import { answerOf } from '../../src/cli/answer.js';
import { readAnswer } from '../../src/cli/read-answer.js';
import { encodeValue, SUCCESS } from '../../src/json/index.js';
import {
  Annotations,
  createHistogram,
  CUSTOM_BUCKETS,
  instantGrid,
  Labels,
  rangeGrid,
  type Grid,
  type Value,
} from '../../src/model/index.js';

const INSTANT = instantGrid(10_000);
const RANGE = rangeGrid(10_000, 40_000, 10_000);

const EXPONENTIAL = createHistogram({
  schema: 0,
  count: 6,
  sum: 1.5,
  zeroThreshold: 0.1,
  zeroCount: 1,
  positive: { indices: [0, 2], counts: [2, 1] },
  negative: { indices: [1], counts: [2] },
});
const CUSTOM = createHistogram({
  schema: CUSTOM_BUCKETS,
  customValues: [-1, 2],
  count: 3,
  sum: -0.5,
  positive: { indices: [0, 2], counts: [1, 2] },
});

const column = (
  labels: Record<string, string>,
  values: readonly number[],
): { labels: Labels; values: Float64Array; present: Uint8Array } => ({
  labels: Labels.from(labels),
  values: Float64Array.from(values),
  present: Uint8Array.from(values, (value) => (Number.isNaN(value) ? 0 : 1)),
});

interface Case {
  readonly name: string;
  readonly kind: 'instant' | 'range';
  readonly grid: Grid;
  readonly value: Value;
}

const CASES: readonly Case[] = [
  { name: 'string', kind: 'instant', grid: INSTANT, value: { type: 'string', value: 'a "b" ü' } },
  {
    name: 'scalar',
    kind: 'instant',
    grid: INSTANT,
    value: { type: 'scalar', values: Float64Array.of(-Infinity) },
  },
  {
    name: 'scalar over a range',
    kind: 'range',
    grid: RANGE,
    value: { type: 'scalar', values: Float64Array.of(1, 2.5e-7, NaN, -0) },
  },
  {
    name: 'vector, sorted by labels',
    kind: 'instant',
    grid: INSTANT,
    value: {
      type: 'vector',
      ordered: false,
      columns: [
        column({ __name__: 'x', b: '2' }, [2]),
        column({ b: '0' }, [NaN]),
        column({ __name__: 'x', a: '1' }, [1e21]),
      ],
    },
  },
  {
    name: 'vector in the order of its result',
    kind: 'instant',
    grid: INSTANT,
    value: { type: 'vector', ordered: true, columns: [column({ a: '2' }, [1]), column({ a: '1' }, [2])] },
  },
  {
    name: 'vector over a range, with a gap',
    kind: 'range',
    grid: RANGE,
    value: {
      type: 'vector',
      ordered: true,
      columns: [column({ a: '2' }, [1, NaN, 3, 4]), column({ a: '1' }, [NaN, NaN, NaN, 0.1])],
    },
  },
  {
    name: 'native histograms beside floats',
    kind: 'range',
    grid: RANGE,
    value: {
      type: 'vector',
      ordered: false,
      columns: [
        {
          labels: Labels.from({ a: '1' }),
          values: Float64Array.of(7, 0, 0, 0),
          present: Uint8Array.of(1, 2, 0, 2),
          histograms: [undefined, EXPONENTIAL, undefined, CUSTOM],
        },
      ],
    },
  },
  {
    name: 'matrix',
    kind: 'instant',
    grid: INSTANT,
    value: {
      type: 'matrix',
      series: [
        {
          labels: Labels.from({ __proto__x: 'y', a: '2' }),
          timestamps: Float64Array.of(1500, 2500),
          values: Float64Array.of(1, 0),
          histograms: [undefined, EXPONENTIAL],
        },
        {
          labels: Labels.from({ a: '1' }),
          timestamps: Float64Array.of(1000),
          values: Float64Array.of(3),
        },
      ],
    },
  },
];

for (const { name, kind, grid, value } of CASES) {
  t.test(`${name}: the view of a value is the view of its JSON`, async (t) => {
    const blocks = [...encodeValue(value, { kind, grid, limit: undefined }, new Annotations(), SUCCESS)];
    const { warnings, infos, ...read } = readAnswer(`${Buffer.concat(blocks).toString()}}}`);
    t.strictSame([warnings, infos], [[], []]);
    const { resultType, series } = answerOf(value, { kind, grid });
    // JSON.parse keeps labels on an object without a prototype.
    t.same({ resultType, series }, read);
    t.ok(series.length > 0 && series.every(({ points }) => points.length > 0));
  });
}
