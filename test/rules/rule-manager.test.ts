import t from 'tap';

import { MemoryBudget, NO_LOG } from '../../src/runtime/index.js';
import { RuleManager } from '../../src/rules/index.js';
import { ManualTimers } from '../helpers/runtime/manual-timers.js';
import { alerting, groupSettings, recording, RuleBench } from '../helpers/rules/rule-groups.js';
import { NO_RULE_METRICS } from '../../src/rules/metrics.js';

const MINUTE = 60_000;

function setUp(): { timers: ManualTimers; bench: RuleBench; manager: RuleManager } {
  const timers = new ManualTimers();
  const bench = new RuleBench(timers);
  const manager = new RuleManager({ timers, metrics: NO_RULE_METRICS, log: NO_LOG });
  return { timers, bench, manager };
}

t.test('a group is evaluated once in each slot', async (t) => {
  const { timers, bench, manager } = setUp();
  bench.results.set('x', [[{ job: 'a' }, 1]]);
  await manager.update(bench.ruleSet([groupSettings('g', [recording('r', 'x')])]));
  await timers.pass(3 * MINUTE);
  const times = bench.queries.map(({ timeMs }) => timeMs);
  t.equal(times.length, 3);
  t.equal(times[1]! - times[0]!, MINUTE);
  t.equal(times[2]! - times[1]!, MINUTE);
  await manager.close();
  await timers.pass(3 * MINUTE);
  t.equal(bench.queries.length, 3, 'a closed manager evaluates nothing');
});

t.test('the rules of a group share their requests, those of different groups do not', async (t) => {
  const { timers, bench, manager } = setUp();
  for (const text of ['x', 'y']) bench.results.set(text, []);
  const rules = [recording('a', 'x'), alerting('B', 'y')];
  await manager.update(bench.ruleSet([groupSettings('g', rules), groupSettings('h', rules)]));
  await timers.pass(2 * MINUTE);
  const shared = new Set(bench.queries.map(({ batching }) => batching));
  t.equal(bench.queries.length, 8);
  t.equal(shared.size, 2);
  t.notOk(shared.has(undefined));
  await manager.close();
});

t.test('an evaluation that takes longer than the interval skips slots and never overlaps', async (t) => {
  const { timers, bench, manager } = setUp();
  bench.results.set('x', []);
  let running = 0;
  let most = 0;
  bench.beforeAnswer = async () => {
    most = Math.max(most, ++running);
    await new Promise<void>((resolve) => timers.schedule(2.5 * MINUTE, resolve));
    running--;
  };
  await manager.update(bench.ruleSet([groupSettings('g', [recording('r', 'x')])]));
  await timers.pass(9 * MINUTE);
  const times = bench.queries.map(({ timeMs }) => timeMs);
  t.equal(most, 1);
  t.strictSame(
    times.map((timeMs) => (timeMs - times[0]!) / MINUTE),
    [0, 2, 5, 7],
  );
});

t.test('groups whose region does not answer do not delay the others', async (t) => {
  const { timers, bench, manager } = setUp();
  bench.results.set('x', []);
  bench.results.set('hanging', []);
  bench.beforeAnswer = async (text) => {
    if (text === 'hanging') await new Promise<void>((resolve) => timers.schedule(10 * MINUTE, resolve));
  };
  const names = Array.from({ length: 10 }, (_, i) => `r${i}`);
  const hanging = names.map((group) =>
    groupSettings(
      group,
      names.map((rule) => recording(rule, 'hanging')),
    ),
  );
  const other = groupSettings(
    'other',
    names.map((rule) => recording(rule, 'x')),
  );
  await manager.update(bench.ruleSet([...hanging, other]));
  await timers.pass(3 * MINUTE);
  const count = (query: string): number => bench.queries.filter(({ text }) => text === query).length;
  t.equal(count('x'), 30);
  t.equal(count('hanging'), 14, 'one query for each group, and the shared ones');
  await timers.pass(120 * MINUTE);
  t.ok(count('hanging') > 100, 'the others have waited');
  bench.beforeAnswer = () => Promise.resolve();
  await timers.pass(10 * MINUTE);
  await manager.close();
});

