// Rules that read the results of other rules of their group, while no region returns these results.

import t from 'tap';

import type { RuleSettings } from '../../../src/config/index.js';
import { createHistogram, PromfedError } from '../../../src/model/index.js';
import type { RuleGroup } from '../../../src/rules/group/rule-group.js';
import { ChainBench, MINUTE } from '../../helpers/rules/chained-group.js';
import { alerting, groupSettings, recording } from '../../helpers/rules/rule-groups.js';

const UP = { __name__: 'up', job: 'a' };

/** The labels of the alerts of all rules, as text. */
function alertsOf(group: RuleGroup): string[] {
  return group.rules.flatMap((rule) =>
    rule.kind === 'alerting'
      ? [...rule.alerts].map(({ labels, state }) => `${labels.toString()} ${state}`)
      : [],
  );
}

/** Both regions have `up`, with the value 1 in eu and 2 in us. */
function benchWithUp(chainedResults?: 'memory' | 'regions'): ChainBench {
  const bench = new ChainBench(chainedResults);
  for (let minute = 0; minute < 10; minute++) {
    bench.append('eu', UP, minute * MINUTE, 1);
    bench.append('us', UP, minute * MINUTE, 2);
  }
  return bench;
}

const CHAIN: readonly RuleSettings[] = [
  recording('first', 'sum by (region) (up)'),
  recording('second', 'sum(first)'),
  recording('third', 'first / on () group_left second'),
  alerting('Late', 'third{region="us"} > 0.6'),
];

t.test('a chain of three rules and an alert is right at the first evaluation', async (t) => {
  const bench = benchWithUp();
  const group = bench.group(CHAIN);
  await group.evaluate(0, 0);
  t.match(bench.newest(), {
    'first{region="eu"}': 1,
    'first{region="us"}': 2,
    second: 3,
    'third{region="eu"}': 1 / 3,
    'third{region="us"}': 2 / 3,
  });
  t.strictSame(alertsOf(group), ['{alertname="Late", region="us"} firing']);
  t.strictSame(
    bench.queries.filter((query) => /first|second|third/.test(query)),
    [],
    'no region is asked for results',
  );
});

t.test('the same chain reads the regions with chained_results: regions', async (t) => {
  const bench = benchWithUp('regions');
  const group = bench.group(CHAIN);
  await group.evaluate(0, 0);
  t.strictSame(Object.keys(bench.newest()), ['first{region="eu"}', 'first{region="us"}']);
});

t.test('an aggregate over two regions and an alert that uses it with on()', async (t) => {
  const bench = benchWithUp();
  const group = bench.group([
    recording('total', 'sum(up)'),
    alerting('Share', 'up / on () group_left () total > 0.5'),
    alerting('Absent', 'absent(total)'),
  ]);
  await group.evaluate(0, 0);
  t.strictSame(alertsOf(group), ['{alertname="Share", job="a", region="us"} firing']);
});

t.test('a rule reads the previous results of later rules, and its own', async (t) => {
  const bench = benchWithUp();
  const group = bench.group([
    recording('previous', 'later + 0'),
    recording('count', '(count or vector(0)) + 1'),
    recording('later', 'sum(up) * time()'),
  ]);
  for (let minute = 0; minute < 3; minute++) await group.evaluate(minute * MINUTE, 0);
  t.match(bench.newest(), { previous: 3 * 60, count: 3, later: 3 * 120 });
});

t.test('results end with their series, with their rule and after the lookback', async (t) => {
  const bench = new ChainBench();
  bench.append('eu', UP, 0, 1);
  bench.append('eu', UP, MINUTE, 'stale');
  bench.append('us', UP, 0, 1);
  const group = bench.group([recording('copy', 'up'), recording('count', 'count(copy)')]);
  await group.evaluate(0, 0);
  t.equal(bench.newest()['count'], 2);
  await group.evaluate(MINUTE, 0);
  t.equal(bench.newest()['count'], 1, 'a series that ended');
  await group.evaluate(6 * MINUTE, 0);
  t.equal(bench.newest()['count'], undefined, 'no series is left');
});

