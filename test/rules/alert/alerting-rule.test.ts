import t from 'tap';

import { Labels } from '../../../src/model/index.js';
import type { AlertingRule } from '../../../src/rules/alert/alerting-rule.js';
import type { RuleResult } from '../../../src/rules/query/rule-result.js';
import { createTestRule, resultOf } from '../../helpers/rules/rule-setup.js';

const MINUTE = 60_000;
const PRESENT = resultOf([{ __name__: 'x', job: 'a' }]);
const ABSENT = resultOf([]);

/** Evaluates one result a minute. Returns the states after each, joined by commas. */
async function statesOf(
  rule: AlertingRule,
  results: readonly RuleResult[],
  startMinute = 0,
): Promise<string[]> {
  const states: string[] = [];
  for (const [i, result] of results.entries()) {
    await rule.evaluate(result, { timeMs: (startMinute + i) * MINUTE, queryOffsetMs: 0 }, 0);
    states.push([...rule.alerts].map(({ state }) => state).join(','));
  }
  return states;
}

t.test('an alert is pending for the time of `for`, then firing, then inactive', async (t) => {
  const rule = createTestRule({ forMs: 2 * MINUTE });
  const states = await statesOf(rule, [PRESENT, PRESENT, PRESENT, PRESENT, ABSENT]);
  t.strictSame(states, ['pending', 'pending', 'firing', 'firing', 'inactive']);
  const [alert] = rule.alerts;
  t.equal(alert!.firedAtMs, 2 * MINUTE);
  t.equal(alert!.resolvedAtMs, 4 * MINUTE);
});

t.test('a pending alert whose series ends is removed', async (t) => {
  const rule = createTestRule({ forMs: 5 * MINUTE });
  t.strictSame(await statesOf(rule, [PRESENT, ABSENT, PRESENT]), ['pending', '', 'pending']);
  t.equal([...rule.alerts][0]!.activeAtMs, 2 * MINUTE);
});

t.test('a resolved alert is kept for 15 minutes', async (t) => {
  const rule = createTestRule();
  await statesOf(rule, [PRESENT]);
  const states = await statesOf(rule, new Array<RuleResult>(18).fill(ABSENT), 1);
  t.strictSame(states.slice(0, 16), new Array<string>(16).fill('inactive'));
  t.strictSame(states.slice(16), ['', '']);
});

t.test('a resolved alert that is active again starts anew', async (t) => {
  const rule = createTestRule();
  await statesOf(rule, [PRESENT, ABSENT, PRESENT]);
  const [alert] = rule.alerts;
  t.equal(alert!.state, 'firing');
  t.equal(alert!.activeAtMs, 2 * MINUTE);
  t.equal(alert!.resolvedAtMs, undefined);
});

t.test('keep_firing_for delays the end of a firing alert', async (t) => {
  const rule = createTestRule({ keepFiringForMs: 2 * MINUTE });
  const states = await statesOf(rule, [PRESENT, ABSENT, ABSENT, PRESENT, ABSENT, ABSENT, ABSENT]);
  t.strictSame(states, ['firing', 'firing', 'firing', 'firing', 'firing', 'firing', 'inactive']);
});

t.test('labels of the rule override labels of the sample, and alertname overrides both', async (t) => {
  const rule = createTestRule({ labels: { job: 'rule', alertname: 'other', severity: 'page' } });
  await statesOf(rule, [PRESENT]);
  const [alert] = rule.alerts;
  t.strictSame(alert!.labels.toJSON(), { alertname: 'Test', job: 'rule', severity: 'page' });
});

t.test('two alerts with equal labels fail the evaluation and keep the state', async (t) => {
  const rule = createTestRule({ labels: { job: 'same' } });
  await statesOf(rule, [PRESENT]);
  await t.rejects(statesOf(rule, [resultOf([{ job: 'a' }, { job: 'b' }])], 1), {
    message: 'vector contains metrics with the same labelset after applying alert labels',
  });
  t.equal([...rule.alerts].length, 1);
});

t.test('more alerts than the limit fail the evaluation and drop all alerts', async (t) => {
  const rule = createTestRule();
  const two = resultOf([{ job: 'a' }, { job: 'b' }]);
  await t.rejects(rule.evaluate(two, { timeMs: 0, queryOffsetMs: 0 }, 1), {
    message: 'exceeded limit of 1 with 2 alerts',
  });
  t.equal([...rule.alerts].length, 0);
});

t.test('active alerts are written as ALERTS and ALERTS_FOR_STATE, at the time of the query', async (t) => {
  const rule = createTestRule({ forMs: MINUTE, labels: { severity: 'page' } });
  const time = { timeMs: 90_500, queryOffsetMs: 30_000 };
  const samples = await rule.evaluate(PRESENT, time, 0);
  t.strictSame(
    samples.map(({ labels, timeMs, value }) => ({ labels: labels.toJSON(), timeMs, value })),
    [
      {
        labels: { __name__: 'ALERTS', alertname: 'Test', alertstate: 'pending', job: 'a', severity: 'page' },
        timeMs: 60_500,
        value: 1,
      },
      {
        labels: { __name__: 'ALERTS_FOR_STATE', alertname: 'Test', job: 'a', severity: 'page' },
        timeMs: 60_500,
        value: 90,
      },
    ],
  );
});

t.test('a rule whose state is not restored yet writes no samples', async (t) => {
  const rule = createTestRule({ isRestored: false });
  t.strictSame(await rule.evaluate(PRESENT, { timeMs: 0, queryOffsetMs: 0 }, 0), []);
});

