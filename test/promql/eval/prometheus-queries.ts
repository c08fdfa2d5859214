// Series and queries on which the evaluator is compared with a real Prometheus.

import type { TestSeries } from '../../helpers/series/series-set.js';

/** Times of the first and the last sample. */
export const START_MS = Date.UTC(2024, 1, 28, 22);
export const END_MS = START_MS + 3 * 3_600_000;

/** Series with irregular timestamps, gaps, stale markers and extreme values. */
export function oddSeries(): TestSeries[] {
  const times = Array.from({ length: 360 }, (_, i) => START_MS + i * 30_000 + ((i * 7919) % 9_000));
  const gappy = times.filter((_, i) => i % 40 < 25);
  const from = (
    name: string,
    labels: Readonly<Record<string, string>>,
    at: readonly number[],
    value: (i: number) => number | 'stale',
  ): TestSeries => ({
    labels: { __name__: name, ...labels },
    timestamps: at,
    values: at.map((_, i) => value(i)),
  });
  return [
    from('gappy', { l: 'a' }, gappy, (i) => Math.sin(i) * 100),
    from('gappy', { l: 'b' }, gappy, (i) => (i % 25 === 24 ? 'stale' : i * i)),
    from('odd', { l: 'nan' }, times, (i) => (i % 11 === 0 ? NaN : i)),
    from('odd', { l: 'inf' }, times, (i) => (i % 50 === 0 ? Infinity : -i)),
    from('odd', { l: 'ninf' }, times, (i) => (i % 70 === 0 ? -Infinity : i / 7)),
    from('odd', { l: 'huge' }, times, (i) => (i % 2 === 0 ? 1.7e308 : 1.6e308)),
    from('odd', { l: 'tiny' }, times, (i) => (i % 3) * 1e-300),
    from('odd', { l: 'zero' }, times, (i) => (i % 2 === 0 ? 0 : -0)),
    from('steps_total', { l: 'a', version: '1' }, times, (i) => Math.floor(i / 10) % 7),
    from('steps_total', { l: 'b', version: '2' }, times, (i) => 1e15 + (i % 90) * 0.1),
    from('info', { l: 'a', colour: 'red' }, times, () => 1),
    from('info', { l: 'b', colour: 'blue' }, times, () => 1),
    from('ratio', { l: 'a' }, times, (i) => i / 360),
    from('broken_bucket', { le: '1' }, times, (i) => i + 5),
    from('broken_bucket', { le: '2' }, times, (i) => i),
    from('broken_bucket', { le: '+Inf' }, times, (i) => 2 * i + 3),
    from('broken_bucket', { le: 'many' }, times, () => 1),
  ];
}

/** The metrics of the public compliance queries. */
export function complianceSeries(): TestSeries[] {
  const times = Array.from({ length: 721 }, (_, i) => START_MS + i * 15_000);
  const series: TestSeries[] = [];
  const add = (labels: Readonly<Record<string, string>>, value: (i: number) => number | 'stale'): void => {
    series.push({
      labels: { job: 'demo', ...labels },
      timestamps: times,
      values: times.map((_, i) => value(i)),
    });
  };
  for (const [n, instance] of ['demo:10000', 'demo:10001', 'demo:10002'].entries()) {
    for (const [m, type] of ['buffers', 'cached', 'free', 'used'].entries()) {
      add(
        { __name__: 'demo_memory_usage_bytes', instance, type },
        (i) => 1e8 * (m + 1) + ((i * 7919 * (n + 1)) % 9973),
      );
    }
    for (const mode of ['idle', 'system', 'user']) {
      add(
        { __name__: 'demo_cpu_usage_seconds_total', instance, mode },
        (i) => (i % (300 + 50 * n)) * (mode.length + 0.125),
      );
    }
    add({ __name__: 'demo_num_cpus', instance }, () => 4);
    add({ __name__: 'demo_disk_usage_bytes', instance, device: 'sda1' }, (i) => 5e10 + i * 12_345 * (n + 1));
    add(
      { __name__: 'demo_batch_last_success_timestamp_seconds', instance },
      (i) => START_MS / 1000 + Math.floor(i / 40) * 600 + n,
    );
    if (n === 0) add({ __name__: 'demo_intermittent_metric', instance }, (i) => (i % 60 < 30 ? 1 : 'stale'));
    for (const [b, le] of ['0.1', '0.5', '1', '+Inf'].entries()) {
      add({ __name__: 'demo_api_request_duration_seconds_bucket', instance, le, path: '/api' }, (i) =>
        Math.floor((i * (b + 1) * 11) / 7),
      );
    }
  }
  return series;
}