t.test('a failed rule leaves its last results visible for the lookback', async (t) => {
  const bench = benchWithUp();
  // From the second evaluation on two series have equal labels.
  const failing = bench.group([
    recording('duplicate', 'up{region="eu"} or up and on () vector(time()) > 0', { region: '' }),
    recording('reads', 'max(duplicate) + 0'),
  ]);
  await failing.evaluate(0, 0);
  t.equal(bench.newest()['reads'], 1);
  bench.written.length = 0;
  await failing.evaluate(MINUTE, 0);
  t.equal(failing.rules[0]!.evaluation.health, 'err');
  t.equal(bench.newest()['reads'], 1, 'the result of the minute before');
  for (let minute = 2; minute < 6; minute++) await failing.evaluate(minute * MINUTE, 0);
  t.equal(bench.newest()['reads'], undefined, 'after five minutes');
});

t.test('a rule that has not succeeded yet is read from the regions', async (t) => {
  const bench = new ChainBench();
  bench.append('results', { __name__: 'x', source: 'promfed' }, 0, 7);
  const group = bench.group([recording('reads', 'x + 0'), recording('x', 'vector(1)')]);
  await group.evaluate(0, 0);
  t.match(bench.newest(), { 'reads{source="promfed"}': 7 });
  await group.evaluate(MINUTE, 0);
  t.match(bench.newest(), { reads: 1 });
});

t.test('a metric is read from the regions until all rules that record it have succeeded', async (t) => {
  const bench = new ChainBench();
  bench.append('results', { __name__: 'x', kind: 'b' }, 0, 7);
  const group = bench.group([
    recording('x', 'vector(1)', { kind: 'a' }),
    alerting('Lost', 'absent(x{kind="b"})'),
    recording('x', 'vector(2)', { kind: 'b' }),
  ]);
  await group.evaluate(0, 0);
  t.strictSame(alertsOf(group), [], 'a result from before the start is not absent');
  await group.evaluate(MINUTE, 0);
  t.strictSame(alertsOf(group), []);
});

t.test('results have the labels that they were recorded with', async (t) => {
  const bench = benchWithUp();
  // Written with an external label, and read back through a region.
  bench.append('results', { __name__: 'x', job: 'a', source: 'promfed' }, 0, 17);
  bench.append('results', { __name__: 'other', job: 'a', source: 'promfed' }, 0, 17);
  const cases: readonly [expr: string, values: Record<string, number>, why: string][] = [
    ['x + 0', { 'reads{job="a"}': 3 }, 'no external label'],
    ['x{job="a"} + 0', { 'reads{job="a"}': 3 }, 'a matcher on a recorded label'],
    ['x{region!="eu"} + 0', { 'reads{job="a"}': 3 }, 'a matcher that allows the label to be missing'],
    [
      'x{source="promfed"} + 0',
      { 'reads{job="a", source="promfed"}': 17 },
      'a label that only the regions return',
    ],
    ['x + x{source=~".+"}', { 'reads{job="a", source="promfed"}': 34 }, 'both sides from the regions'],
    ['x + x offset 0s', { 'reads{job="a"}': 6 }, 'an offset of zero'],
    ['x + x @ 0', { 'reads{job="a", source="promfed"}': 34 }, 'another time of the same metric'],
    ['x + last_over_time(x[1m])', { 'reads{job="a", source="promfed"}': 34 }, 'a range of the same metric'],
    [
      'x + {__name__=~"x|y"}',
      { 'reads{job="a", source="promfed"}': 34 },
      'a pattern that matches the metric',
    ],
    ['x + other', { 'reads{job="a", source="promfed"}': 34 }, 'a metric of another rule group'],
    ['x + up{region="us"} * 0', {}, 'a metric of a region, which has its labels'],
    ['x + on (job) up{region="us"}', { 'reads{job="a"}': 5 }, 'a metric of a region with on()'],
  ];
  for (const [expr, values, why] of cases) {
    bench.written.length = 0;
    const [group] = bench.groups(
      groupSettings('g', [recording('x', 'sum by (job) (up)'), recording('reads', expr)]),
      groupSettings('h', [recording('other', 'up')]),
    );
    await group!.evaluate(0, 0);
    const reads = Object.entries(bench.newest()).filter(([series]) => series.startsWith('reads'));
    t.strictSame(Object.fromEntries(reads), values, `${expr}: ${why}`);
  }
});

