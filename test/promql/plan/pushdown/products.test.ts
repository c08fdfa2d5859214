// Plans over groups whose products lack constructs, or evaluate them differently.

import t from 'tap';

import { Labels, type Product } from '../../../../src/model/index.js';
import { parseExpr } from '../../../../src/promql/language/index.js';
import {
  explainPlan,
  planDistributed,
  printPlan,
  type PlannedGroup,
} from '../../../../src/promql/plan/index.js';
import { ALL_FEATURES } from '../../../helpers/promql/all-features.js';
import { planOf, planTimes, testPlans, type PlanCase } from '../plan-cases.js';

const prometheus = (version: string): Product => ({ name: 'prometheus', version });
const VICTORIAMETRICS: Product = { name: 'victoriametrics', version: '' };

function groups(
  products: Record<string, readonly Product[]>,
  more: Partial<PlannedGroup> = {},
): PlannedGroup[] {
  return Object.entries(products).map(([name, products]) => ({
    name,
    labels: Labels.from({ region: name }),
    replicated: false,
    products,
    ...more,
  }));
}

const current = groups({ eu: [prometheus('3.14.0')], us: [VICTORIAMETRICS] });
const older = groups({ eu: [prometheus('3.5.3+ds1')], us: [prometheus('3.14.0')] });
const oldest = groups({ eu: [prometheus('2.53.1')], us: [prometheus('3.5.3')] });

