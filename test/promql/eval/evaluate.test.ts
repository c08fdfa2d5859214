import t from 'tap';

import {
  Annotations,
  instantGrid,
  Labels,
  PromfedError,
  rangeGrid,
  type Column,
  type RawSeries,
  type Vector,
} from '../../../src/model/index.js';
import { createMemorySource, evaluate, type EvalContext } from '../../../src/promql/eval/index.js';
import type { VectorMatching } from '../../../src/promql/language/index.js';
import type { PlanNode } from '../../../src/promql/plan/index.js';
import { SampleBudget } from '../../../src/runtime/index.js';
import { createEvalContext, planRaw } from '../../helpers/promql/evaluation.js';
import { tryUnsupported } from '../../../src/promql/eval/unsupported.js';

const position = { start: 0, end: 0 };
const GRID = rangeGrid(0, 60_000, 30_000);

function fetchNode(key: string): PlanNode {
  return {
    kind: 'fetch',
    fetch: { key, type: 'vector', parts: [] },
    excluded: [],
    position,
  };
}

function column(labels: Record<string, string>, values: readonly (number | undefined)[]): Column {
  return {
    labels: Labels.from(labels),
    values: Float64Array.from(values, (value) => value ?? 0),
    present: Uint8Array.from(values, (value) => (value === undefined ? 0 : 1)),
  };
}

function contextOf(changes: Partial<EvalContext> = {}): EvalContext {
  return createEvalContext(GRID, changes);
}

function planOf(query: string): PlanNode {
  return planRaw(query, GRID);
}

const oneToOne: VectorMatching = {
  card: 'one-to-one',
  labels: [],
  on: false,
  include: [],
  fill: { lhs: undefined, rhs: undefined },
};

/** Creates counters with a sample every 15 s from 0 to `untilMs`, inclusive. */
function counters(count: number, untilMs: number): RawSeries[] {
  const size = untilMs / 15_000 + 1;
  return Array.from({ length: count }, (_, id) => ({
    labels: Labels.from({ __name__: 'x_total', id: String(id) }),
    timestamps: Float64Array.from({ length: size }, (_unused, i) => i * 15_000),
    values: Float64Array.from({ length: size }, (_unused, i) => i * (id + 1)),
  }));
}

t.test('all fetches and selections of a plan are started before any is awaited', async (t) => {
  const started: string[] = [];
  const never = new Promise<never>(() => undefined);
  const call = (func: string, ...args: PlanNode[]): PlanNode => ({ kind: 'call', func, args, position });
  const binary = (lhs: PlanNode, rhs: PlanNode): PlanNode => ({
    kind: 'binary',
    op: '+',
    lhs,
    rhs,
    returnBool: false,
    matching: oneToOne,
    position,
  });
  const top: PlanNode = {
    kind: 'aggregate',
    op: 'topk',
    param: call('scalar', fetchNode('k')),
    input: fetchNode('input'),
    grouping: [],
    without: false,
    position,
  };
  const plan = binary(
    binary(fetchNode('a'), call('abs', fetchNode('b'))),
    binary(top, planOf('rate(x[5m])')),
  );
  const pending = evaluate(
    plan,
    contextOf({
      fetched: ({ key }) => {
        started.push(key);
        return never;
      },
      samples: {
        select: () => {
          started.push('select');
          return never;
        },
      },
    }),
  );
  pending.catch(() => undefined);
  await new Promise((resolve) => setImmediate(resolve));
  t.same(started, ['a', 'b', 'k', 'input', 'select']);
});

