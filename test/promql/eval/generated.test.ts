// Random expressions on random data: each has a value or fails with an error for users.
//
// `PROMFED_RUNS=20000 npm test -- test/promql/eval/generated` runs for longer, `PROMFED_SEED` repeats a run.

import { deepStrictEqual } from 'node:assert/strict';

import fc from 'fast-check';
import t from 'tap';

import {
  Annotations,
  createHistogram,
  CUSTOM_BUCKETS,
  instantGrid,
  Labels,
  PromfedError,
  type Grid,
  type Histogram,
  type RawSeries,
} from '../../../src/model/index.js';
import { SIGNATURES } from '../../../src/promql/functions/index.js';
import { parseExpr, typeOf, walk, type Expr } from '../../../src/promql/language/index.js';
import { comparable } from '../../helpers/promql/comparable.js';
import { arbitraryExpr } from '../../helpers/promql/expressions.js';
import { evaluateText } from '../../helpers/promqltest/run-script.js';
import { randomRuns, randomSeed } from '../../helpers/random-runs.js';
import { ALL_FEATURES } from '../../helpers/promql/all-features.js';
import { AGGREGATE_PARAMETERS } from '../../../src/promql/language/operators.js';
import { denseBuckets } from '../../helpers/series/dense-buckets.js';
import { printExpr } from '../../../src/promql/language/index.js';

const numRuns = randomRuns(400);
const seed = randomSeed();
const parameters = { numRuns, seed, verbose: 0 } as const;

const MINUTE_MS = 60_000;
const LAST_MS = 10 * MINUTE_MS;
const METRICS = ['x', 'y', 'h_bucket', 'target_info', 'sparse'];
const LABELS = ['job', 'le', 'quantile', 'a'];
const VALUES = ['', '1', '2.5', '+Inf', 'b'];

/** Codes of errors that are caused by the query, its data or its limits. */
const USER_ERRORS: ReadonlySet<string> = new Set(['bad_data', 'execution', 'limit', 'unsupported']);

const float = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: -5, max: 100 }) },
  fc.double(),
  fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 5e-324, Number.MAX_VALUE, 1e-300),
);

const counts = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 5 });
const buckets = fc
  .tuple(fc.integer({ min: -40, max: 40 }), counts)
  .map(([offset, list]) => denseBuckets(offset, list));
const hint = fc.constantFrom('unknown' as const, 'reset' as const, 'not_reset' as const, 'gauge' as const);
const exponential = fc
  .tuple(fc.integer({ min: -4, max: 8 }), buckets, buckets, float, hint, fc.constantFrom(0, 1e-128, 0.5))
  .map(([schema, positive, negative, sum, hint, zeroThreshold]) =>
    counted({ schema, positive, negative, sum, hint, zeroThreshold, zeroCount: zeroThreshold === 0 ? 0 : 2 }),
  );
const custom = fc
  .tuple(fc.uniqueArray(fc.integer({ min: -3, max: 9 }), { maxLength: 4 }), counts, float, hint)
  .map(([bounds, list, sum, hint]) =>
    counted({
      schema: CUSTOM_BUCKETS,
      customValues: bounds.sort((a, b) => a - b),
      positive: denseBuckets(0, list.slice(0, bounds.length + 1)),
      sum,
      hint,
    }),
  );

function counted(parts: Partial<Histogram>): Histogram {
  const histogram = createHistogram(parts);
  const all = [...histogram.positive.counts, ...histogram.negative.counts];
  return { ...histogram, count: all.reduce((sum, count) => sum + count, histogram.zeroCount) };
}

type Sample = number | Histogram | 'stale' | undefined;

function seriesOf(sample: fc.Arbitrary<Sample>): fc.Arbitrary<RawSeries> {
  return fc
    .tuple(
      fc.constantFrom(...METRICS),
      fc.dictionary(fc.constantFrom(...LABELS), fc.constantFrom(...VALUES), { maxKeys: 3 }),
      fc.array(sample, { minLength: 1, maxLength: 21 }),
    )
    .map(([name, labels, samples]) => rawSeries(Labels.from({ ...labels, __name__: name }), samples));
}

/** Creates a series with a sample every 30 s from 0 on, without those that are undefined. */
function rawSeries(labels: Labels, samples: readonly Sample[]): RawSeries {
  const present = samples.flatMap((sample, i) =>
    sample === undefined ? [] : [{ sample, timeMs: i * 30_000 }],
  );
  const isHistogram = present.some(({ sample }) => typeof sample === 'object');
  return {
    labels,
    timestamps: Float64Array.from(present, ({ timeMs }) => timeMs),
    values: Float64Array.from(present, ({ sample }) => (typeof sample === 'number' ? sample : NaN)),
    stale: Uint8Array.from(present, ({ sample }) => (sample === 'stale' ? 1 : 0)),
    ...(isHistogram
      ? { histograms: present.map(({ sample }) => (typeof sample === 'object' ? sample : undefined)) }
      : {}),
  };
}