t.test('a metric that two rule groups record is read from the regions', async (t) => {
  const bench = benchWithUp();
  bench.append('results', { __name__: 'x' }, 0, 17);
  const [group] = bench.groups(
    groupSettings('g', [recording('x', 'sum(up)'), recording('reads', 'x + 0')]),
    groupSettings('h', [recording('x', 'sum(down)')]),
  );
  await group!.evaluate(0, 0);
  t.equal(bench.newest()['reads'], 17);
  group!.recordedNames = new Map([
    ['x', 1],
    ['reads', 1],
  ]);
  await group!.evaluate(MINUTE, 0);
  t.equal(bench.newest()['reads'], 3, 'the other group no longer records it');
});

t.test('with query_offset results have the times of the queries', async (t) => {
  const bench = benchWithUp();
  const group = bench.group(
    [recording('x', 'sum(up)'), recording('age', 'time() - timestamp(x)'), recording('reads', 'x + 0')],
    { queryOffsetMs: 2 * MINUTE },
  );
  await group.evaluate(3 * MINUTE, 0);
  t.match(bench.newest(), { age: 0, reads: 3 });
  t.equal(bench.written[0]!.timeMs, MINUTE);
});

t.test('queries of templates read the results', async (t) => {
  const bench = benchWithUp();
  const settings = {
    ...alerting('Template', 'vector(1)'),
    annotations: [['total', '{{ with query "total + 1" }}{{ . | first | value }}{{ end }}']],
  } as const;
  const group = bench.group([recording('total', 'sum(up)'), settings]);
  await group.evaluate(0, 0);
  const rule = group.rules[1]!;
  t.strictSame(rule.kind === 'alerting' && [...rule.alerts][0]!.annotations, [['total', '4']]);
});

t.test('histograms are results too', async (t) => {
  const bench = new ChainBench();
  const histogram = createHistogram({
    schema: 0,
    sum: 5,
    count: 2,
    zeroCount: 0,
    zeroThreshold: 0,
    positive: { indices: [1], counts: [2] },
    negative: { indices: [], counts: [] },
    customValues: [],
    hint: 'unknown',
  });
  for (const region of ['eu', 'us'] as const) bench.append(region, { __name__: 'h' }, 0, histogram);
  const group = bench.group([
    recording('sums', 'sum(h)'),
    recording('counted', 'histogram_count(sums)'),
    recording('doubled', 'sums * 2'),
  ]);
  await group.evaluate(0, 0);
  t.match(bench.newest(), { sums: 4, counted: 4, doubled: 8 });
});

t.test('rules that do not depend on each other share their requests', async (t) => {
  const bench = benchWithUp();
  const group = bench.group([
    recording('a', 'sum(up)'),
    recording('b', 'max(up)'),
    recording('both', 'a + b'),
    recording('more', 'b * on () group_right () min by (region) (up)'),
  ]);
  await group.evaluate(0, 0);
  t.match(bench.newest(), { a: 3, b: 2, both: 5, 'more{region="eu"}': 2, 'more{region="us"}': 4 });
  t.equal(bench.queries.filter((query) => query.startsWith('eu: ')).length, 2, 'one request for each batch');
});

t.test('a group that replaces another one has its results', async (t) => {
  const bench = benchWithUp();
  const rules = [recording('previous', 'later + 0'), recording('later', 'sum(up)')];
  const group = bench.group(rules);
  await group.evaluate(0, 0);
  const next = bench.group([...rules, recording('more', 'count(later)')]);
  next.adopt(group);
  await next.evaluate(MINUTE, 0);
  t.match(bench.newest(), { previous: 3, later: 3, more: 1 });
});