const cases: PlanCase[] = [
  {
    name: 'a function that all groups have is sent',
    groups: current,
    expr: 'first_over_time(x[5m])',
    plan: `
fetch
  eu: first_over_time(x[5m]) as {region="eu"}
  us: first_over_time(x[5m]) as {region="us"}`,
  },
  {
    name: 'a function that one group lacks is computed from raw samples',
    groups: older,
    expr: 'first_over_time(x[5m])',
    plan: `
first_over_time()
  range 300000ms
    selector {__name__="x"}`,
  },
  {
    name: 'a function that only other groups lack is sent',
    groups: older,
    expr: 'first_over_time(x{region="us"}[5m])',
    plan: `
fetch
  us: first_over_time(x[5m]) as {region="us"}`,
  },
  {
    name: 'the expressions below a function that a group lacks are sent',
    groups: groups({ eu: [VICTORIAMETRICS], us: [prometheus('3.14.0')] }),
    expr: 'histogram_count(rate(x[5m]))',
    plan: `
histogram_count()
  fetch
    eu: rate(x[5m]) as {region="eu"}
    us: rate(x[5m]) as {region="us"}`,
  },
  {
    name: 'one of several products lacks the function',
    groups: groups({ eu: [prometheus('3.14.0'), prometheus('3.13.0')] }),
    expr: 'first_over_time(x[5m])',
    plan: `
first_over_time()
  range 300000ms
    selector {__name__="x"}`,
  },
  {
    name: 'ranges are shortened for a group that includes their left end, and rates are computed from raw samples',
    groups: oldest,
    expr: 'max_over_time(x[5m]) + on (region, pod) rate(x[5m])',
    plan: `
+ on (region, pod)
  fetch
    eu: max_over_time(x[4m59s999ms]) as {region="eu"}
    us: max_over_time(x[5m]) as {region="us"}
  rate()
    range 300000ms
      selector {__name__="x"}`,
  },
  {
    name: 'a rate over a subquery reads the steps of the subquery',
    groups: oldest,
    expr: 'rate(sum by (region) (x)[10m:1m])',
    plan: `
rate()
  subquery 600000ms:60000
    fetch
      eu: sum(x) as {region="eu"}
      us: sum(x) as {region="us"}`,
  },
  {
    name: 'subqueries are shortened too',
    groups: oldest,
    expr: 'max_over_time(abs(x)[10m:1m])',
    plan: `
fetch
  eu: max_over_time(abs(x)[9m59s999ms:1m]) as {region="eu"}
  us: max_over_time(abs(x)[10m:1m]) as {region="us"}`,
  },
  {
    name: 'native semantics accept other values, but a missing function is computed',
    groups: groups({ eu: [prometheus('2.42.0')], us: [prometheus('2.42.0')] }, { native: true }),
    expr: 'rate(x[5m]) / first_over_time(x[5m])',
    plan: `
/
  fetch
    eu: rate(x[5m]) as {region="eu"}
    us: rate(x[5m]) as {region="us"}
  first_over_time()
    range 300000ms
      selector {__name__="x"}`,
  },
  {
    name: 'a lookback whose left end is included is read from raw samples, a range is shortened',
    groups: groups({ eu: [prometheus('2.42.0')], us: [prometheus('2.43.0')] }),
    expr: 'x / sum_over_time(x[5m])',
    plan: `
/
  selector {__name__="x"}
  fetch
    eu: sum_over_time(x[4m59s999ms]) as {region="eu"}
    us: sum_over_time(x[4m59s999ms]) as {region="us"}`,
  },
  {
    name: 'a parameter that may vary is evaluated at every step',
    groups: groups({ eu: [prometheus('3.4.0')] }),
    expr: 'topk(scalar(count(x)), x)',
    plan: `
topk
  scalar()
    fetch
      eu: count(x)
  fetch
    eu: x as {region="eu"}`,
  },
  {
    name: 'a constant parameter is sent',
    groups: groups({ eu: [prometheus('3.4.0')], us: [prometheus('3.4.0')] }),
    expr: 'topk((2), x)',
    plan: `
topk
  2
  fetch
    eu: topk((2), x) as {region="eu"}
    us: topk((2), x) as {region="us"}`,
  },
  {
    name: 'label names that need quotes are not sent to a group that does not parse them',
    groups: groups({ eu: [prometheus('2.53.1')] }),
    expr: 'sum by ("a.b") (x)',
    plan: `
sum by (a.b)
  fetch
    eu: x as {region="eu"}`,
  },
  {
    name: 'the presence of series is sent without a function that a group lacks',
    groups: older,
    expr: 'absent(first_over_time(x[5m]))',
    plan: `
absent() as {}
  first_over_time()
    range 300000ms
      selector {__name__="x"}`,
  },
  {
    name: 'an operation that reads names is computed when an operand may have kept them',
    groups: groups({ eu: [VICTORIAMETRICS] }),
    expr: 'count by (__name__) (round(x))',
    plan: `
count by (__name__)
  fetch
    eu: round(x) as {region="eu"}`,
  },
  {
    name: 'an operation that does not read names is sent',
    groups: groups({ eu: [VICTORIAMETRICS] }),
    expr: 'count by (pod) (round(x)) + count by (pod) (label_replace(sum by (pod) (x), "id", "$1", "pod", "(.*)"))',
    plan: `
fetch
  eu: count by (pod) (round(x)) + ignoring (region) count by (pod) (label_replace(sum by (pod) (x), "id", "$1", "pod", "(.*)"))`,
  },
  {
    name: 'series that become equal are reported by promfed, because their aggregation would hide it',
    groups: groups({ eu: [VICTORIAMETRICS] }),
    expr: 'count(rate({job="x"}[5m]))',
    plan: `
count
  fetch
    eu: rate({job="x"}[5m]) as {region="eu"}`,
  },
  {
    name: 'Prometheus reports series that become equal itself',
    groups: groups({ eu: [prometheus('3.5.3')] }),
    expr: 'count(rate({job="x"}[5m]))',
    plan: `
fetch
  eu: count(rate({job="x"}[5m]))`,
  },
  {
    name: 'a series without labels that would match every other one',
    groups: groups({ eu: [VICTORIAMETRICS] }, { labels: Labels.EMPTY }),
    expr: 'sum(x) / x',
    plan: `
/
  fetch
    eu: sum(x)
  fetch
    eu: x`,
  },
  {
    name: 'buckets with ranges are computed when a group ignores them',
    groups: current,
    expr: 'histogram_quantile(0.9, sum by (region, vmrange) (rate(x[5m])))',
    plan: `
histogram_quantile()
  0.9
  fetch
    eu: sum by (vmrange) (rate(x[5m])) as {region="eu"}
    us: sum by (vmrange) (rate(x[5m])) as {region="us"}`,
  },
  {
    name: 'buckets with ranges are computed when promfed adds them up',
    groups: groups({ eu: [VICTORIAMETRICS], us: [VICTORIAMETRICS] }),
    expr: 'histogram_quantile(0.9, sum by (pod, vmrange) (rate(x[5m])))',
    plan: `
histogram_quantile()
  0.9
  sum by (pod, vmrange)
    fetch
      eu: sum by (pod, vmrange) (rate(x[5m])) as {region="eu"}
      us: sum by (pod, vmrange) (rate(x[5m])) as {region="us"}`,
  },
  {
    name: 'VictoriaMetrics is sent functions of buckets with ranges',
    groups: groups({ eu: [VICTORIAMETRICS], us: [VICTORIAMETRICS] }),
    expr: 'histogram_fraction(0, 1, sum by (region, pod, vmrange) (rate(x_bucket[5m])))',
    plan: `
fetch
  eu: histogram_fraction(0, 1, sum by (pod, vmrange) (rate(x_bucket[5m]))) as {region="eu"}
  us: histogram_fraction(0, 1, sum by (pod, vmrange) (rate(x_bucket[5m]))) as {region="us"}`,
  },
  {
    name: 'a group that sets the label of ranges stores another one',
    groups: groups({ eu: [VICTORIAMETRICS] }, { labels: Labels.from({ vmrange: '1...2' }) }),
    expr: 'histogram_quantile(0.9, x)',
    plan: `
histogram_quantile()
  0.9
  fetch
    eu: x as {vmrange="1...2"}`,
  },
  {
    name: 'histograms of several metrics become equal, which VictoriaMetrics does not report',
    groups: groups({ eu: [VICTORIAMETRICS] }),
    expr: 'histogram_quantile(0.9, {job="x"})',
    plan: `
histogram_quantile()
  0.9
  fetch
    eu: {job="x"} as {region="eu"}`,
  },
];