t.test('fetched columns are never changed', async (t) => {
  const columns: Vector = [
    column({ __name__: 'm', l: 'a' }, [1, undefined, 3]),
    column({ l: 'b' }, [4, 5, 6]),
  ];
  const before = structuredClone(columns.map(({ values, present }) => ({ values, present })));
  const fetched = (): Promise<Vector> => Promise.resolve(columns);
  const m = fetchNode('m');
  const vectorOps: PlanNode[] = [
    { kind: 'negate', input: m, position },
    { kind: 'call', func: 'abs', args: [m], position },
    { kind: 'call', func: 'clamp_min', args: [m, { kind: 'number', value: 2, position }], position },
    { kind: 'aggregate', op: 'sum', input: m, param: undefined, grouping: ['l'], without: false, position },
    ...(['+', '>', 'and', 'or', 'unless'] as const).map((op): PlanNode => ({
      kind: 'binary',
      op,
      lhs: m,
      rhs: m,
      returnBool: false,
      matching: { ...oneToOne, card: op.length > 1 ? 'many-to-many' : 'one-to-one' },
      position,
    })),
    {
      kind: 'call',
      func: 'label_replace',
      args: [m, ...['l', 'same', '', ''].map((value): PlanNode => ({ kind: 'string', value, position }))],
      position,
    },
  ];
  for (const plan of vectorOps) {
    // The last operation fails.
    await evaluate(plan, contextOf({ fetched })).catch(() => undefined);
    t.same(
      columns.map(({ values, present }) => ({ values, present })),
      before,
    );
  }
});

t.test('an unsupported construct is named before anything is fetched', async (t) => {
  const unknown: PlanNode = { kind: 'call', func: 'unknown_function', args: [fetchNode('x')], position };
  const construct = 'unknown_function()';
  t.equal(tryUnsupported({ kind: 'negate', input: unknown, position }), construct);
  const fetched = (): never => t.fail('unexpected fetch') as never;
  await t.rejects(evaluate(unknown, contextOf({ fetched })), {
    code: 'unsupported',
    message: `${construct} is not supported by promfed`,
  });
  t.equal(tryUnsupported(planOf('histogram_quantile(0.9, sum by (le) (rate(x[5m])))')), undefined);
});

t.test('a query beyond the sample limit fails before the samples are allocated', async (t) => {
  const grid = rangeGrid(0, 1_000_000, 1000);
  const series = counters(50, 1_000_000);
  const limited = (text: string, maxSamples: number): Promise<unknown> =>
    evaluate(
      planOf(text),
      contextOf({ grid, samples: createMemorySource(series), budget: new SampleBudget({ maxSamples }) }),
    );
  await t.rejects(limited('x_total', 10_000), {
    code: 'limit',
    message: /^query processing would load too many samples into memory in query execution/,
  });
  await t.resolves(limited('x_total', 60_000));
  // About 10^12 steps, for which no array is allocated.
  await t.rejects(limited('sum_over_time(vector(1)[30y:1ms])', 50_000_000), { code: 'limit' });
  await t.rejects(limited('count_values("v", x_total)', 60_000), { code: 'limit' });
  await t.rejects(
    limited(`label_replace(x_total, "x", "${'$0'.repeat(1_000_000)}", "__name__", ".*")`, 1_000_000),
    {
      code: 'limit',
    },
  );
});

t.test('after an evaluation the budget holds exactly the samples of the result', async (t) => {
  const queries = [
    'x_total',
    '-x_total',
    'rate(x_total[5m])',
    'sum by (id) (rate(x_total[5m]))',
    'avg(x_total)',
    'stddev(x_total)',
    'topk(2, x_total)',
    'topk(0, x_total)',
    'quantile(0.5, x_total)',
    'count_values("v", x_total)',
    'x_total + 1 > 3',
    'x_total > 1e9',
    'x_total + x_total offset 30s',
    'x_total * on () group_left sum(x_total)',
    'x_total and x_total',
    'x_total or y',
    'x_total unless on () x_total',
    'scalar(x_total) + time()',
    'vector(1)',
    'absent(x_total)',
    'absent(y)',
    'absent_over_time(x_total[5m])',
    'timestamp(x_total)',
    'clamp(x_total, 3, 1)',
    'hour()',
    'histogram_quantile(0.5, label_replace(x_total, "le", "$1", "id", "(.)"))',
    'max_over_time(rate(x_total[1m])[5m:30s])',
    'quantile_over_time(scalar(x_total), x_total[1m])',
    'label_join(x_total, "a", "b", "id")',
    'sort(x_total)',
  ];
  const maxSamples = 1_000_000;
  for (const text of queries) {
    const budget = new SampleBudget({ maxSamples });
    const value = await evaluate(
      planOf(text),
      contextOf({ samples: createMemorySource(counters(5, 600_000)), budget }),
    );
    const size =
      value.type === 'vector'
        ? value.columns.length * GRID.count
        : value.type === 'scalar'
          ? value.values.length
          : NaN;
    t.doesNotThrow(() => {
      budget.reserve(maxSamples - size);
    }, `${text} holds no more than its result`);
    t.throws(() => {
      budget.reserve(1);
    }, `${text} holds its result`);
  }
});