t.test('a firing alert is sent again after the resend delay, and once when it is resolved', async (t) => {
  const rule = createTestRule();
  const sent: string[] = [];
  for (const [minute, result] of [PRESENT, PRESENT, PRESENT, ABSENT, ABSENT].entries()) {
    const timeMs = minute * MINUTE;
    await rule.evaluate(result, { timeMs, queryOffsetMs: 0 }, 0);
    for (const { endsAtMs } of rule.takeDue(timeMs, 90_000, 360_000, '')) {
      sent.push(`${minute}: until ${endsAtMs / MINUTE}`);
    }
  }
  t.strictSame(sent, ['0: until 6', '2: until 8', '3: until 3']);
});

t.test(
  'a raised `for` makes a firing alert pending and keeps the time since which it is active',
  async (t) => {
    const before = createTestRule({ forMs: MINUTE });
    await statesOf(before, [PRESENT, PRESENT]);
    const after = createTestRule({ forMs: 5 * MINUTE });
    after.adopt(before);
    t.strictSame(await statesOf(after, [PRESENT, PRESENT, PRESENT, PRESENT], 2), [
      'pending',
      'pending',
      'pending',
      'firing',
    ]);
    t.equal([...after.alerts][0]!.activeAtMs, 0);
  },
);

const EU = { name: 'eu', labels: Labels.from({ region: 'eu' }) };
const PARTIAL = resultOf([], [EU]);

for (const [strategy, states] of [
  ['hold', ['firing,firing', 'firing,inactive', 'firing,inactive']],
  ['warn', ['firing,firing', 'inactive,inactive', 'inactive,inactive']],
] as const) {
  t.test(
    `with \`${strategy}\` a missing group does${strategy === 'hold' ? ' not resolve' : ''} its alerts`,
    async (t) => {
      const rule = createTestRule({ partialResponse: strategy });
      const both = resultOf([{ region: 'eu' }, { region: 'us' }]);
      t.strictSame(await statesOf(rule, [both, PARTIAL, PARTIAL]), states);
    },
  );
}

t.test('with `abort` a partial result fails the evaluation and keeps the state', async (t) => {
  const rule = createTestRule({ partialResponse: 'abort' });
  await statesOf(rule, [resultOf([{ region: 'eu' }])]);
  await t.rejects(statesOf(rule, [PARTIAL], 1), {
    message: 'partial result: server groups "eu" are missing',
  });
  t.equal([...rule.alerts][0]!.state, 'firing');
});

t.test('`hold` ends after the hold time, and starts anew after a complete result', async (t) => {
  const rule = createTestRule({ holdMs: 2 * MINUTE });
  const complete = resultOf([{ region: 'eu' }]);
  const results = [complete, PARTIAL, PARTIAL, PARTIAL, complete, PARTIAL, PARTIAL, PARTIAL, PARTIAL];
  t.strictSame(await statesOf(rule, results), [...new Array<string>(8).fill('firing'), 'inactive']);
});

t.test('`hold` keeps pending alerts with the time since which they are active', async (t) => {
  const rule = createTestRule({ forMs: 3 * MINUTE });
  const complete = resultOf([{ region: 'eu' }]);
  t.strictSame(await statesOf(rule, [complete, PARTIAL, PARTIAL, complete]), [
    'pending',
    'pending',
    'pending',
    'firing',
  ]);
});

t.test('`hold` keeps every alert when its value may depend on several groups', async (t) => {
  const rule = createTestRule({ expr: 'sum(x) > 5' });
  t.strictSame(await statesOf(rule, [resultOf([{}]), resultOf([], [EU], false)]), ['firing', 'firing']);
});

t.test('`hold` defers new alerts that missing series can cause', async (t) => {
  const cases = [
    { expr: 'absent(up)', deferred: true },
    { expr: 'a unless b', deferred: true },
    { expr: 'count(up) < 3', deferred: true },
    { expr: 'sum(a) / sum(b) > 0.5', deferred: true },
    { expr: 'sum(a) > 5', deferred: false },
    { expr: '5 <= count by (job) (up)', deferred: false },
    { expr: 'x > 0', deferred: false },
    { expr: 'avg(x) > 0', deferred: true },
    { expr: 'a or on (pod) b', deferred: true },
    { expr: 'topk(1, a) > 5', deferred: true },
    { expr: 'a > scalar(b)', deferred: true },
    { expr: 'count_values("n", count by (pod) (a))', deferred: true },
    { expr: 'count_values("n", a)', deferred: false },
    { expr: 'sum(a)', labels: { value: '{{ $value }}' }, deferred: true },
    { expr: 'sum(a)', labels: { pod: '{{ $labels.pod }}' }, deferred: false },
  ];
  for (const { expr, labels = {}, deferred } of cases) {
    const rule = createTestRule({ expr, labels });
    const states = await statesOf(rule, [resultOf([{}], [EU], false), resultOf([{}])]);
    t.strictSame(states, [deferred ? '' : 'firing', 'firing'], expr);
  }
});

t.test('an alert of another replica continues with the first complete result', async (t) => {
  const missing = [{ name: 'eu', labels: Labels.EMPTY }];
  const rule = createTestRule({ forMs: 10 * MINUTE, isRestored: false });
  rule.resume((labels) => (labels.get('job') === 'a' ? -30 * MINUTE : undefined));
  t.strictSame(await statesOf(rule, [resultOf([], missing), PRESENT]), ['', 'firing']);
  t.equal([...rule.alerts][0]!.activeAtMs, -30 * MINUTE);
  t.equal([...rule.alerts][0]!.firedAtMs, MINUTE);
  t.strictSame(await statesOf(rule, [ABSENT, PRESENT], 20), ['inactive', 'pending'], 'a later alert is new');
});
