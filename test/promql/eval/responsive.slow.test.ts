// Evaluations let the event loop run, and end when nobody waits for them any more: every kind of operator.

import t from 'tap';

import {
  Annotations,
  createHistogram,
  denseBuckets,
  Labels,
  type Grid,
  type RawSeries,
  type Value,
} from '../../../src/model/index.js';
import { createMemorySource, evaluate } from '../../../src/promql/eval/index.js';
import { ALL_FEATURES, parseExpr } from '../../../src/promql/language/index.js';
import { planLocally } from '../../../src/promql/plan/index.js';
import { SampleBudget } from '../../../src/runtime/index.js';

const SERIES = 40;
/** Series of histograms, each of which costs more. */
const FEW = 5;
const INTERVAL_MS = 15_000;
const SAMPLES = 1200;
const RANGE: Grid = { startMs: 9_000_000, stepMs: INTERVAL_MS, count: 500 };
const INSTANT: Grid = { startMs: 9_000_000, stepMs: 1, count: 1 };

const TIMES = Float64Array.from({ length: SAMPLES }, (_, i) => i * INTERVAL_MS);
const HISTOGRAMS = Array.from({ length: SAMPLES }, (_, i) =>
  createHistogram({ schema: 0, count: i, sum: i, positive: denseBuckets(0, [i / 2, i / 2]) }),
);

function series(name: string, labels: Record<string, string>, id: number): RawSeries {
  return {
    labels: Labels.from({ __name__: name, id: String(id), job: 'j', instance: String(id), ...labels }),
    timestamps: TIMES,
    values: TIMES.map((timeMs) => timeMs / 7 + id),
    startTimestamps: TIMES,
  };
}

const DATA: RawSeries[] = [series('one', {}, 0)];
for (let id = 0; id < SERIES; id++) {
  DATA.push(series('x', {}, id), series('y', {}, id), series('target_info', { version: '1' }, id));
  for (const le of ['1', '2', '+Inf']) DATA.push(series('b_bucket', { le }, id));
  if (id < FEW) DATA.push({ ...series('h', {}, id), histograms: HISTOGRAMS });
}
/** More series than are sorted at once, given in the wrong order. */
const MANY = Array.from({ length: 20_000 }, (_, i) => ({
  ...series('many', { id: String(20_000 - i) }, i),
  timestamps: Float64Array.of(RANGE.startMs),
  values: Float64Array.of((i * 7919) % 20_011),
  startTimestamps: Float64Array.of(0),
}));

async function run(text: string, grid: Grid, signal = new AbortController().signal): Promise<Value> {
  const endMs = grid.startMs + (grid.count - 1) * grid.stepMs;
  const times = { startMs: grid.startMs, endMs, stepMs: grid.stepMs, defaultStepMs: 60_000 };
  return evaluate(planLocally(parseExpr(text, { features: ALL_FEATURES }), times), {
    grid,
    fetched: () => Promise.reject(new Error('nothing to fetch')),
    samples: createMemorySource(grid === INSTANT ? MANY : DATA),
    lookbackDeltaMs: 300_000,
    defaultStepMs: 60_000,
    budget: new SampleBudget({ maxSamples: 1e9 }),
    annotations: new Annotations(),
    signal,
  });
}

/** Counts the turns of the event loop while `work` runs. `onTurn` is told of each. */
async function turnsOf(
  work: () => Promise<unknown>,
  onTurn: (turn: number) => void = () => undefined,
): Promise<number> {
  let turns = 0;
  let runs = true;
  const tick = (): void => {
    if (!runs) return;
    onTurn(++turns);
    setImmediate(tick);
  };
  setImmediate(tick);
  try {
    await work();
  } finally {
    runs = false;
  }
  return turns;
}

/** With a clock on which every look finds that the slice is over: what counts is where operators look, not their speed. */
async function onEagerClock<T>(work: () => Promise<T>): Promise<T> {
  let nowMs = performance.now();
  Object.defineProperty(performance, 'now', { value: () => (nowMs += 1000), configurable: true });
  try {
    return await work();
  } finally {
    Reflect.deleteProperty(performance, 'now');
  }
}