t.test('the reason of an abort is the error of the evaluation', async (t) => {
  const reason = new PromfedError('timeout', 'query timed out in expression evaluation');
  await t.rejects(evaluate(planOf('1'), contextOf({ signal: AbortSignal.abort(reason) })), reason);
  await t.rejects(evaluate(planOf('1'), contextOf({ signal: AbortSignal.abort() })), { code: 'canceled' });
});

t.test(
  'a range selector at the root of an instant query returns raw samples without stale markers',
  async (t) => {
    const series: RawSeries[] = [
      {
        labels: Labels.from({ __name__: 'x', l: 'b' }),
        timestamps: Float64Array.of(10_000, 20_000, 30_000),
        values: Float64Array.of(1, NaN, 3),
        stale: Uint8Array.of(0, 1, 0),
      },
      {
        labels: Labels.from({ __name__: 'x', l: 'a' }),
        timestamps: Float64Array.of(5000),
        values: Float64Array.of(7),
      },
      {
        labels: Labels.from({ __name__: 'x', l: 'c' }),
        timestamps: Float64Array.of(1000),
        values: Float64Array.of(7),
      },
    ];
    const context = contextOf({ grid: instantGrid(31_000), samples: createMemorySource(series) });
    const value = await evaluate(planOf('x[30s]'), context);
    t.same(value, {
      type: 'matrix',
      series: [
        {
          labels: Labels.from({ __name__: 'x', l: 'a' }),
          timestamps: Float64Array.of(5000),
          values: Float64Array.of(7),
        },
        {
          labels: Labels.from({ __name__: 'x', l: 'b' }),
          timestamps: Float64Array.of(10_000, 30_000),
          values: Float64Array.of(1, 3),
        },
      ],
    });
    t.match(
      await evaluate(
        planOf('x[30s:10s]'),
        contextOf({ grid: instantGrid(31_000), samples: createMemorySource(series) }),
      ),
      {
        type: 'matrix',
        series: [{ timestamps: Float64Array.of(10_000, 20_000, 30_000) }, {}, {}],
      },
    );
  },
);

t.test('a plan with 50,000 levels is evaluated', async (t) => {
  let plan: PlanNode = { kind: 'number', value: 1, position };
  for (let i = 0; i < 50_001; i++) plan = { kind: 'negate', input: plan, position };
  const value = await evaluate(plan, contextOf({ grid: instantGrid(0) }));
  t.same(value, { type: 'scalar', values: Float64Array.of(-1) });
});

t.test('annotations contain the position if the text of the query is known', async (t) => {
  const text = 'sum(\n  rate(x[5m]))';
  const samples = createMemorySource([
    { ...counters(1, 60_000)[0]!, labels: Labels.from({ __name__: 'x' }) },
  ]);
  const known = new Annotations();
  await evaluate(planOf(text), contextOf({ samples, annotations: known, queryText: text }));
  t.same(known.infos, [
    'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "x" (2:8)',
  ]);
  const unknown = new Annotations();
  await evaluate(planOf(text), contextOf({ samples, annotations: unknown }));
  t.same(unknown.infos, [
    'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "x"',
  ]);
});
