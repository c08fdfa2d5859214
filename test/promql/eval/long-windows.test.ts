// Windows of a million samples: the event loop runs in between, and copies are reserved.

import t from 'tap';

import { instantGrid, Labels, type Value } from '../../../src/model/index.js';
import { createMemorySource, evaluate } from '../../../src/promql/eval/index.js';
import { SampleBudget } from '../../../src/runtime/index.js';
import { createEvalContext, planRaw } from '../../helpers/promql/evaluation.js';
import { onEagerClock, turnsOf } from '../../helpers/runtime/event-loop-turns.js';

const SIZE = 1_000_000;
const GRID = instantGrid(SIZE);
const SERIES = [
  {
    labels: Labels.from({ __name__: 'long' }),
    timestamps: Float64Array.from({ length: SIZE }, (_, i) => i + 1),
    values: Float64Array.from({ length: SIZE }, (_, i) => (i * 7919) % 1_000_003),
  },
];

function run(query: string, budget = new SampleBudget({ maxSamples: 1e9 })): Promise<Value> {
  return evaluate(
    planRaw(query, GRID),
    createEvalContext(GRID, { samples: createMemorySource(SERIES), budget }),
  );
}

function valueOf(value: Value): number | undefined {
  return value.type === 'vector' ? value.columns[0]?.values[0] : undefined;
}

const SORTED = SERIES[0]!.values.slice().sort();
const QUERIES: readonly (readonly [query: string, expected: number])[] = [
  ['quantile_over_time(0.25, long[1h])', SORTED[249_999]! * 0.25 + SORTED[250_000]! * 0.75],
  ['mad_over_time(long[1h])', 250_000],
];

for (const [query, expected] of QUERIES) {
  t.test(`${query} yields while it sorts one window`, async (t) => {
    let value: Value | undefined;
    const turns = await onEagerClock(() =>
      turnsOf(async () => {
        value = await run(query);
      }),
    );
    t.ok(turns >= 15, `${turns} turns`);
    t.ok(Math.abs(valueOf(value!)! - expected) < 10, `${valueOf(value!)} is about ${expected}`);
  });
}

t.test('operators yield within a column of a million steps', async (t) => {
  const turnsOfQuery = (expr: string): Promise<number> =>
    onEagerClock(() => turnsOf(() => run(`max_over_time((${expr})[1000s:1ms])`)));
  const before = await turnsOfQuery('vector(1)');
  t.ok(before >= 15, `${before} turns for the points of a subquery`);
  const operations = [
    'vector(1) % 7',
    'sin(vector(1))',
    '-vector(1)',
    'vector(scalar(vector(1)))',
    'vector(-time())',
    'timestamp(vector(1))',
    'absent(absent(vector(1)))',
    'count_values("v", vector(1))',
    'sum(vector(1))',
    'avg(vector(1))',
    'max(vector(1))',
    'stddev(vector(1))',
    'topk(1, vector(1))',
    'limit_ratio(1, vector(1))',
    'vector(1) and vector(2)',
    'vector(1) or vector(2)',
    'vector(1) + vector(2)',
    'last_over_time(long[1ms])',
    'histogram_quantile(time(), label_replace(vector(1), "le", "+Inf", "", ""))',
    'histogram_quantiles(label_replace(vector(1), "le", "+Inf", "", ""), "q", 0.5)',
    'info(label_replace(vector(1), "job", "a", "", ""))',
  ];
  for (const expr of operations) {
    const own = (await turnsOfQuery(expr)) - before;
    t.ok(own >= 15, `${own} turns for ${expr}`);
  }
});

t.test('the copy of a window that is sorted is reserved, and returned', async (t) => {
  let held = 0;
  let peak = 0;
  const memory = {
    reserve: (use: string, bytes: number) => {
      if (use === 'sorting') peak = Math.max(peak, (held += bytes));
    },
    release: (use: string, bytes: number) => {
      if (use === 'sorting') held -= bytes;
    },
  };
  await run('quantile_over_time(0.5, long[1h])', new SampleBudget({ maxSamples: 1e9 }, memory));
  t.ok(peak >= 8 * SIZE, `${peak} bytes at the peak`);
  t.equal(held, 0);
});
