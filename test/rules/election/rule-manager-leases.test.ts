// Groups that are gained and lost while they are evaluated.

import t from 'tap';

import { RuleManager } from '../../../src/rules/index.js';
import { NO_RULE_METRICS } from '../../../src/rules/metrics.js';
import { NO_LOG } from '../../../src/runtime/index.js';
import { TestOwnership } from '../../helpers/rules/election/test-ownership.js';
import { alerting, groupSettings, recording, RuleBench } from '../../helpers/rules/rule-groups.js';
import { ManualTimers } from '../../helpers/runtime/manual-timers.js';

const MINUTE = 60_000;
const KEY = 'rules.yaml;g';

function setUp() {
  const timers = new ManualTimers();
  const bench = new RuleBench(timers);
  const ownership = new TestOwnership();
  bench.ownership = ownership;
  bench.results.set('x', [[{ job: 'a' }, 1]]);
  const groups: string[] = [];
  const metrics = {
    ...NO_RULE_METRICS,
    groupAdded: (key: string) => groups.push(key),
    groupRemoved: (key: string) => groups.splice(groups.indexOf(key), 1),
  };
  const manager = new RuleManager({ timers, metrics, log: NO_LOG });
  const update = (expr = 'x') =>
    manager.update(bench.ruleSet([groupSettings('g', [recording('r', expr), alerting('A', expr)])]));
  return { timers, bench, ownership, manager, groups, update };
}

t.test('a group is evaluated only while its lease is held', async (t) => {
  const { timers, bench, ownership, manager, groups, update } = setUp();
  await update();
  await timers.pass(3 * MINUTE);
  t.equal(bench.queries.length, 0);
  t.strictSame(groups, [], 'a group that another replica evaluates has no metrics');
  t.equal(manager.groups.length, 1);
  t.equal(manager.holderOf(manager.groups[0]!), 'another replica');

  const lease = ownership.grant(KEY);
  await timers.pass(2 * MINUTE);
  t.equal(bench.queries.length, 4);
  t.strictSame(bench.resumed, ['g'], 'the state of another replica is read once');
  t.equal(bench.alerts[0]!.lease, lease);
  t.strictSame(groups, [KEY]);

  lease.isHeld = false;
  await timers.pass(2 * MINUTE);
  t.equal(bench.queries.length, 4);
  lease.isHeld = true;
  await timers.pass(MINUTE);
  t.equal(bench.queries.length, 6, 'a lease that is valid again continues');
  t.strictSame(bench.resumed, ['g']);

  await ownership.revoke(KEY, true);
  await timers.pass(2 * MINUTE);
  t.equal(bench.queries.length, 6);
  t.strictSame(groups, []);
  t.equal(bench.samples.filter(({ isStale }) => isStale).length, 0, 'the series continue in another replica');
  t.strictSame(
    [...manager.groups[0]!.rules].map(({ evaluation }) => evaluation.health),
    ['unknown', 'unknown'],
  );
  await manager.close();
});

t.test('results that arrive after the end of the lease have no effect', async (t) => {
  const { timers, bench, ownership, manager, update } = setUp();
  await update();
  ownership.grant(KEY);
  let answer: () => void = () => undefined;
  const answers = new Promise<void>((resolve) => (answer = resolve));
  bench.beforeAnswer = () => answers;
  await timers.pass(MINUTE);
  t.equal(bench.queries.length, 2);
  const revoked = ownership.revoke(KEY, false);
  answer();
  await revoked;
  t.strictSame(bench.alerts, []);
  t.strictSame(bench.samples, []);
  await manager.close();
});

t.test('a group that is given up finishes its evaluation first', async (t) => {
  const { timers, bench, ownership, manager, update } = setUp();
  await update();
  ownership.grant(KEY);
  let answer: () => void = () => undefined;
  const answers = new Promise<void>((resolve) => (answer = resolve));
  bench.beforeAnswer = () => answers;
  await timers.pass(MINUTE);
  let isStopped = false;
  const revoked = ownership.revoke(KEY, true).then(() => (isStopped = true));
  await timers.pass(MINUTE);
  t.equal(isStopped, false);
  t.equal(bench.queries.length, 2, 'no further evaluation begins');
  answer();
  await revoked;
  t.equal(bench.alerts.length, 1);
  t.equal(bench.samples.length, 3);
  await manager.close();
});

t.test('a reload keeps the state of a group whose lease is kept', async (t) => {
  const { timers, bench, ownership, manager, update } = setUp();
  await update();
  ownership.grant(KEY);
  await timers.pass(2 * MINUTE);
  bench.results.set('x + 0', [[{ job: 'a' }, 1]]);
  await update('x + 0');
  t.strictSame(bench.resumed, ['g']);
  const [, rule] = manager.groups[0]!.rules;
  t.equal(rule!.evaluation.health, 'ok');
  await ownership.revoke(KEY, true);
  ownership.grant(KEY);
  t.strictSame(bench.resumed, ['g', 'g'], 'a group that is gained again reads its state again');
  await timers.pass(MINUTE);
  t.equal(bench.queries.at(-1)!.text, 'x + 0');
  await manager.close();
});
