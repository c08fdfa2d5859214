// Which groups a selector concerns: by what is declared of their labels, and by the times of its samples.

import t from 'tap';

import { createStaticFilter, Labels, type TimeBounds } from '../../../src/model/index.js';
import { absencesOf, relevantGroups, type PlannedGroup } from '../../../src/promql/plan/index.js';
import { parseSelector } from '../../../src/promql/language/index.js';
import { testPlans, type PlanCase } from './plan-cases.js';

function group(name: string, more: Partial<PlannedGroup> = {}): PlannedGroup {
  return { name, labels: Labels.from({}), replicated: false, ...more };
}

const values = (record: Record<string, string[]>): Map<string, ReadonlySet<string>> =>
  new Map(Object.entries(record).map(([label, list]) => [label, new Set(list)]));

const filtered = [
  group('nodes', {
    filter: createStaticFilter(
      values({ job: ['node', 'kubelet', 'old'] }),
      values({ job: ['old'], team: ['x'] }),
    ),
  }),
  group('apps', { labels: Labels.from({ job: 'app' }) }),
  group('other'),
];

t.test('declared label values say which groups a selector concerns', async (t) => {
  const cases: [selector: string, names: string[]][] = [
    ['up', ['nodes', 'apps', 'other']],
    ['up{job="node"}', ['nodes', 'other']],
    ['up{job="old"}', ['other']],
    ['up{job="mars"}', ['other']],
    ['up{job=~"app|kube.*"}', ['nodes', 'apps', 'other']],
    ['up{job=~"app|ku"}', ['apps', 'other']],
    ['up{job!~"node|kubelet"}', ['nodes', 'apps', 'other']],
    ['up{job!="app"}', ['nodes', 'other']],
    ['up{job!="",job!="node"}', ['nodes', 'apps', 'other']],
    ['up{job!="",job!~"node|kubelet"}', ['nodes', 'apps', 'other']],
    ['up{job=~"(kubelet|old).*",job=~".*let|x"}', ['nodes', 'other']],
    ['up{team="x"}', ['nodes', 'apps', 'other']],
    ['up{job=""}', ['nodes', 'other']],
  ];
  for (const [selector, names] of cases) {
    const relevant = relevantGroups(parseSelector(selector), filtered).map(({ name }) => name);
    t.same(relevant, names, selector);
  }
  t.match(absencesOf(parseSelector('up{job="mars"}'), filtered), [
    { kind: 'configured', matcher: { name: 'job', value: 'mars' } },
    { kind: 'label', matcher: { name: 'job' } },
    undefined,
  ]);
});

const bounds = (startMs?: number, endMs?: number, truncate = false): { bounds: TimeBounds } => ({
  bounds: { startMs, endMs, truncate },
});

/** The query's steps go from 1,000 s to 4,600 s. */
const split = [group('old', bounds(undefined, 2_000_000)), group('new', bounds(2_000_001))];
const cut = [
  group('old', bounds(undefined, 2_000_000, true)),
  group('new', bounds(2_000_001, undefined, true)),
];
const named = (truncate: boolean): PlannedGroup[] => [
  group('eu', { labels: Labels.from({ region: 'eu' }), ...bounds(undefined, 2_000_000, truncate) }),
  group('us', { labels: Labels.from({ region: 'us' }) }),
];

const RAW = `
rate()
  range 300000ms
    selector {__name__="x"}`;

const cases: PlanCase[] = [
  {
    name: 'a window on both sides is computed from raw samples',
    groups: split,
    expr: 'rate(x[5m])',
    plan: RAW,
  },
  { name: 'and so is one that is to be cut', groups: cut, expr: 'rate(x[5m])', plan: RAW },
  {
    name: 'what was before the boundary goes to the older group, whole',
    groups: split,
    expr: 'sum(rate(x[5m] offset 1h) > 1) / quantile(0.5, y offset 1h)',
    plan: `
fetch
  old: sum(rate(x[5m] offset 1h) > 1) / quantile(0.5, y offset 1h)`,
  },
  {
    name: 'what was after it goes to the newer one',
    groups: split,
    expr: 'stddev(x offset -30m)',
    plan: `
fetch
  new: stddev(x offset -30m)`,
  },
  {
    name: 'a fixed time counts, not the time of the request',
    groups: split,
    expr: 'stddev(x @ 1500)',
    plan: `
fetch
  old: stddev(x @ 1500.000)`,
  },
  {
    name: 'a window that ends at the last sample of a group is its own',
    groups: split,
    expr: 'count_over_time(x[10m] @ 2000)',
    plan: `
fetch
  old: count_over_time(x[10m] @ 2000.000)`,
  },
  {
    name: 'one that ends a millisecond later is not',
    groups: split,
    expr: 'count_over_time(x[10m] @ 2000.001)',
    plan: `
count_over_time()
  range 600000ms
    selector {__name__="x"}`,
  },
  {
    name: 'one that begins after it is the next one’s',
    groups: split,
    expr: 'count_over_time(x[10m] @ 2600)',
    plan: `
fetch
  new: count_over_time(x[10m] @ 2600.000)`,
  },
  {
    name: 'lookback reaches over the boundary',
    groups: split,
    expr: 'abs(x @ 2300)',
    plan: `
fetch
  new: abs(x @ 2300.000)`,
  },
  {
    name: 'lookback reaches over the boundary by a millisecond',
    groups: split,
    expr: 'abs(x @ 2299.999)',
    plan: `
abs()
  selector {__name__="x"}`,
  },
  {
    name: 'the inside of a subquery is looked at for as long as the subquery reaches',
    groups: split,
    expr: 'max_over_time(rate(x[5m])[20m:1m] @ 4000)',
    plan: `
fetch
  new: max_over_time(rate(x[5m])[20m:1m] @ 4000.000)`,
  },
  {
    name: 'and over the boundary with its own range',
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
    name: 'two selectors of different sides meet here',
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
    name: 'only the selector that crosses is raw',
    groups: split,
    expr: 'sum(x) / sum(x offset 1h)',
    plan: `
/
  sum
    selector {__name__="x"}
  fetch
    old: sum(x offset 1h)`,
  },
  {
    name: 'groups with labels of their own share no series, and a boundary within is nobody’s matter',
    groups: named(false),
    expr: 'sum by (region) (rate(x[5m]))',
    plan: `
fetch
  eu: sum(rate(x[5m])) as {region="eu"}
  us: sum(rate(x[5m])) as {region="us"}`,
  },
  {
    name: 'unless samples beyond it are not to count',
    groups: named(true),
    expr: 'sum by (region) (rate(x[5m]))',
    plan: `
sum by (region)
  rate()
    range 300000ms
      selector {__name__="x"}`,
  },
  {
    name: 'a side of a set operator that is out of a group’s time is not sent there',
    groups: named(true),
    expr: 'x offset 1h or x offset -30m',
    plan: `
fetch
  eu: x offset 1h as {region="eu"}
  us: x offset 1h or ignoring (region) x offset -30m as {region="us"}`,
  },
  {
    name: 'a group whose time covers everything is as any other',
    groups: [group('all', bounds(0, 9_000_000, true))],
    expr: 'quantile(0.9, x)',
    plan: `
fetch
  all: quantile(0.9, x)`,
  },
];

testPlans('the data window of each selector decides which groups it concerns', cases);