t.test('series of a rule that is gone are results until the end of the next evaluation', async (t) => {
  const bench = benchWithUp();
  const count = recording('count', 'count(x)');
  const group = bench.group([recording('x', 'up', { from: 'old' }), count]);
  await group.evaluate(0, 0);
  t.equal(bench.newest()['count'], 2);
  const next = bench.group([recording('x', 'up', { from: 'new' }), count]);
  next.adopt(group);
  await next.evaluate(MINUTE, 0);
  t.equal(bench.newest()['count'], 4);
  await next.evaluate(2 * MINUTE, 0);
  t.equal(bench.newest()['count'], 2);
});

t.test('results stay when the clock is set back', async (t) => {
  const bench = benchWithUp();
  const group = bench.group([recording('previous', 'later + 0'), recording('later', 'time()')]);
  await group.evaluate(5 * MINUTE, 0);
  await group.evaluate(6 * MINUTE, 0);
  t.match(bench.newest(), { previous: 300 });
  await group.evaluate(MINUTE, 0);
  t.match(bench.newest(), { previous: 360 });
  await group.evaluate(2 * MINUTE, 0);
  t.match(bench.newest(), { previous: 60 });
});

t.test('a region that is missing from a result is missing from the results that follow', async (t) => {
  const bench = benchWithUp();
  const group = bench.group([recording('x', 'sum by (region) (up)'), alerting('Low', 'x < 5')]);
  await group.evaluate(0, 0);
  t.equal(alertsOf(group).length, 2);
  bench.regions.us.failure = new PromfedError('upstream', 'down');
  await group.evaluate(MINUTE, 0);
  t.strictSame(group.rules[1]!.evaluation.missingGroups, ['us']);
  t.strictSame(
    alertsOf(group),
    ['{alertname="Low", region="eu"} firing', '{alertname="Low", region="us"} firing'],
    'the alert of the missing region is held',
  );
});

t.test('results of the other regions go on while a region is missing', async (t) => {
  const bench = new ChainBench();
  for (let minute = 0; minute < 10; minute++) {
    bench.append('eu', UP, minute * MINUTE, 1);
    bench.append('us', UP, minute * MINUTE, minute);
  }
  const group = bench.group([
    recording('x', 'sum by (region) (up)'),
    recording('doubled', 'x * 2'),
    recording('moved', 'x{region="us"} + 0', { region: 'moved' }),
    recording('reads_moved', 'moved + 0'),
    recording('total', 'sum(x)'),
    recording('again', '(again or up * 0) + 1'),
    alerting('Two', 'doubled == 2'),
    alerting('Total', 'total > 3'),
  ]);
  for (let minute = 0; minute < 2; minute++) await group.evaluate(minute * MINUTE, 0);
  t.strictSame(alertsOf(group), [
    '{alertname="Two", region="eu"} firing',
    '{alertname="Two", region="us"} firing',
  ]);
  bench.regions.eu.failure = new PromfedError('upstream', 'down');
  bench.written.length = 0;
  for (let minute = 2; minute < 4; minute++) await group.evaluate(minute * MINUTE, 0);
  t.match(bench.newest(), {
    'doubled{region="eu"}': 2,
    'doubled{region="us"}': 6,
    'moved{region="moved"}': 3,
    'again{job="a", region="us"}': 4,
  });
  t.notOk(
    bench.written.some(({ labels }) => /total|reads_moved|^x.*eu/.test(labels.toString())),
    'nothing is written whose value may depend on the missing region',
  );
  t.strictSame(
    alertsOf(group),
    ['{alertname="Two", region="eu"} firing', '{alertname="Two", region="us"} inactive'],
    'only the alert of the missing region is held',
  );
  bench.regions.eu.failure = undefined;
  for (let minute = 4; minute < 6; minute++) await group.evaluate(minute * MINUTE, 0);
  t.strictSame(
    group.rules.flatMap(({ evaluation }) => evaluation.missingGroups),
    [],
    'rules that read their own results recover too',
  );
  t.match(bench.newest(), { total: 6, 'reads_moved{region="moved"}': 5 });
  t.ok(alertsOf(group).includes('{alertname="Total"} firing'));
});