/** Each operator, what it is given, and how often it must look at the clock on its own, at the least. */
const OPERATORS: readonly {
  readonly text: string;
  readonly of?: string;
  readonly least?: number;
  readonly grid?: Grid;
}[] = [
  { text: 'x' },
  { text: 'x smoothed' },
  { text: 'timestamp(x)' },
  { text: 'start_timestamp(x)' },
  { text: 'timestamp(x + 0)', of: 'x + 0' },
  ...[
    ...['rate', 'irate', 'delta', 'changes', 'resets', 'deriv', 'sum_over_time', 'avg_over_time'],
    ...['min_over_time', 'count_over_time', 'stddev_over_time', 'mad_over_time', 'absent_over_time'],
    ...['last_over_time', 'ts_of_max_over_time', 'present_over_time'],
  ].map((func) => ({ text: `${func}(x[30m])` })),
  { text: 'quantile_over_time(0.5, x[30m])' },
  { text: 'predict_linear(x[30m], 60)' },
  { text: 'double_exponential_smoothing(x[30m], 0.5, 0.5)' },
  { text: 'increase(x[30m] anchored)' },
  // Within one series, too, where windows are scanned.
  { text: 'stddev_over_time(one[2h])', least: 10 },
  { text: 'mad_over_time(one[2h])', least: 10 },
  { text: 'rate(h[2m])', least: 5 * FEW },
  { text: 'sum_over_time(h[2m])', least: 5 * FEW },
  { text: 'resets(h[2m])', least: 5 * FEW },
  { text: 'max_over_time(x[30m:1m])', of: 'x', least: 2 * SERIES },
  ...['sum', 'avg', 'count', 'min', 'group', 'stddev', 'sum by (id)', 'max without (id)'].map((op) => ({
    text: `${op} (x)`,
    of: 'x',
  })),
  { text: 'sum(h)', of: 'h', least: RANGE.count },
  { text: 'quantile(0.5, x)', of: 'x' },
  { text: 'topk(3, x)', of: 'x', least: RANGE.count },
  { text: 'bottomk by (id) (1, x)', of: 'x', least: RANGE.count },
  { text: 'limitk(3, x)', of: 'x' },
  { text: 'limit_ratio(0.5, x)', of: 'x' },
  { text: 'count_values("v", x)', of: 'x' },
  ...['x + on (id) y', 'x > on (id) y', 'x * on (id) group_left () y', 'x + on (id) fill(0) y'].map(
    (text) => ({
      text,
      of: 'x',
    }),
  ),
  { text: 'x and on (id) y', of: 'x' },
  { text: 'x or y', of: 'x' },
  { text: 'x unless on () y', of: 'x' },
  { text: 'h + on (id) h', of: 'h', least: FEW },
  ...[
    'x * 2',
    '2 < x',
    'x == bool 1',
    '-x',
    'abs(x)',
    'clamp(x, 0, 1)',
    'hour(x)',
    'absent(x)',
    'scalar(x)',
  ].map((text) => ({ text, of: 'x' })),
  { text: 'h * 2', of: 'h', least: FEW },
  { text: 'label_replace(x, "a", "$1", "id", "(.*)")', of: 'x' },
  { text: 'label_join(x, "a", "-", "id", "job")', of: 'x' },
  { text: 'histogram_quantile(0.9, b_bucket)', of: 'b_bucket', least: 3 * SERIES },
  { text: 'histogram_quantile(0.9, h)', of: 'h', least: FEW },
  { text: 'histogram_quantiles(b_bucket, "q", 0.5, 0.9)', of: 'b_bucket', least: 6 * SERIES },
  { text: 'histogram_fraction(0, 1, h)', of: 'h', least: FEW },
  { text: 'histogram_count(h)', of: 'h', least: FEW },
  { text: 'info(x)', of: 'x', least: 3 * SERIES },
  { text: 'sort(many)', of: 'many', least: 5, grid: INSTANT },
  { text: 'sort_by_label(many, "id")', of: 'many', least: 5, grid: INSTANT },
  { text: 'x[5m] smoothed', of: 'x[5m]', grid: { ...RANGE, count: 1 } },
];

for (const { text, of = '1', least = SERIES - 2, grid = RANGE } of OPERATORS) {
  t.test(`${text} lets the event loop run, and ends when it is aborted in its midst`, async (t) => {
    const count = (expr: string): Promise<number> => onEagerClock(() => turnsOf(() => run(expr, grid)));
    const [before, whole] = [await count(of), await count(text)];
    const own = whole - before;
    t.ok(own >= least, `${own} turns of its own, of which there must be ${least}`);
    const controller = new AbortController();
    const abortAt = before + Math.floor(own / 2);
    const turns = await onEagerClock(() =>
      turnsOf(
        () => t.rejects(run(text, grid, controller.signal), { code: 'canceled' }),
        (turn) => {
          if (turn === abortAt) controller.abort();
        },
      ),
    );
    t.ok(turns <= abortAt + 3, `aborted at turn ${abortAt}, it ends at turn ${turns}`);
  });
}

t.test('a timer fires during a long evaluation, by the real clock', async (t) => {
  const controller = new AbortController();
  let fired = 0;
  const timer = setInterval(() => {
    // An evaluation that let nothing run would be over before the first time.
    if (++fired === 3) controller.abort();
  }, 1);
  const long = Array.from({ length: 50 }, () => 'sum(mad_over_time(x[2h]))').join(' + ');
  await t.rejects(run(long, { ...RANGE, count: 700 }, controller.signal), { code: 'canceled' });
  clearInterval(timer);
  t.equal(fired, 3);
});
