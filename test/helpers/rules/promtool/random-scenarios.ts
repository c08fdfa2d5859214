// Random rule files over random series of regions.

import fc from 'fast-check';

import type { Scenario, ScenarioRegion, ScenarioSample } from './scenario.js';

const STEPS = 24;
const METRICS = ['a', 'b', 'c'];
const LABELS = ['region', 'pod', 'code'];
const RECORDED = ['r0', 'r1', 'r2', 'r3'];
const ALERTS = ['A', 'B', 'C'];

const gauge: fc.Arbitrary<ScenarioSample> = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: -3, max: 12 }) },
  { weight: 2, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constant('stale' as const) },
  { weight: 1, arbitrary: fc.constantFrom(Infinity, -Infinity, NaN, 0.5) },
);

/** Samples that often repeat, so that alerts last. */
const gauges = fc
  .array(fc.tuple(gauge, fc.integer({ min: 1, max: 9 })), { minLength: 4, maxLength: 10 })
  .map((runs) =>
    runs.flatMap(([value, count]) => new Array<ScenarioSample>(count).fill(value)).slice(0, STEPS + 1),
  );

const counter = fc
  .array(fc.integer({ min: -1, max: 30 }), { minLength: STEPS + 1, maxLength: STEPS + 1 })
  .map((increments) => {
    let total = 0;
    return increments.map((increment): ScenarioSample => (total = increment < 0 ? 0 : total + increment));
  });

const series = fc.record({ pod: fc.constantFrom('p0', 'p1', 'p2'), code: fc.constantFrom('200', '500') });

function region(name: string): fc.Arbitrary<ScenarioRegion> {
  const one = fc.oneof(
    { weight: 3, arbitrary: fc.tuple(fc.constantFrom(...METRICS), series, gauges) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('n_total'), series, counter) },
  );
  const key = ([metric, { pod, code }]: readonly [string, { pod: string; code: string }, unknown]): string =>
    `${metric}/${pod}/${code}`;
  return fc.uniqueArray(one, { maxLength: 8, selector: key }).map((list) => ({
    name,
    labels: { region: name },
    series: list.map(([metric, labels, samples]) => ({ labels: { __name__: metric, ...labels }, samples })),
  }));
}

const byLabels = fc.subarray(LABELS).map((labels) => `(${labels.join(', ')})`);
const matcher = fc.constantFrom(
  '',
  '',
  '{region="r0"}',
  '{region!="r1"}',
  '{pod=~"p[01]"}',
  '{code="500"}',
  '{region="r0",code!="500"}',
  '{region=~"r.",pod!~"p2"}',
);
const number = fc.constantFrom('0', '1', '3.5', '7', '-1', '20');
const comparison = fc.constantFrom('>', '<', '==', '!=', '>=', '<=');

const { vector } = fc.letrec<{ vector: string; selector: string }>((tie) => ({
  selector: fc.oneof(
    { weight: 6, arbitrary: fc.tuple(fc.constantFrom(...METRICS), matcher).map((parts) => parts.join('')) },
    { weight: 2, arbitrary: fc.constantFrom(...RECORDED) },
    { weight: 1, arbitrary: fc.constantFrom(...ALERTS).map((name) => `ALERTS{alertname="${name}"}`) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('ALERTS{alertstate="firing"}', 'ALERTS_FOR_STATE', '{__name__=~"r[01]"}'),
    },
    { weight: 1, arbitrary: fc.constantFrom('a offset 1m', 'r1 offset 2m', 'b offset -1m') },
  ),
  vector: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 4, arbitrary: tie('selector') },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom('sum', 'count', 'max', 'min', 'group', 'avg'), byLabels, tie('vector'))
        .map(([op, by, v]) => `${op} by ${by} (${v})`),
    },
    {
      weight: 5,
      arbitrary: fc.tuple(tie('vector'), comparison, number).map(([v, op, n]) => `(${v}) ${op} ${n}`),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(tie('vector'), fc.constantFrom('and', 'or', 'unless'), byLabels, tie('vector'))
        .map(([v, op, on, w]) => `(${v}) ${op} on ${on} (${w})`),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(tie('vector'), fc.constantFrom('+', '*', '-', '>', '>= bool'), byLabels, tie('vector'))
        .map(([v, op, on, w]) => `(${v}) ${op} on ${on} group_left () max by ${on} (${w})`),
    },
    { weight: 1, arbitrary: tie('selector').map((s) => `absent(${s})`) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        'rate(n_total[3m])',
        'increase(n_total[2m])',
        'changes(a[4m])',
        'max_over_time(b[3m])',
        'count_over_time(c[5m])',
        'sum_over_time(sum(a)[3m:1m])',
        'last_over_time(r2[2m])',
        'absent_over_time(a{region="r0"}[2m])',
        'timestamp(a)',
        'vector(time() / 60)',
        'count_values by (region) ("code", a)',
        'label_replace(b, "pod", "x-$1", "pod", "(.*)")',
      ),
    },
  ),
}));