/** Arguments of a function of buckets, and whether their text shows that the series have ranges. */
const BUCKET_ARGUMENTS: readonly (readonly [arg: string, isComputed: boolean])[] = [
  ['sum by (le) (x)', false],
  ['sum by (vmrange) (x)', true],
  ['sum by (le, vmrange) (x)', true],
  ['sum without (vmrange) (x)', false],
  ['sum without (pod) (x)', false],
  ['sum without (pod) (max by (pod, vmrange) (x))', true],
  ['sum by (le) (max by (le, vmrange) (x))', false],
  ['rate(x{vmrange=~"1.*"}[5m])', true],
  ['max_over_time(x{vmrange!=""}[5m:1m]) * 2', true],
  ['x{vmrange=""}', false],
  ['x{le="1"}', false],
  ['topk(3, x{vmrange!=""})', true],
  ['label_replace(x, "vmrange", "1...2", "", "")', true],
  ['label_replace(x, "le", "1", "vmrange", "")', false],
  ['x * on (le) group_left (vmrange) y', true],
  ['x and ignoring (vmrange) y', false],
  ['(-(x{vmrange!="1...2"}))', true],
  ['histogram_quantile(0.5, sum by (le) (x))', false],
];

t.test('buckets with ranges are recognized by the text of the argument', async (t) => {
  const [prometheusOnly, victoriaMetricsOnly] = [prometheus('3.14.0'), VICTORIAMETRICS].map((product) =>
    groups({ eu: [product] }),
  );
  for (const [arg, isComputed] of BUCKET_ARGUMENTS) {
    const expr = `histogram_quantile(0.9, ${arg})`;
    const { reason } = explainPlan(planOf(expr, prometheusOnly!));
    t.equal(reason, isComputed ? 'eu runs Prometheus 3.14.0, which lacks vmrange buckets' : undefined, expr);
    t.notMatch(String(explainPlan(planOf(expr, victoriaMetricsOnly!)).reason), /vmrange buckets/, expr);
  }
});

testPlans('groups are sent what their products evaluate', cases);

t.test('an instant query sends a parameter of an aggregation', async (t) => {
  const times = { ...planTimes, endMs: planTimes.startMs, stepMs: 0 };
  const [group] = groups({ eu: [prometheus('3.4.0')] });
  const expr = parseExpr('quantile(scalar(y), x)', { features: ALL_FEATURES });
  t.equal(printPlan(planDistributed(expr, [group!], times)), 'fetch\n  eu: quantile(scalar(y), x)');
});

t.test('the reason names the group, the product and what it lacks', async (t) => {
  const reasonOf = (expr: string, all: readonly PlannedGroup[]): string | undefined =>
    explainPlan(planOf(expr, all)).reason;
  t.equal(reasonOf('first_over_time(x[5m])', older), 'eu runs Prometheus 3.5.3, which lacks first_over_time');
  t.equal(
    reasonOf('rate(x[5m])', oldest),
    'eu runs Prometheus 2.53.1, which includes the left end of a range, by which this function extrapolates',
  );
  t.equal(
    reasonOf('first_over_time(x[5m])', groups({ eu: [{ name: 'unknown', version: '' }] })),
    'eu runs an unknown product, which may lack first_over_time',
  );
  t.equal(
    reasonOf('histogram_sum(x)', groups({ eu: [VICTORIAMETRICS] })),
    'eu runs VictoriaMetrics, which lacks histogram_sum',
  );
  t.equal(
    reasonOf('round(x) or x', groups({ eu: [VICTORIAMETRICS] })),
    'eu runs VictoriaMetrics, which keeps names of the operands, on which the result depends',
  );
  t.equal(
    reasonOf('round(x) or x', groups({ eu: [{ name: 'unknown', version: '' }] })),
    'eu runs an unknown product, which may be VictoriaMetrics and then keeps names of the operands, on which the result depends',
  );
});
