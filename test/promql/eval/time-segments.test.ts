// A plan in time segments has the same result as the plan without segments.

import assert from 'node:assert/strict';

import fc from 'fast-check';
import t from 'tap';

import { createHistogram, Labels, type Grid, type RawSeries, type Value } from '../../../src/model/index.js';
import { createMemorySource, evaluate, type EvalContext } from '../../../src/promql/eval/index.js';
import type { PlanNode } from '../../../src/promql/plan/index.js';
import { SampleBudget } from '../../../src/runtime/index.js';
import { createEvalContext, planRaw } from '../../helpers/promql/evaluation.js';

const position = { start: 0, end: 0 };
const STEPS = 40;
const GRID: Grid = { startMs: 600_000, stepMs: 30_000, count: STEPS };

/** Creates a counter with a sample every 15 s from `fromMs` to `toMs`, inclusive. */
function counter(labels: Record<string, string>, fromMs: number, toMs: number): RawSeries {
  const size = Math.floor((toMs - fromMs) / 15_000) + 1;
  return {
    labels: Labels.from(labels),
    timestamps: Float64Array.from({ length: size }, (_, i) => fromMs + i * 15_000),
    values: Float64Array.from({ length: size }, (_, i) => i * 3 + fromMs / 1e6),
  };
}

function histograms(labels: Record<string, string>, fromMs: number, toMs: number): RawSeries {
  const series = counter(labels, fromMs, toMs);
  return {
    ...series,
    histograms: [...series.timestamps].map((_, i) => createHistogram({ zeroCount: i, count: i, sum: i })),
  };
}

const series = [
  counter({ __name__: 'x', l: 'a' }, 0, 3_000_000),
  counter({ __name__: 'x', l: 'b' }, 900_000, 1_200_000),
  counter({ __name__: 'x', l: 'c' }, 1_500_000, 3_000_000),
  counter({ __name__: 'y', l: 'a' }, 0, 1_000_000),
  histograms({ __name__: 'h', l: 'a' }, 700_000, 1_700_000),
  counter({ __name__: 'h', l: 'b' }, 0, 3_000_000),
];

const EXPRESSIONS = [
  'x',
  '-x',
  'rate(x[2m])',
  'sum(x) - sum(x offset 5m)',
  'topk(1, x)',
  'limitk(2, x)',
  'absent(x{l="b"})',
  'scalar(sum(x)) + time()',
  '3',
  'vector(time())',
  'x * on (l) y',
  'count_values("v", y)',
  'max_over_time(sum(x)[3m:20s])',
  'x @ start() + x @ end()',
  'sort(x)',
  'sort_by_label(x, "l")',
  'h',
  'h + h',
  'sum by (l) (h)',
  'histogram_count(h)',
];

function contextOf(changes: Partial<EvalContext> = {}): EvalContext {
  return createEvalContext(GRID, { samples: createMemorySource(series), ...changes });
}

function planOf(query: string): PlanNode {
  return planRaw(query, GRID);
}

/** @param cuts the first steps of all segments except the first, ascending. */
function inSegments(text: string, cuts: readonly number[]): PlanNode {
  const firsts = [0, ...cuts];
  const { startMs, stepMs } = GRID;
  const segments = firsts.map((first, i) => {
    const count = (firsts[i + 1] ?? STEPS) - first;
    const grid = { startMs: startMs + first * stepMs, stepMs, count };
    return { kind: 'segment', grid, input: planOf(text), position } as const;
  });
  return { kind: 'segments', segments, position };
}

function printed(value: Value): unknown {
  if (value.type !== 'vector') return value;
  const rows = value.columns.map(({ labels, values, present, histograms }) => ({
    labels: labels.toString(),
    samples: [...present].map((kind, i) =>
      kind === 0 ? '' : kind === 1 ? values[i] : histograms?.[i]?.count,
    ),
  }));
  return { ordered: value.ordered, rows: rows.sort((a, b) => (a.labels < b.labels ? -1 : 1)) };
}

t.test('results and annotations do not depend on the segments', async () => {
  const cuts = fc.uniqueArray(fc.integer({ min: 1, max: STEPS - 1 }), { minLength: 1, maxLength: 6 });
  const property = fc.asyncProperty(
    fc.constantFrom(...EXPRESSIONS),
    cuts,
    fc.boolean(),
    async (text, cuts, delayedNameRemoval) => {
      const unsegmented = contextOf({ delayedNameRemoval });
      const parts = contextOf({ delayedNameRemoval });
      const plan = inSegments(
        text,
        cuts.toSorted((a, b) => a - b),
      );
      assert.deepEqual(
        printed(await evaluate(plan, parts)),
        printed(await evaluate(planOf(text), unsegmented)),
      );
      assert.deepEqual(parts.annotations.warnings, unsegmented.annotations.warnings);
      assert.deepEqual(parts.annotations.infos, unsegmented.annotations.infos);
    },
  );
  await fc.assert(property, { numRuns: 400 });
});

t.test('a segment of one step is not an instant query', async (t) => {
  const context = contextOf();
  t.match(await evaluate(inSegments('sort(x)', [STEPS - 1]), context), { ordered: false });
  t.match(context.annotations.warnings, [/sort is ineffective for range queries/]);
});

t.test('all segments are fetched concurrently, each on its own steps', async (t) => {
  const fetch = (key: string): PlanNode => ({
    kind: 'fetch',
    fetch: { key, type: 'vector', parts: [] },
    excluded: [],
    position,
  });
  const grids: Grid[] = [
    { ...GRID, count: 1 },
    { ...GRID, startMs: GRID.startMs + GRID.stepMs, count: STEPS - 1 },
  ];
  const segments = grids.map((grid) => ({ kind: 'segment', grid, input: fetch('k'), position }) as const);
  const fetchedGrids: Grid[] = [];
  const evaluation = evaluate(
    { kind: 'segments', segments, position },
    contextOf({
      fetched: (_, grid) => {
        fetchedGrids.push(grid);
        return new Promise(() => undefined);
      },
    }),
  );
  evaluation.catch(() => undefined);
  await new Promise((resolve) => setImmediate(resolve));
  t.same(fetchedGrids, grids);
});

t.test('an error of any segment is the error of the query', async (t) => {
  await t.rejects(evaluate(inSegments('x + on () y', [3, 20]), contextOf()), {
    code: 'execution',
    message: /many-to-one matching must be explicit/,
  });
  const budget = new SampleBudget({ maxSamples: 100 });
  await t.rejects(evaluate(inSegments('x', [3, 20]), contextOf({ budget })), { code: 'limit' });
});

t.test('the samples of segments are released', async (t) => {
  const [unsegmented, parts] = [20_000, 20_000].map((maxSamples) => new SampleBudget({ maxSamples })) as [
    SampleBudget,
    SampleBudget,
  ];
  await evaluate(planOf('x'), contextOf({ budget: unsegmented }));
  await evaluate(inSegments('x', [7, 9, 30]), contextOf({ budget: parts }));
  const freeSamples = (budget: SampleBudget): number => {
    for (let free = 0; ; free++) {
      try {
        budget.reserve(1);
      } catch {
        return free;
      }
    }
  };
  t.equal(freeSamples(parts), freeSamples(unsegmented));
});