const duration = fc.constantFrom(undefined, undefined, '30s', '1m', '2m', '3m', '5m', '8m');
const labelValue = fc.constantFrom(
  'x',
  '',
  '{{ $labels.pod }}',
  '{{ $value }}',
  '{{ if gt $value 3.0 }}high{{ else }}low{{ end }}',
);
const labels = fc.dictionary(fc.constantFrom('severity', 'pod', 'region', 'extra'), labelValue, {
  maxKeys: 2,
});
const annotations = fc.dictionary(
  fc.constantFrom('summary', 'description'),
  fc.constantFrom(
    '{{ $labels }} {{ printf "%.4f" $value }}',
    '{{ $labels.region }}/{{ $labels.alertname }}: {{ $value | humanize }}',
    '{{ with query "sum(a)" }}{{ . | first | value }}{{ end }}',
    '{{ query "ALERTS" | len }} alerts, {{ $externalLabels.source }}',
    '{{ range query "sort(r0)" }}{{ .Value | humanizeDuration }} {{ end }}',
  ),
  { maxKeys: 2 },
);

const alertingRule = fc
  .record({
    alert: fc.constant(''),
    expr: vector,
    for: duration,
    keep_firing_for: duration,
    labels,
    annotations,
  })
  .map((rule) => JSON.parse(JSON.stringify(rule)) as object);
const recordingRule = fc.record({
  record: fc.constant(''),
  expr: vector,
  labels: fc.dictionary(fc.constantFrom('pod', 'extra', 'region'), fc.constantFrom('x', ''), { maxKeys: 1 }),
});

/** Gives each rule a name of its own: Prometheus fails rules that write the same series. */
function withNames(groups: readonly { readonly rules: readonly object[] }[]): object[] {
  const names = [...RECORDED, 'r4', 'r5', 'r6', 'r7', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14'];
  const alerts = [...ALERTS, 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O'];
  return groups.map(({ rules }, i) => ({
    name: `g${i}`,
    rules: rules.map((rule) =>
      'alert' in rule ? { ...rule, alert: alerts.shift() } : { ...rule, record: names.shift() },
    ),
  }));
}

const group = fc.record({
  rules: fc.array(fc.oneof(alertingRule, recordingRule), { minLength: 1, maxLength: 5 }),
});

export const randomScenario: fc.Arbitrary<Scenario> = fc
  .record({
    groups: fc.array(group, { minLength: 1, maxLength: 3 }),
    regions: fc.tuple(region('r0'), region('r1'), region('r2')),
    count: fc.constantFrom(2, 3),
    intervalMs: fc.constantFrom(60_000, 60_000, 30_000),
  })
  .map(({ groups, regions, count, intervalMs }) => ({
    rules: JSON.stringify({ groups: withNames(groups) }, undefined, 1),
    regions: regions.slice(0, count),
    intervalMs,
    steps: STEPS,
    externalLabels: { source: 'random' },
  }));
