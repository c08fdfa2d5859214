// Which groups a selector concerns: by what is declared of their labels, and by the times of its samples.

import fc from 'fast-check';
import t from 'tap';

import { compileMatcher, Labels, type LabelFilter, type TimeBounds } from '../../../src/model/index.js';
import {
  absencesOf,
  groupsLeftOut,
  relevantGroups,
  type PlannedGroup,
} from '../../../src/promql/plan/index.js';
import { parseExpr, parseSelector, printExpr } from '../../../src/promql/language/index.js';
import { createGroupFilter } from '../../../src/upstreams/group-filter.js';
import { planTimes, testPlans, type PlanCase } from './plan-cases.js';

function group(name: string, more: Partial<PlannedGroup> = {}): PlannedGroup {
  return { name, labels: Labels.from({}), replicated: false, ...more };
}

interface Declared {
  readonly include?: Record<string, string[]>;
  readonly exclude?: Record<string, string[]>;
  /** A label without values is not learned yet. */
  readonly learned?: Record<string, string[] | undefined>;
}

function filter({ include = {}, exclude = {}, learned = {} }: Declared): { filter: LabelFilter } {
  const settings = {
    dynamicLabels: Object.keys(learned),
    syncIntervalMs: 1,
    include: Object.entries(include),
    exclude: Object.entries(exclude),
  };
  const valuesOf = (label: string): Set<string> | undefined => learned[label] && new Set(learned[label]);
  return { filter: createGroupFilter(settings, { valuesOf }) };
}

const filtered = [
  group(
    'nodes',
    filter({ include: { job: ['node', 'kubelet', 'old'] }, exclude: { job: ['old'], team: ['x'] } }),
  ),
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

const learning = [
  group('a', filter({ learned: { job: ['x', 'both'] }, exclude: { job: ['not-a'] } })),
  group('b', filter({ learned: { job: ['y', 'both', 'more'] }, include: { job: ['declared'] } })),
  group('late', filter({ learned: { job: undefined }, include: { job: ['declared'] } })),
  group('named', { labels: Labels.from({ job: 'z' }) }),
];

t.test('learned label values say where to ask for what somebody has', async (t) => {
  const cases: [selector: string, names: string[]][] = [
    ['up', ['a', 'b', 'late', 'named']],
    ['up{job="x"}', ['a', 'late']],
    ['up{job="both"}', ['a', 'b', 'late']],
    ['up{job="z"}', ['late', 'named']],
    ['up{job="new"}', ['a', 'b', 'late']],
    ['up{job="not-a"}', ['b', 'late']],
    ['up{job="declared"}', ['b', 'late']],
    ['up{job=~"x|new"}', ['a', 'late']],
    ['up{job=~"mo.+"}', ['b', 'late']],
    ['up{job!=""}', ['a', 'b', 'late', 'named']],
    ['up{job!="",job!~"x|both"}', ['a', 'b', 'late', 'named']],
    ['up{job=""}', ['a', 'b', 'late']],
    ['up{job="x",job="y"}', ['late']],
  ];
  for (const [selector, names] of cases) {
    const relevant = relevantGroups(parseSelector(selector), learning).map(({ name }) => name);
    t.same(relevant, names, selector);
  }
});

t.test('no group that has a series is left out while what is known is true', async () => {
  const value = fc.constantFrom('', 'a', 'b', 'c', 'ab');
  const series = fc.array(fc.record({ job: value, zone: value }), { maxLength: 4 });
  const matcher = fc.record({
    name: fc.constantFrom('job', 'zone'),
    op: fc.constantFrom('=', '!=', '=~', '!~'),
    value: fc.constantFrom('', 'a', 'b', 'ab', 'a|b', 'a.*', '.+', '.*', 'x'),
  } as const);
  const known = fc.constantFrom('nothing', 'learned', 'declared');
  const groups = fc.array(fc.record({ series, known, zone: value }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(groups, fc.array(matcher, { maxLength: 3 }), (made, matchers) => {
      const planned = made.map(({ series, known, zone }, i) => {
        const jobs = [...new Set(series.map(({ job }) => job))].filter((job) => job !== '');
        const more =
          known === 'nothing'
            ? {}
            : filter(known === 'learned' ? { learned: { job: jobs } } : { include: { job: jobs } });
        return group(`g${i}`, { labels: Labels.from(zone === '' ? {} : { zone }), ...more });
      });
      const relevant = relevantGroups(matchers, planned);
      return made.every(({ series, zone }, i) => {
        const has = series.some((one) => {
          const labels = { ...one, ...(zone === '' ? {} : { zone }) };
          return matchers.every((matcher) => compileMatcher(matcher)(labels[matcher.name]));
        });
        return !has || relevant.includes(planned[i]!);
      });
    }),
    { numRuns: 1000 },
  );
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
    name: 'of a group with exact semantics only the raw samples are asked for',
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

t.test('why a group is left out can be told, for each selector', async (t) => {
  const groups = [...filtered, ...split, ...learning.slice(0, 2)];
  const expr = parseExpr('sum(rate(up{job="node"}[5m] @ 1500)) / x{job="y"}');
  t.same(
    groupsLeftOut(expr, groups, planTimes).map(({ selector, group, reason }) => [
      printExpr(selector),
      group.name,
      reason,
    ]),
    [
      ['up{job="node"} @ 1500.000', 'apps', 'its label job="app" does not satisfy job="node"'],
      ['up{job="node"} @ 1500.000', 'new', 'it has samples from 1970-01-01T00:33:20.001Z on only'],
      ['up{job="node"} @ 1500.000', 'a', 'its label_filter knows of no value that satisfies job="node"'],
      ['up{job="node"} @ 1500.000', 'b', 'its label_filter knows of no value that satisfies job="node"'],
      ['x{job="y"}', 'nodes', 'its label_filter allows for no value that satisfies job="y"'],
      ['x{job="y"}', 'apps', 'its label job="app" does not satisfy job="y"'],
      ['x{job="y"}', 'a', 'its label_filter knows of no value that satisfies job="y"'],
    ],
  );
});
