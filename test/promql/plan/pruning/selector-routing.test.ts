// Routing of selectors: which groups they read at the times of a query, and when from raw samples.

import t from 'tap';

import { Labels } from '../../../../src/model/index.js';
import { parseExpr } from '../../../../src/promql/language/index.js';
import { planDistributed, printPlan } from '../../../../src/promql/plan/index.js';
import { planTimes, testPlans, type PlanCase } from '../plan-cases.js';
import { bounds, truncating, group, named, split } from './groups.js';

const AROUND = `
3 time segments
  steps 1970-01-01T00:16:40.000Z to 1970-01-01T00:33:10.000Z
    fetch
      old: rate(x[5m])
  steps 1970-01-01T00:33:25.000Z to 1970-01-01T00:38:10.000Z
    rate()
      range 300000ms
        selector {__name__="x"}
  steps 1970-01-01T00:38:25.000Z to 1970-01-01T01:16:40.000Z
    fetch
      new: rate(x[5m])`;

const cases: PlanCase[] = [
  {
    name: 'only the steps whose window crosses the boundary read raw samples',
    groups: split,
    expr: 'rate(x[5m])',
    plan: AROUND,
  },
  { name: 'raw samples of truncating groups', groups: truncating, expr: 'rate(x[5m])', plan: AROUND },
  {
    name: 'a window before the boundary is sent to the older group',
    groups: split,
    expr: 'sum(rate(x[5m] offset 1h) > 1) / quantile(0.5, y offset 1h)',
    plan: `
fetch
  old: sum(rate(x[5m] offset 1h) > 1) / quantile(0.5, y offset 1h)`,
  },
  {
    name: 'a window after the boundary is sent to the newer group',
    groups: split,
    expr: 'stddev(x offset -30m)',
    plan: `
fetch
  new: stddev(x offset -30m)`,
  },
  {
    name: 'the time of @ counts, not the time of the request',
    groups: split,
    expr: 'stddev(x @ 1500)',
    plan: `
fetch
  old: stddev(x @ 1500.000)`,
  },
  {
    name: 'a window that ends at the end of a group',
    groups: split,
    expr: 'count_over_time(x[10m] @ 2000)',
    plan: `
fetch
  old: count_over_time(x[10m] @ 2000.000)`,
  },
  {
    name: 'a window that ends a millisecond after the end of a group',
    groups: split,
    expr: 'count_over_time(x[10m] @ 2000.001)',
    plan: `
count_over_time()
  range 600000ms
    selector {__name__="x"}`,
  },
  {
    name: 'a window that begins after the end of a group',
    groups: split,
    expr: 'count_over_time(x[10m] @ 2600)',
    plan: `
fetch
  new: count_over_time(x[10m] @ 2600.000)`,
  },
  {
    name: 'a lookback that begins at the end of a group',
    groups: split,
    expr: 'abs(x @ 2300)',
    plan: `
fetch
  new: abs(x @ 2300.000)`,
  },
  {
    name: 'a lookback that begins a millisecond before the end of a group',
    groups: split,
    expr: 'abs(x @ 2299.999)',
    plan: `
abs()
  selector {__name__="x"}`,
  },
  {
    name: 'the window of a selector includes the range of the subquery around it',
    groups: split,
    expr: 'max_over_time(rate(x[5m])[20m:1m] @ 4000)',
    plan: `
fetch
  new: max_over_time(rate(x[5m])[20m:1m] @ 4000.000)`,
  },
  {
    name: 'the window of a selector includes its range and that of the subquery around it',
    groups: split,
    expr: 'max_over_time(rate(x[5m])[30m:1m] @ 4000)',
    plan: `
max_over_time()
  subquery 1800000ms:60000
    rate()
      range 300000ms
        selector {__name__="x"}`,
  },
  {
    name: 'an operation between selectors on different sides of the boundary is computed locally',
    groups: split,
    expr: 'x offset -30m / x offset 1h',
    plan: `
/
  fetch
    new: x offset -30m
  fetch
    old: x offset 1h`,
  },
  {
    name: 'only the selector that crosses the boundary reads raw samples',
    groups: split,
    expr: 'sum(x) / sum(x offset 1h)',
    plan: `
3 time segments
  steps 1970-01-01T00:16:40.000Z to 1970-01-01T00:33:10.000Z
    fetch
      old: sum(x) / sum(x offset 1h)
  steps 1970-01-01T00:33:25.000Z to 1970-01-01T00:38:10.000Z
    /
      sum
        selector {__name__="x"}
      fetch
        old: sum(x offset 1h)
  steps 1970-01-01T00:38:25.000Z to 1970-01-01T01:16:40.000Z
    /
      fetch
        new: sum(x)
      fetch
        old: sum(x offset 1h)`,
  },
  {
    name: 'a group with exact semantics is read from raw samples',
    groups: [group('vm', { labels: Labels.from({ region: 'eu' }), exact: true }), ...named(false).slice(1)],
    expr: 'sum(rate(x[5m])) / sum(y{region="us"})',
    plan: `
/
  sum
    rate()
      range 300000ms
        selector {__name__="x"}
  fetch
    us: sum(y)`,
  },
  {
    name: 'a group that aligns ranges with the step is read from raw samples when the range is not aligned',
    groups: [
      group('mimir', { labels: Labels.from({ region: 'eu' }), alignsRanges: true }),
      ...named(false).slice(1),
    ],
    expr: 'sum(rate(x[5m])) / sum(y{region="us"})',
    plan: `
/
  sum
    rate()
      range 300000ms
        selector {__name__="x"}
  fetch
    us: sum(y)`,
  },
  {
    name: 'groups that labels distinguish share no series, so a window may cross their bounds',
    groups: named(false),
    expr: 'sum by (region) (rate(x[5m]))',
    plan: `
fetch
  eu: sum(rate(x[5m])) as {region="eu"}
  us: sum(rate(x[5m])) as {region="us"}`,
  },
  {
    name: 'a window may not cross the bounds of a truncating group',
    groups: named(true),
    expr: 'sum by (region) (rate(x[5m]))',
    plan: `
3 time segments
  steps 1970-01-01T00:16:40.000Z to 1970-01-01T00:33:10.000Z
    fetch
      eu: sum(rate(x[5m])) as {region="eu"}
      us: sum(rate(x[5m])) as {region="us"}
  steps 1970-01-01T00:33:25.000Z to 1970-01-01T00:38:10.000Z
    sum by (region)
      rate()
        range 300000ms
          selector {__name__="x"}
  steps 1970-01-01T00:38:25.000Z to 1970-01-01T01:16:40.000Z
    fetch
      us: sum(rate(x[5m])) as {region="us"}`,
  },
  {
    name: 'a side of a set operator is not sent to a group outside of its time range',
    groups: named(true),
    expr: 'x offset 1h or x offset -30m',
    plan: `
fetch
  eu: x offset 1h as {region="eu"}
  us: x offset 1h or ignoring (region) x offset -30m as {region="us"}`,
  },
  {
    name: 'a group whose time range covers all windows is like one without a time range',
    groups: [group('all', bounds(0, 9_000_000, true))],
    expr: 'quantile(0.9, x)',
    plan: `
fetch
  all: quantile(0.9, x)`,
  },
];

testPlans('the data window of a selector decides which groups it reads', cases);

t.test('a group that aligns ranges with the step is sent an aligned one', async (t) => {
  const mimir = group('mimir', { labels: Labels.from({ region: 'eu' }), alignsRanges: true });
  const plan = planDistributed(parseExpr('sum(rate(x[5m]))'), [mimir], { ...planTimes, startMs: 1_005_000 });
  t.equal(printPlan(plan), 'fetch\n  mimir: sum(rate(x[5m]))');
});
