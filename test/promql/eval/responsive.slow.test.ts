// Every kind of operator yields to the event loop and ends when the evaluation is aborted.

import t from 'tap';

import { createHistogram, Labels, type Grid, type RawSeries, type Value } from '../../../src/model/index.js';
import { createMemorySource, evaluate } from '../../../src/promql/eval/index.js';
import { createEvalContext, planRaw } from '../../helpers/promql/evaluation.js';
import { denseBuckets } from '../../helpers/series/dense-buckets.js';
import { onEagerClock, turnsOf } from '../../helpers/runtime/event-loop-turns.js';

const SERIES = 40;
/** Number of series with histograms, which cost more. */
const HISTOGRAM_SERIES = 5;
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
  for (const vmrange of ['1...2', '2...3', '3...4']) DATA.push(series('v_bucket', { vmrange }, id));
  if (id < HISTOGRAM_SERIES) DATA.push({ ...series('h', {}, id), histograms: HISTOGRAMS });
}
/** More series than are sorted between two pauses, in reverse order. */
const MANY = Array.from({ length: 20_000 }, (_, i) => ({
  ...series('many', { id: String(20_000 - i) }, i),
  timestamps: Float64Array.of(RANGE.startMs),
  values: Float64Array.of((i * 7919) % 20_011),
  startTimestamps: Float64Array.of(0),
}));

async function run(query: string, grid: Grid, signal = new AbortController().signal): Promise<Value> {
  const samples = createMemorySource(grid === INSTANT ? MANY : DATA);
  return evaluate(planRaw(query, grid), createEvalContext(grid, { samples, signal }));
}

/** Queries with their input, and the minimum number of pauses in addition to those of the input. */
const OPERATORS: readonly {
  readonly text: string;
  readonly input?: string;
  readonly min?: number;
  readonly grid?: Grid;
}[] = [
  { text: 'x' },
  { text: 'x smoothed' },
  { text: 'timestamp(x)' },
  { text: 'start_timestamp(x)' },
  { text: 'timestamp(x + 0)', input: 'x + 0' },
  ...[
    ...['rate', 'irate', 'delta', 'changes', 'resets', 'deriv', 'sum_over_time', 'avg_over_time'],
    ...['min_over_time', 'count_over_time', 'stddev_over_time', 'mad_over_time', 'absent_over_time'],
    ...['last_over_time', 'ts_of_max_over_time', 'present_over_time'],
  ].map((func) => ({ text: `${func}(x[30m])` })),
  { text: 'quantile_over_time(0.5, x[30m])' },
  { text: 'predict_linear(x[30m], 60)' },
  { text: 'double_exponential_smoothing(x[30m], 0.5, 0.5)' },
  { text: 'increase(x[30m] anchored)' },
  // Functions that scan windows pause within a series too.
  { text: 'stddev_over_time(one[2h])', min: 10 },
  { text: 'mad_over_time(one[2h])', min: 10 },
  { text: 'rate(h[2m])', min: 5 * HISTOGRAM_SERIES },
  { text: 'sum_over_time(h[2m])', min: 5 * HISTOGRAM_SERIES },
  { text: 'resets(h[2m])', min: 5 * HISTOGRAM_SERIES },
  { text: 'max_over_time(x[30m:1m])', input: 'x', min: 2 * SERIES },
  ...['sum', 'avg', 'count', 'min', 'group', 'stddev', 'sum by (id)', 'max without (id)'].map((op) => ({
    text: `${op} (x)`,
    input: 'x',
  })),
  { text: 'sum(h)', input: 'h', min: RANGE.count },
  { text: 'quantile(0.5, x)', input: 'x' },
  { text: 'topk(3, x)', input: 'x' },
  { text: 'bottomk by (id) (1, x)', input: 'x' },
  // A step takes up to 40 samples from its heap.
  { text: 'topk(40, x)', input: 'x', min: 2 * SERIES + 8, grid: { ...RANGE, count: 10_000 } },
  { text: 'limitk(3, x)', input: 'x' },
  { text: 'limit_ratio(0.5, x)', input: 'x' },
  { text: 'count_values("v", x)', input: 'x' },
  ...['x + on (id) y', 'x > on (id) y', 'x * on (id) group_left () y', 'x + on (id) fill(0) y'].map(
    (text) => ({
      text,
      input: 'x',
    }),
  ),
  { text: 'x and on (id) y', input: 'x' },
  { text: 'x or y', input: 'x' },
  { text: 'x unless on () y', input: 'x' },
  { text: 'h + on (id) h', input: 'h', min: HISTOGRAM_SERIES },
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
  ].map((text) => ({ text, input: 'x' })),
  { text: 'h * 2', input: 'h', min: HISTOGRAM_SERIES },
  { text: '-h', input: 'h', min: HISTOGRAM_SERIES * RANGE.count },
  { text: 'label_replace(x, "a", "$1", "id", "(.*)")', input: 'x' },
  { text: 'label_join(x, "a", "-", "id", "job")', input: 'x' },
  { text: 'histogram_quantile(0.9, b_bucket)', input: 'b_bucket', min: 3 * SERIES },
  { text: 'histogram_quantile(0.9, h)', input: 'h', min: HISTOGRAM_SERIES },
  { text: 'histogram_quantile(0.9, v_bucket)', input: 'v_bucket', min: 6 * SERIES },
  { text: 'histogram_quantiles(b_bucket, "q", 0.5, 0.9)', input: 'b_bucket', min: 6 * SERIES },
  { text: 'histogram_fraction(0, 1, h)', input: 'h', min: HISTOGRAM_SERIES },
  { text: 'histogram_count(h)', input: 'h', min: HISTOGRAM_SERIES },
  { text: 'info(x)', input: 'x', min: 3 * SERIES },
  { text: 'sort(many)', input: 'many', min: 5, grid: INSTANT },
  { text: 'sort_by_label(many, "id")', input: 'many', min: 5, grid: INSTANT },
  { text: 'x[5m] smoothed', input: 'x[5m]', grid: { ...RANGE, count: 1 } },
];

for (const { text, input = '1', min = SERIES - 2, grid = RANGE } of OPERATORS) {
  t.test(`${text} yields to the event loop and ends when it is aborted`, async (t) => {
    const count = (expr: string): Promise<number> => onEagerClock(() => turnsOf(() => run(expr, grid)));
    const [before, total] = [await count(input), await count(text)];
    const own = total - before;
    t.ok(own >= min, `${own} turns, at least ${min}`);
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
    t.ok(turns <= abortAt + 3, `aborted at turn ${abortAt}, ended at turn ${turns}`);
  });
}

t.test('a timer fires during a long evaluation with the real clock', async (t) => {
  const controller = new AbortController();
  let fired = 0;
  const timer = setInterval(() => {
    // An evaluation that does not yield would end before the timer fires.
    if (++fired === 3) controller.abort();
  }, 1);
  const long = Array.from({ length: 50 }, () => 'sum(mad_over_time(x[2h]))').join(' + ');
  await t.rejects(run(long, { ...RANGE, count: 700 }, controller.signal), { code: 'canceled' });
  clearInterval(timer);
  t.equal(fired, 3);
});
