// Which groups a selector concerns: by what is declared of their labels, and by the times of its samples.

import assert from 'node:assert/strict';

import fc from 'fast-check';
import t from 'tap';

import {
  compileMatcher,
  gridEndMs,
  Labels,
  rangeGrid,
  type LabelFilter,
  type TimeBounds,
} from '../../../src/model/index.js';
import {
  operands,
  planDistributed,
  printPlan,
  printExclusion,
  pruneGroups,
  type PlannedGroup,
  type PlanNode,
} from '../../../src/promql/plan/index.js';
import { parseExpr, parseSelector } from '../../../src/promql/language/index.js';
import { GroupFilter } from '../../../src/upstreams/learn/group-filter.js';
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
  const values = Object.entries(learned).flatMap(([label, own]) =>
    own === undefined ? [] : [[label, new Set(own)] as const],
  );
  return { filter: new GroupFilter(settings).with(new Map(values)) };
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
    const relevant = pruneGroups(parseSelector(selector), filtered).groups.map(({ name }) => name);
    t.same(relevant, names, selector);
  }
  t.match(pruneGroups(parseSelector('up{job="mars"}'), filtered).excluded, [
    { group: { name: 'nodes' }, reasons: [{ kind: 'configured', matcher: { name: 'job', value: 'mars' } }] },
    { group: { name: 'apps' }, reasons: [{ kind: 'label', matcher: { name: 'job' } }] },
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
    const relevant = pruneGroups(parseSelector(selector), learning).groups.map(({ name }) => name);
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
      const relevant = pruneGroups(matchers, planned).groups;
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

const overlapping = [group('old', bounds(undefined, 2_600_000)), group('new', bounds(2_000_001))];
const apart = [group('old', bounds(undefined, 2_000_000)), group('new', bounds(2_600_000))];
const three = [
  group('old', bounds(undefined, 2_000_000)),
  group('middle', bounds(2_000_001, 3_000_000)),
  group('new', bounds(3_000_001)),
];

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
    name: 'only the steps with a window on both sides are computed from raw samples',
    groups: split,
    expr: 'rate(x[5m])',
    plan: AROUND,
  },
  { name: 'and so is one that is to be cut', groups: cut, expr: 'rate(x[5m])', plan: AROUND },
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
    name: 'a group that aligns ranges with the step is asked for raw samples where this one is not aligned',
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

const segmented: PlanCase[] = [
  {
    name: 'where the times of groups overlap, both are asked for the windows that both have whole',
    groups: overlapping,
    expr: 'sum(rate(x[5m]))',
    plan: `
5 time segments
  steps 1970-01-01T00:16:40.000Z to 1970-01-01T00:33:10.000Z
    fetch
      old: sum(rate(x[5m]))
  steps 1970-01-01T00:33:25.000Z to 1970-01-01T00:38:10.000Z
    sum
      rate()
        range 300000ms
          selector {__name__="x"}
  steps 1970-01-01T00:38:25.000Z to 1970-01-01T00:43:10.000Z
    sum
      fetch, overlapping
        old: rate(x[5m])
        new: rate(x[5m])
  steps 1970-01-01T00:43:25.000Z to 1970-01-01T00:48:10.000Z
    sum
      rate()
        range 300000ms
          selector {__name__="x"}
  steps 1970-01-01T00:48:25.000Z to 1970-01-01T01:16:40.000Z
    fetch
      new: sum(rate(x[5m]))`,
  },
  {
    name: 'each boundary has its own steps around it',
    groups: three,
    expr: 'stddev(x)',
    plan: `
5 time segments
  steps 1970-01-01T00:16:40.000Z to 1970-01-01T00:33:10.000Z
    fetch
      old: stddev(x)
  steps 1970-01-01T00:33:25.000Z to 1970-01-01T00:38:10.000Z
    stddev
      selector {__name__="x"}
  steps 1970-01-01T00:38:25.000Z to 1970-01-01T00:49:55.000Z
    fetch
      middle: stddev(x)
  steps 1970-01-01T00:50:10.000Z to 1970-01-01T00:54:55.000Z
    stddev
      selector {__name__="x"}
  steps 1970-01-01T00:55:10.000Z to 1970-01-01T01:16:40.000Z
    fetch
      new: stddev(x)`,
  },
  {
    name: 'no window touches both sides of a gap that is wider',
    groups: apart,
    expr: 'sum(rate(x[5m]))',
    plan: `
2 time segments
  steps 1970-01-01T00:16:40.000Z to 1970-01-01T00:43:10.000Z
    fetch
      old: sum(rate(x[5m]))
  steps 1970-01-01T00:43:25.000Z to 1970-01-01T01:16:40.000Z
    fetch
      new: sum(rate(x[5m]))`,
  },
  {
    name: 'the inside of a subquery reaches over a boundary for as long as both ranges do, and an offset later',
    groups: split,
    expr: 'max_over_time(sum(x)[10m:1m] offset 2m)',
    plan: `
3 time segments
  steps 1970-01-01T00:16:40.000Z to 1970-01-01T00:35:10.000Z
    fetch
      old: max_over_time(sum(x)[10m:1m] offset 2m)
  steps 1970-01-01T00:35:25.000Z to 1970-01-01T00:50:10.000Z
    max_over_time()
      subquery 600000ms:60000
        sum
          selector {__name__="x"}
  steps 1970-01-01T00:50:25.000Z to 1970-01-01T01:16:40.000Z
    fetch
      new: max_over_time(sum(x)[10m:1m] offset 2m)`,
  },
  {
    name: 'a segment is not cut where the raw samples of a long window would be asked for once more',
    groups: split,
    expr: 'sum(rate(x[5m])) / sum(rate(x[50m]))',
    plan: `
2 time segments
  steps 1970-01-01T00:16:40.000Z to 1970-01-01T00:33:10.000Z
    fetch
      old: sum(rate(x[5m])) / sum(rate(x[50m]))
  steps 1970-01-01T00:33:25.000Z to 1970-01-01T01:16:40.000Z
    /
      sum
        rate()
          range 300000ms
            selector {__name__="x"}
      sum
        rate()
          range 3000000ms
            selector {__name__="x"}`,
  },
  {
    name: 'series that only lose their names are seen together: equal ones are an error, however far apart',
    groups: split,
    expr: 'rate({__name__=~"x|y"}[5m])',
    plan: `
rate()
  range 300000ms
    selector {__name__=~"x|y"}`,
  },
  {
    name: 'so are those that a set operator puts into a subquery',
    groups: split,
    expr: 'rate((x or y)[5m:1m])',
    plan: `
rate()
  subquery 300000ms:60000
    or
      selector {__name__="x"}
      selector {__name__="y"}`,
  },
  {
    name: 'a parameter that may be NaN at some step is seen as a whole',
    groups: split,
    expr: 'topk(scalar(x), y)',
    plan: `
topk
  scalar()
    selector {__name__="x"}
  selector {__name__="y"}`,
  },
  {
    name: 'the times of the query stay those of all its steps',
    groups: split,
    expr: 'x @ start() - x @ end() - x',
    plan: `
3 time segments
  steps 1970-01-01T00:16:40.000Z to 1970-01-01T00:33:10.000Z
    -
      -
        fetch
          old: x @ 1000.000
        fetch
          new: x @ 4607.000
      fetch
        old: x
  steps 1970-01-01T00:33:25.000Z to 1970-01-01T00:38:10.000Z
    -
      -
        fetch
          old: x @ 1000.000
        fetch
          new: x @ 4607.000
      selector {__name__="x"}
  steps 1970-01-01T00:38:25.000Z to 1970-01-01T01:16:40.000Z
    -
      -
        fetch
          old: x @ 1000.000
        fetch
          new: x @ 4607.000
      fetch
        new: x`,
  },
];

testPlans('steps are planned in segments where a range reaches over the times of groups', segmented);

t.test('each step is in one segment, which is planned as its steps would be by themselves', async () => {
  const bound = fc.option(fc.integer({ min: 900, max: 4_700 }), { nil: undefined });
  const made = fc.array(fc.record({ from: bound, to: bound, truncate: fc.boolean() }), {
    minLength: 1,
    maxLength: 4,
  });
  const expr = fc.constantFrom(
    'sum(x)',
    'rate(x[7m] offset 3m)',
    'sum(x) - sum(rate(x[10m]))',
    'abs(x @ 2000)',
  );
  const stepMs = fc.constantFrom(1_000, 15_000, 77_000, 900_000, 3_000_000);
  fc.assert(
    fc.property(made, expr, stepMs, (made, text, stepMs) => {
      const groups = made.map(({ from, to, truncate }, i) =>
        group(`g${i}`, bounds(from && from * 1000, to && to * 1000, truncate)),
      );
      const times = { ...planTimes, stepMs };
      const parsed = parseExpr(text);
      const whole = rangeGrid(times.startMs, times.endMs, stepMs);
      const plan = planDistributed(parsed, groups, times);
      if (plan.kind !== 'segments') return;
      let nextMs = whole.startMs;
      for (const { grid, input } of plan.segments) {
        assert.equal(grid.startMs, nextMs);
        nextMs = gridEndMs(grid) + stepMs;
        const steps = { firstMs: grid.startMs, lastMs: gridEndMs(grid) };
        assert.equal(printPlan(input), printPlan(planDistributed(parsed, groups, { ...times, steps })));
      }
      assert.equal(nextMs, gridEndMs(whole) + stepMs);
      assert.ok(plan.segments.length >= 2 && plan.segments.length <= 16);
    }),
    { numRuns: 500 },
  );
});

testPlans('the data window of each selector decides which groups it concerns', cases);

t.test('a plan names the excluded groups of each fetch and selector, with the reasons', async (t) => {
  const groups = [
    ...filtered,
    ...split,
    ...learning.slice(0, 2),
    group('scoped', { inject: [{ name: 'job', op: '=', value: 'batch' }] }),
  ];
  const excludedOf = (node: PlanNode): unknown[] => {
    const own = node.kind === 'fetch' || node.kind === 'selector' ? node.excluded : [];
    return [
      ...own.map((one) => [one.group.name, printExclusion(one)]),
      ...operands(node).flatMap((operand) => excludedOf(operand)),
    ];
  };
  const expr = parseExpr('sum(rate(up{job="node"}[5m] @ 1500)) / x{job="y"}');
  const instant = { ...planTimes, endMs: planTimes.startMs, stepMs: 0 };
  t.same(excludedOf(planDistributed(expr, groups, instant)), [
    ['apps', 'its label job="app" does not match job="node"'],
    ['new', 'its time range begins at 1970-01-01T00:33:20.001Z'],
    ['a', 'none of its learned label values matches job="node"'],
    ['b', 'none of its learned label values matches job="node"'],
    ['scoped', 'its injected matcher job="batch" excludes job="node"'],
    ['nodes', 'its label_filter allows no value that matches job="y"'],
    ['apps', 'its label job="app" does not match job="y"'],
    ['new', 'its time range begins at 1970-01-01T00:33:20.001Z'],
    ['a', 'none of its learned label values matches job="y"'],
    ['scoped', 'its injected matcher job="batch" excludes job="y"'],
  ]);
});

t.test('a group that aligns ranges with the step computes an aligned one', async (t) => {
  const mimir = group('mimir', { labels: Labels.from({ region: 'eu' }), alignsRanges: true });
  const plan = planDistributed(parseExpr('sum(rate(x[5m]))'), [mimir], { ...planTimes, startMs: 1_005_000 });
  t.equal(printPlan(plan), 'fetch\n  mimir: sum(rate(x[5m]))');
});