/** Queries on the series of this file and of seriesSet. */
export const QUERIES = [
  'http_requests_total',
  'http_requests_total{code=~"5..",namespace!="ns-0"} offset 7m',
  'http_requests_total @ end()',
  'gappy',
  'gappy offset -3m',
  'odd',
  'timestamp(odd)',
  'timestamp(odd offset 2m)',
  'timestamp(odd @ start())',
  'timestamp(-odd)',
  'time() - 1',
  'vector(time())',
  'scalar(ratio) + scalar(odd)',
  '-http_requests_total',
  'absent(gappy{l="a",x="y"})',
  'absent(gappy{l="a",l!="b"})',
  'absent_over_time(gappy{l="a"}[4m])',
  ...['rate', 'increase', 'delta', 'irate', 'idelta', 'changes', 'resets', 'deriv'].flatMap((f) => [
    `${f}(http_requests_total[5m])`,
    `${f}(gappy[10m])`,
    `${f}(odd[7m])`,
    `${f}(steps_total[3m] offset 1m)`,
    `${f}(steps_total[3m] @ end())`,
    `${f}(http_requests_total[20m:37s])`,
  ]),
  ...['avg', 'min', 'max', 'sum', 'count', 'stddev', 'stdvar', 'last', 'present'].flatMap((f) => [
    `${f}_over_time(gappy[10m])`,
    `${f}_over_time(odd[7m])`,
    `${f}_over_time(memory_usage_bytes[5m:1m] @ start())`,
    `${f}_over_time(rate(http_requests_total[2m])[13m:])`,
  ]),
  'quantile_over_time(0.3, odd[9m])',
  'quantile_over_time(scalar(ratio) * 2, gappy[9m])',
  'predict_linear(memory_usage_bytes[10m], 3600)',
  'predict_linear(steps_total[10m] offset 5m, 600)',
  'predict_linear(steps_total[10m] @ start(), scalar(ratio) * 100)',
  ...[
    'abs',
    'ceil',
    'floor',
    'exp',
    'sqrt',
    'ln',
    'log2',
    'log10',
    'sgn',
    'sin',
    'cos',
    'tan',
    'asin',
    'acos',
  ].map((f) => `${f}(odd)`),
  ...['atan', 'sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh', 'rad', 'deg', 'round'].map(
    (f) => `${f}(odd / 100)`,
  ),
  ...[
    'year',
    'month',
    'day_of_month',
    'day_of_week',
    'day_of_year',
    'days_in_month',
    'hour',
    'minute',
  ].flatMap((f) => [`${f}()`, `${f}(timestamp(gappy) * 1.37)`, `${f}(steps_total * 1e7 - 3e8)`]),
  'round(odd, 0.3)',
  'clamp(odd, -5, scalar(ratio) * 100)',
  'clamp(odd, 5, 3)',
  'clamp_min(odd, 3)',
  'clamp_max(odd, 3)',
  ...['sum', 'avg', 'count', 'min', 'max', 'group', 'stddev', 'stdvar'].flatMap((op) => [
    `${op}(odd)`,
    `${op} by (namespace) (memory_usage_bytes)`,
    `${op} without (pod, code) (http_requests_total)`,
    `${op} by (nothing) (gappy)`,
    `${op}({__name__=~"odd|gappy"})`,
  ]),
  'topk(3, memory_usage_bytes)',
  'bottomk by (namespace) (1, queue_depth)',
  'topk(2, odd)',
  'bottomk(9, odd)',
  'topk(scalar(ratio) * 5, queue_depth)',
  'quantile(0.75, queue_depth)',
  'quantile by (namespace) (scalar(ratio) + 0.4, odd or queue_depth)',
  'count_values("v", steps_total)',
  'count_values without (l) ("version", steps_total)',
  'sum by (__name__) ({__name__=~"odd|gappy|ratio"})',
  'histogram_quantile(0.9, request_duration_seconds_bucket)',
  'histogram_quantile(0.5, sum by (le, namespace) (rate(request_duration_seconds_bucket[5m])))',
  'histogram_quantile(scalar(ratio) * 2, sum by (le) (request_duration_seconds_bucket))',
  'histogram_quantile(0.4, broken_bucket)',
  'label_replace(steps_total, "new", "${1}-$2x$$", "l", "(.)(x?)")',
  'label_replace(steps_total, "l", "", "l", "a")',
  'label_replace(steps_total, "__name__", "other_$1", "version", "(?P<number>.)")',
  'label_replace(steps_total, "named", "$number/${number}", "version", "(?P<number>.)")',
  'label_replace({__name__=~"odd|gappy"}, "l", "", "", "")',
  'label_join(steps_total, "joined", ", ", "l", "version", "nothing")',
  'sort(odd)',
  'sort_desc(odd)',
  ...['+', '-', '*', '/', '%', '^', 'atan2', '==', '!=', '>', '<', '>=', '<=', '> bool'].flatMap((op) => [
    `odd ${op} 3`,
    `3 ${op} odd`,
    `odd ${op} on (l) odd offset 1m`,
    `queue_depth ${op} ignoring (pod) group_left sum by (namespace) (queue_depth)`,
    `sum by (namespace) (queue_depth) ${op} on (namespace) group_right queue_depth`,
  ]),
  '1 > bool 2',
  'steps_total * on (l) group_left (colour) info',
  'steps_total * on (l) group_left (version, colour) info',
  'info * on (l) group_right (colour) steps_total',
  'steps_total * on (l) group_left (__name__) info',
  'gappy and gappy{l="b"}',
  'odd and on () gappy',
  'odd or gappy',
  'odd or on (l) steps_total',
  'gappy or -gappy offset 10m',
  'odd unless on () gappy',
  'odd unless ignoring (l) ratio',
  '{__name__=~"odd|gappy|ratio"} > 10',
  // Queries that fail.
  'queue_depth + on (namespace) memory_usage_bytes',
  'sum by (namespace) (queue_depth) + on (namespace) memory_usage_bytes',
  'queue_depth + on (namespace) sum by (namespace) (memory_usage_bytes)',
  'queue_depth * on () group_left http_requests_total',
  'http_requests_total * on () group_right queue_depth',
  'rate({__name__=~"odd|steps_total|gappy", l="a"}[5m])',
  '-{l="a"}',
  'abs({l="a"})',
  'label_replace(steps_total, "l", "same", "", "")',
  'label_replace(steps_total, "x", "$1", "l", "(")',
  'label_replace(steps_total, "", "$1", "l", "(.)")',
  'label_join(steps_total, "l", "-", "nothing")',
  'topk(NaN, odd)',
  'topk(1e20, odd)',
  'quantile(2, odd)',
];