const gap = fc.constantFrom<Sample>('stale', undefined);
const floats = seriesOf(fc.oneof({ weight: 8, arbitrary: float }, gap));
const histograms = seriesOf(
  fc.oneof({ weight: 4, arbitrary: exponential }, { weight: 2, arbitrary: custom }, gap),
);
const mixed = seriesOf(fc.oneof(float, exponential, custom, gap));
const data = fc.uniqueArray(fc.oneof({ weight: 3, arbitrary: floats }, histograms, mixed), {
  minLength: 3,
  maxLength: 12,
  selector: ({ labels }) => labels.key,
});

const names = { metrics: METRICS, labels: LABELS, values: VALUES, depth: 5 };
/** Mostly expressions with data. The others contain duration expressions, distant times and rare constructs. */
const expression = fc.oneof(
  { weight: 6, arbitrary: arbitraryExpr({ ...names, maxMs: LAST_MS, plain: true }, 'vector') },
  { weight: 1, arbitrary: arbitraryExpr({ ...names, maxMs: LAST_MS }) },
  { weight: 1, arbitrary: arbitraryExpr(names) },
);

async function problemOf(
  expr: Expr,
  grid: Grid,
  series: readonly RawSeries[],
  delayed: boolean,
): Promise<string | undefined> {
  try {
    await evaluateText(printExpr(expr), grid, series, new Annotations(), {
      maxSamples: 200_000,
      delayedNameRemoval: delayed,
    });
    return undefined;
  } catch (error) {
    if (error instanceof PromfedError && USER_ERRORS.has(error.code)) return undefined;
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

t.test(`a random expression has a value or an error for users (seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(expression, data, fc.boolean(), async (expr, series, delayed) => {
      const instant = await problemOf(expr, instantGrid(LAST_MS), series, delayed);
      if (instant !== undefined) throw new Error(`instant: ${printExpr(expr)}\n${instant}`);
      const type = typeOf(expr);
      if (type !== 'scalar' && type !== 'vector') return;
      const grid = { startMs: -MINUTE_MS, stepMs: MINUTE_MS, count: 13 };
      const range = await problemOf(expr, grid, series, delayed);
      if (range !== undefined) throw new Error(`range: ${printExpr(expr)}\n${range}`);
    }),
    parameters,
  );
});

t.test(`a printed random expression is parsed back as the same expression (seed ${seed})`, async () => {
  fc.assert(
    fc.property(expression, (expr) => {
      const again = parseExpr(printExpr(expr), { features: ALL_FEATURES });
      const parentheses = false;
      deepStrictEqual(comparable(again, { parentheses }), comparable(expr, { parentheses }));
    }),
    parameters,
  );
});

t.test('random expressions contain every function, aggregation, operator and modifier', async (t) => {
  const constructs = new Set<string>();
  for (const expr of fc.sample(arbitraryExpr({ depth: 5 }), { numRuns: 4000, seed: 1 })) {
    walk(expr, (node) => {
      constructs.add(node.kind);
      if (node.kind === 'call') constructs.add(node.func);
      if (node.kind === 'aggregate') constructs.add(`${node.op} ${node.without ? 'without' : 'by'}`);
      if (node.kind === 'unary') constructs.add(`sign ${node.op}`);
      if (node.kind === 'binary') {
        constructs.add(node.op);
        if (node.returnBool) constructs.add('bool');
        if (node.matching !== undefined) constructs.add(node.matching.card);
        if (node.matching?.on === true) constructs.add('on');
        if (node.matching?.fill.lhs !== undefined) constructs.add('fill');
      }
      if (node.kind === 'vectorSelector' && node.extension !== undefined) constructs.add(node.extension);
      if (node.kind === 'vectorSelector' || node.kind === 'subquery') {
        if (node.at !== undefined) constructs.add(`@ ${node.at.kind}`);
        if (node.offset !== undefined) constructs.add(`offset ${node.offset.kind}`);
      }
    });
  }
  const expected = [
    ...SIGNATURES.keys(),
    ...Object.keys(AGGREGATE_PARAMETERS).flatMap((op) => [`${op} by`, `${op} without`]),
    ...'number string vectorSelector matrixSelector subquery aggregate call binary unary paren'.split(' '),
    ...'+ - * / % ^ atan2 == != < <= > >= </ >/ and or unless'.split(' '),
    ...'one-to-one many-to-one one-to-many many-to-many on bool fill anchored smoothed'.split(' '),
    ...['sign +', 'sign -', '@ start', '@ end', '@ timestamp'],
    ...['durationLiteral', 'durationCall', 'durationParen', 'durationUnary'].map((kind) => `offset ${kind}`),
  ];
  t.strictSame(
    expected.filter((name) => !constructs.has(name)),
    [],
  );
});