t.test('an unchanged group keeps its state and its schedule at a reload', async (t) => {
  const { timers, bench, manager } = setUp();
  bench.results.set('x', [[{ job: 'a' }, 1]]);
  const settings = groupSettings('g', [alerting('A', 'x', 5 * MINUTE)]);
  await manager.update(bench.ruleSet([settings]));
  await timers.pass(2 * MINUTE);
  const [before] = manager.groups;
  await manager.update(bench.ruleSet([{ ...settings }]));
  t.equal(manager.groups[0], before);
  await timers.pass(MINUTE);
  t.equal(bench.queries.length, 3);
});

t.test('an unchanged group knows the metrics that other groups record', async (t) => {
  const { bench, manager } = setUp();
  const settings = groupSettings('g', [recording('r', 'x'), alerting('A', 'r')]);
  await manager.update(bench.ruleSet([settings]));
  const [group] = manager.groups;
  t.strictSame([...group!.recordedNames], [['r', 1]]);
  const other = groupSettings('h', [recording('r', 'y'), recording('r', 'x'), recording('s', 'x')]);
  await manager.update(bench.ruleSet([settings, other]));
  t.equal(manager.groups[0], group);
  t.strictSame([...group!.recordedNames].sort(), [
    ['r', 2],
    ['s', 1],
  ]);
  await manager.close();
});

t.test('a changed group adopts the state of its rules', async (t) => {
  const { timers, bench, manager } = setUp();
  bench.results.set('x', [[{ job: 'a' }, 1]]);
  await manager.update(bench.ruleSet([groupSettings('g', [alerting('A', 'x', 9 * MINUTE)])]));
  await timers.pass(3 * MINUTE);
  const activeAtMs = bench.queries[0]!.timeMs;
  const changed = groupSettings('g', [recording('r', 'x'), alerting('A', 'x', 2 * MINUTE)]);
  await manager.update(bench.ruleSet([changed]));
  await timers.pass(MINUTE);
  const [, rule] = manager.groups[0]!.rules;
  const [alert] = rule?.kind === 'alerting' ? [...rule.alerts] : [];
  t.equal(alert?.state, 'firing');
  t.equal(alert?.activeAtMs, activeAtMs);
});

t.test('series that a rule no longer returns get a stale marker', async (t) => {
  const { timers, bench, manager } = setUp();
  bench.results.set('x', [
    [{ job: 'a' }, 1],
    [{ job: 'b' }, 1],
  ]);
  await manager.update(bench.ruleSet([groupSettings('g', [recording('r', 'x')])]));
  await timers.pass(MINUTE);
  bench.results.set('x', [[{ job: 'a' }, 2]]);
  bench.samples.length = 0;
  await timers.pass(MINUTE);
  t.strictSame(
    bench.samples.map(({ labels, isStale }) => [labels.toString(), isStale]),
    [
      ['r{job="a"}', false],
      ['r{job="b"}', true],
    ],
  );
});

t.test('series of a removed rule get a stale marker at the next evaluation of the group', async (t) => {
  const { timers, bench, manager } = setUp();
  bench.results.set('x', [[{ job: 'a' }, 1]]);
  await manager.update(bench.ruleSet([groupSettings('g', [recording('r', 'x'), recording('s', 'x')])]));
  await timers.pass(MINUTE);
  bench.samples.length = 0;
  await manager.update(bench.ruleSet([groupSettings('g', [recording('r', 'x')])]));
  await timers.pass(MINUTE);
  t.strictSame(
    bench.samples.map(({ labels, isStale }) => [labels.toString(), isStale]),
    [
      ['r{job="a"}', false],
      ['s{job="a"}', true],
    ],
  );
});

t.test(
  'series of a removed group get stale markers after two intervals, unless another group writes them',
  async (t) => {
    const { timers, bench, manager } = setUp();
    bench.results.set('x', [[{ job: 'a' }, 1]]);
    const moved = recording('moved', 'x');
    await manager.update(bench.ruleSet([groupSettings('old', [moved, recording('gone', 'x')])]));
    await timers.pass(MINUTE);
    const removedAtMs = timers.now();
    await manager.update(bench.ruleSet([groupSettings('new', [moved])]));
    bench.samples.length = 0;
    await timers.pass(1.9 * MINUTE);
    t.notOk(bench.samples.some(({ isStale }) => isStale));
    await timers.pass(0.2 * MINUTE);
    t.strictSame(
      bench.samples.filter(({ isStale }) => isStale).map(({ labels, timeMs }) => [labels.toString(), timeMs]),
      [['gone{job="a"}', removedAtMs]],
    );
  },
);

