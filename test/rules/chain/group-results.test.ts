// The newest results of the rules of a group.

import t from 'tap';

import { Labels, type TimeWindow } from '../../../src/model/index.js';
import { parseExpr, parseSelector } from '../../../src/promql/language/index.js';
import { GroupResults, NO_LOSS } from '../../../src/rules/chain/group-results.js';
import type { DependentRule } from '../../../src/rules/group/dependencies.js';
import type { OutgoingSample } from '../../../src/rules/index.js';

function rule(name: string, expr: string, hasTemplateQueries = false): DependentRule {
  return { kind: 'recording', name, expr: parseExpr(expr), hasTemplateQueries };
}

function samples(name: string, timeMs: number, values: readonly (number | 'stale')[]): OutgoingSample[] {
  return values.map((value, i) => ({
    labels: Labels.from({ __name__: name, i: String(i) }),
    timeMs,
    value: value === 'stale' ? NaN : value,
    isStale: value === 'stale',
  }));
}

const ALL: TimeWindow = { afterMs: -1, untilMs: 1000 };

function valuesOf(results: GroupResults, selector: string, window = ALL): number[] {
  return results.select(parseSelector(selector), window).map(({ values }) => values[0]!);
}

t.test('only metrics that a rule selects at the time of its evaluation are kept', async (t) => {
  const rules = [
    rule('a', 'up'),
    rule('b', 'a + 1'),
    rule('c', 'b offset 1m + max_over_time(a[5m:]) + rate(b[5m])'),
  ];
  const results = new GroupResults(rules, true);
  t.strictSame(
    ['a', 'b', 'c', 'up'].map((name) => results.keeps(name)),
    [true, false, false, false],
  );
  t.notOk(new GroupResults(rules, false).keeps('a'));
  t.ok(
    new GroupResults([...rules, rule('d', 'up', true)], true).keeps('b'),
    'templates may select any metric',
  );
});

t.test('the newest sample counts, unless it is outside of the window or a stale marker', async (t) => {
  const results = new GroupResults([rule('a', 'a')], true);
  results.begin(10);
  results.update(0, samples('a', 10, [1, 2]), NO_LOSS);
  t.strictSame(valuesOf(results, 'a'), [1, 2]);
  t.strictSame(valuesOf(results, 'a{i="1"}'), [2]);
  t.strictSame(valuesOf(results, 'a', { afterMs: 10, untilMs: 20 }), []);
  t.strictSame(valuesOf(results, 'a', { afterMs: 0, untilMs: 9 }), []);
  results.begin(20);
  results.update(0, samples('a', 20, [3, 'stale']), NO_LOSS);
  t.strictSame(valuesOf(results, 'a'), [3]);
  t.equal(results.seriesCount, 1);
  results.begin(30);
  t.equal(results.seriesCount, 1);
});

t.test('the first of two samples of a series at one time counts', async (t) => {
  const results = new GroupResults([rule('a', 'a'), rule('a', 'a')], true);
  results.begin(10);
  results.update(0, samples('a', 10, [1]), NO_LOSS);
  results.update(1, samples('a', 10, [2]), NO_LOSS);
  t.strictSame(valuesOf(results, 'a'), [1]);
  results.begin(20);
  results.update(0, samples('a', 20, ['stale']), NO_LOSS);
  results.update(1, samples('a', 20, [2]), NO_LOSS);
  t.strictSame(valuesOf(results, 'a'), []);
  results.begin(30);
  results.update(1, samples('a', 30, [2]), NO_LOSS);
  t.strictSame(valuesOf(results, 'a'), [2]);
});

t.test('a metric with too many series is dropped until there are fewer', async (t) => {
  const results = new GroupResults([rule('a', 'b'), rule('b', 'a')], true, 3);
  results.begin(10);
  t.ok(results.update(0, samples('a', 10, [1, 1]), NO_LOSS));
  t.notOk(results.update(1, samples('b', 10, [1, 1]), NO_LOSS), 'reported once');
  t.strictSame([results.stateOf(0), results.stateOf(1)], ['kept', 'dropped']);
  t.equal(results.seriesCount, 2);
  results.begin(20);
  t.ok(results.update(0, samples('a', 20, [1, 1]), NO_LOSS));
  t.ok(results.update(1, samples('b', 20, [1]), NO_LOSS));
  t.equal(results.stateOf(1), 'dropped');
  results.begin(30);
  t.ok(results.update(1, samples('b', 30, [1]), NO_LOSS));
  t.equal(results.stateOf(1), 'kept');
});

t.test('times in the future drop the results', async (t) => {
  const results = new GroupResults([rule('a', 'a')], true);
  results.begin(20);
  results.update(0, samples('a', 20, [1]), NO_LOSS);
  results.shiftTimes(-15);
  results.begin(10);
  t.strictSame(valuesOf(results, 'a', { afterMs: 4, untilMs: 5 }), [1]);
  t.equal(results.stateOf(0), 'kept');
  results.begin(0);
  t.strictSame(valuesOf(results, 'a'), []);
  t.equal(results.stateOf(0), 'none');
});

t.test('series that end do not count', async (t) => {
  const results = new GroupResults([rule('a', 'a')], true, 2);
  for (const timeMs of [10, 20, 30]) {
    results.begin(timeMs);
    const ended = timeMs === 10 ? [] : samples(`a`, timeMs, ['stale', 'stale']);
    const current = samples('a', timeMs, [1, 1]).map((sample) => ({
      ...sample,
      labels: sample.labels.with(Labels.from({ at: String(timeMs) })),
    }));
    const previous = ended.map((sample) => ({
      ...sample,
      labels: sample.labels.with(Labels.from({ at: String(timeMs - 10) })),
    }));
    t.ok(results.update(0, [...current, ...previous], NO_LOSS));
    t.equal(results.seriesCount, 2);
  }
});

t.test('the labels that a metric may have', async (t) => {
  const results = new GroupResults([rule('a', 'a')], true);
  t.ok(results.mayHaveLabel('a', 'any'), 'a metric without series');
  results.begin(10);
  results.update(0, samples('a', 10, [1]), NO_LOSS);
  t.ok(results.mayHaveLabel('a', 'i'));
  t.notOk(results.mayHaveLabel('a', 'any'));
  results.begin(20);
  results.update(0, samples('a', 20, ['stale']), NO_LOSS);
  results.begin(30);
  t.ok(results.mayHaveLabel('a', 'i'), 'a series that has ended');
  t.notOk(results.mayHaveLabel('a', 'any'));
});