t.test('a failed rule keeps its series and its alerts, and affects no other rule', async (t) => {
  const { timers, bench, manager } = setUp();
  bench.results.set('x', [[{ job: 'a' }, 1]]);
  bench.results.set('y', [[{ job: 'a' }, 1]]);
  await manager.update(bench.ruleSet([groupSettings('g', [alerting('A', 'x'), recording('r', 'y')])]));
  await timers.pass(MINUTE);
  bench.results.delete('x');
  bench.samples.length = 0;
  bench.alerts.length = 0;
  await timers.pass(MINUTE);
  const [failed, other] = manager.groups[0]!.rules;
  t.equal(failed!.evaluation.health, 'err');
  t.match(failed!.evaluation.lastError, /no result for x/);
  t.equal(other!.evaluation.health, 'ok');
  t.strictSame(
    bench.samples.map(({ labels }) => labels.toString()),
    ['r{job="a"}'],
  );
  t.strictSame(bench.alerts, []);
  t.equal(failed?.kind === 'alerting' && [...failed.alerts][0]?.state, 'firing');
});

t.test('the state of alerts is restored after the second evaluation, at the start only', async (t) => {
  const { timers, bench, manager } = setUp();
  bench.results.set('x', [[{ job: 'a' }, 1]]);
  await manager.update(bench.ruleSet([groupSettings('g', [alerting('A', 'x')])]));
  await timers.pass(MINUTE);
  t.strictSame(bench.restored, []);
  t.strictSame(bench.samples, [], 'nothing is written before the state is restored');
  await timers.pass(MINUTE);
  t.strictSame(bench.restored, ['g']);
  await timers.pass(MINUTE);
  t.ok(bench.samples.length > 0);
  await manager.update(bench.ruleSet([groupSettings('new', [alerting('A', 'x')])]));
  await timers.pass(3 * MINUTE);
  t.strictSame(bench.restored, ['g']);
});

t.test('an invalid group keeps the previous rules', async (t) => {
  const { bench, manager } = setUp();
  await manager.update(bench.ruleSet([groupSettings('g', [recording('r', 'x')])]));
  await t.rejects(manager.update(bench.ruleSet([groupSettings('h', [recording('r', 'sum(')])])));
  t.strictSame(
    manager.groups.map(({ settings }) => settings.name),
    ['g'],
  );
});

t.test('the series that rules hold are charged to the budget, and too many fail a rule', async (t) => {
  const { timers, bench, manager } = setUp();
  const limits = { budgetBytes: 100_000, perQueryBytes: 100_000 };
  const budget = new MemoryBudget(limits);
  bench.memory = budget.tryOpen(0);
  const series = (from: number, count: number): [Record<string, string>, number][] =>
    Array.from({ length: count }, (_, i) => [{ id: String(from + i) }, 1]);
  bench.results.set('few', series(0, 20));
  bench.results.set('many', series(0, 200));
  bench.results.set('changing', series(0, 20));
  const groups = [
    groupSettings('g', [recording('r', 'few'), alerting('A', 'many')]),
    groupSettings('h', [alerting('B', 'changing')]),
  ];
  await manager.update(bench.ruleSet(groups));
  await timers.pass(MINUTE);
  const [recorded, failed] = manager.groups[0]!.rules;
  t.equal(recorded!.evaluation.health, 'ok');
  t.match(failed!.evaluation.lastError, /^no memory for the 200 series of the rule; .*--memory$/);
  const held = budget.heldBytes;
  t.ok(held > 40 * 800, `${held} bytes`);
  // Alerts that are resolved are still held.
  bench.results.set('changing', series(20, 20));
  await timers.pass(MINUTE);
  t.ok(budget.heldBytes > held + 20 * 800, `${budget.heldBytes} bytes`);
  await manager.update(bench.ruleSet([]));
  t.equal(budget.heldBytes, 0);
  await manager.close();
});
