// A region that does not answer for two minutes, with each strategy, step by step in simulated time.

import t from 'tap';

import { SimulatedRules } from '../helpers/rules/simulated-rules.js';

const INTERVAL = 15_000;
const MINUTE = 60_000;
const OUTAGE = 2 * MINUTE;

type Strategy = 'hold' | 'warn' | 'abort';

const RULES = (strategy: Strategy): string => `
groups:
- name: alerts
  interval: 15s
  partial_response_strategy: ${strategy}
  rules:
  - { alert: Firing, expr: up == 0 }
  - { alert: Pending, expr: up == 0, for: 5m }
  - { alert: DueDuringOutage, expr: up == 0, for: 3m }
  - { alert: Kept, expr: up == 0, keep_firing_for: 1m }
  - { alert: Sum, expr: 'sum(errors) > 15' }
  - { alert: Absent, expr: 'absent(up{job="a"})' }
  - { alert: AbsentOverTime, expr: 'absent_over_time(up{job="a"}[30s])' }
  - { alert: Count, expr: 'count(up) < 2' }
  - { alert: Unless, expr: 'limits unless on () up{job="a"}' }
  - { alert: Ratio, expr: 'sum(errors) / sum(requests) < 0.1' }
  - { alert: Average, expr: 'avg(errors) < 9' }
  - { record: 'up:count', expr: count(up) }
  - { record: 'region:up', expr: up }
  - { alert: OwnCount, expr: 'up:count < 2' }
  - { alert: OwnFiring, expr: 'region:up == 0' }
- name: chained
  interval: 15s
  partial_response_strategy: ${strategy}
  rules:
  - { alert: Chained, expr: 'up:count < 2' }
  - { alert: ChainedRegion, expr: 'count({__name__="region:up"}) < 2' }
`;

const NAMES = [...RULES('hold').matchAll(/alert: (\w+)/g)].map(([, name]) => name!);
/** Alerts that only a region that does not answer causes. */
const FALSE_ALERTS = [
  'Absent',
  'AbsentOverTime',
  'Count',
  'Unless',
  'Ratio',
  'Average',
  'OwnCount',
  'Chained',
  'ChainedRegion',
];

/** Alerts that stay as they are. */
const STEADY = ['Firing', 'Pending', 'Kept', 'Sum', 'OwnFiring'];

/** A process whose alerts on `up` are active since about two minutes. */
async function setUp(strategy: Strategy, holdMs?: number): Promise<SimulatedRules> {
  const process = new SimulatedRules(holdMs === undefined ? {} : { holdMs });
  const { world } = process;
  world.set('eu', { __name__: 'up', job: 'a' }, 0);
  world.set('us', { __name__: 'up', job: 'b' }, 0);
  world.set('us', { __name__: 'limits' }, 1);
  for (const [region, errors] of [
    ['eu', 15],
    ['us', 5],
  ] as const) {
    world.set(region, { __name__: 'errors' }, errors);
    world.set(region, { __name__: 'requests' }, 100);
  }
  await process.load({ 'r.yaml': RULES(strategy) });
  await process.pass(2 * MINUTE);
  return process;
}

function statesOf(process: SimulatedRules): Record<string, string> {
  return Object.fromEntries(NAMES.map((name) => [name, process.states(name, true)]));
}

/** Reports whether an Alertmanager that got all alerts has resolved one that is firing. */
function isResolvedByTimeout({ sent, timers }: SimulatedRules, alert: string): boolean {
  const latest = new Map<string, number>();
  for (const { labels, endsAtMs } of sent) {
    if (labels.get('alertname') === alert) latest.set(labels.key, endsAtMs);
  }
  return [...latest.values()].some((endsAtMs) => endsAtMs <= timers.now());
}

t.test('`hold`: no false resolve, no false alert, no lost pending time', async (t) => {
  const process = await setUp('hold');
  const before = statesOf(process);
  t.match(before['Firing'], /^eu:firing@\d+ us:firing@\d+$/);
  t.match(before['Pending'], /^eu:pending@\d+ us:pending@\d+$/);
  for (const name of FALSE_ALERTS) t.equal(before[name], '', name);
  process.written.length = 0;
  process.world.kill('eu');
  const times = (text: string | undefined): string => text!.replaceAll('pending', 'firing');
  for (let elapsedMs = 0; elapsedMs < OUTAGE; elapsedMs += INTERVAL) {
    await process.pass(INTERVAL);
    const states = statesOf(process);
    const when = `${(elapsedMs + INTERVAL) / 1000} s after the region was killed`;
    for (const name of STEADY) t.equal(states[name], before[name], `${name} ${when}`);
    for (const name of FALSE_ALERTS) t.equal(states[name], '', `${name} ${when}`);
    t.equal(times(states['DueDuringOutage']), times(before['DueDuringOutage']), when);
    for (const name of STEADY) t.notOk(isResolvedByTimeout(process, name), `${name} ${when}`);
    t.strictSame(Object.values(process.lastErrors()).filter(Boolean), [], when);
  }
  t.equal(
    statesOf(process)['DueDuringOutage'],
    before['DueDuringOutage']!.replace('us:pending', 'us:firing'),
  );
  t.notOk(process.written.some(({ isStale, labels }) => isStale && labels.metricName !== 'ALERTS'));
  t.notOk(
    process.sent.some(({ endsAtMs, sentAtMs }) => endsAtMs <= sentAtMs),
    'nothing is sent as resolved',
  );
  t.strictSame(process.takeWritten('up:count'), [], 'no sum without the region');
  const { length } = process.takeWritten('region:up');
  t.equal(length, OUTAGE / INTERVAL, 'series of the other region');

  process.world.revive('eu');
  await process.pass(2 * INTERVAL);
  const after = statesOf(process);
  for (const name of STEADY) t.equal(after[name], before[name], `${name} afterwards`);
  for (const name of FALSE_ALERTS) t.equal(after[name], '', `${name} afterwards`);
  t.equal(after['DueDuringOutage'], times(before['DueDuringOutage']), 'fires within two intervals');
  t.ok(process.takeWritten('up:count').length >= 1);
  await process.pass(MINUTE - INTERVAL);
  t.equal(process.states('Pending', true), times(before['Pending']), 'fires when it would have fired');
});

t.test('`hold`: an outage that is longer than the lookback of samples', async (t) => {
  const process = await setUp('hold');
  const before = statesOf(process);
  process.world.kill('eu');
  await process.pass(9 * MINUTE);
  const states = statesOf(process);
  for (const name of ['Firing', 'Kept', 'Sum', 'OwnFiring']) t.equal(states[name], before[name], name);
  for (const name of FALSE_ALERTS) t.equal(states[name], '', name);
  process.world.revive('eu');
  await process.pass(2 * INTERVAL);
  t.equal(process.states('Pending', true), before['Pending']!.replaceAll('pending', 'firing'));
});

t.test('`hold`: changes in the regions that answer count at once', async (t) => {
  const process = await setUp('hold');
  process.world.kill('eu');
  await process.pass(INTERVAL);
  process.world.set('us', { __name__: 'up', job: 'b' }, 1);
  process.world.set('us', { __name__: 'up', job: 'new' }, 0);
  await process.pass(2 * INTERVAL);
  t.equal(process.states('Firing'), 'eu:firing us:firing', 'one of us is resolved, one is new');
  t.ok(
    process.sent.some(({ labels, endsAtMs, sentAtMs }) => labels.get('job') === 'b' && endsAtMs <= sentAtMs),
    'it is sent as resolved',
  );
  process.world.set('us', { __name__: 'errors' }, 16);
  await process.pass(2 * INTERVAL);
  t.equal(process.states('Sum'), '-:firing', 'a sum that is already large enough');
});

t.test('`hold`: changes of the region are applied within two intervals of its return', async (t) => {
  const process = await setUp('hold');
  process.world.kill('eu');
  await process.pass(MINUTE);
  process.world.set('eu', { __name__: 'up', job: 'a' }, 1);
  process.world.set('eu', { __name__: 'errors' }, 0);
  await process.pass(MINUTE);
  t.equal(process.states('Firing'), 'eu:firing us:firing');
  process.world.revive('eu');
  await process.pass(2 * INTERVAL);
  t.equal(process.states('Firing'), 'us:firing');
  t.equal(process.states('Sum'), '');
  t.equal(process.states('Average'), '-:firing');
  t.equal(process.states('Kept'), 'eu:firing us:firing', 'keep_firing_for begins with the return');
  await process.pass(MINUTE);
  t.equal(process.states('Kept'), 'us:firing');
});

t.test('`hold`: a region whose data really ended makes absent() fire after its return', async (t) => {
  const process = await setUp('hold');
  process.world.kill('eu');
  await process.pass(MINUTE);
  process.world.end('eu', { __name__: 'up', job: 'a' }, process.timers.now());
  await process.pass(MINUTE);
  t.equal(process.states('Absent'), '');
  process.world.revive('eu');
  await process.pass(2 * INTERVAL);
  t.equal(process.states('Absent'), 'a:firing');
  t.equal(process.states('Firing'), 'us:firing');
});

t.test('`hold` ends after its time', async (t) => {
  const process = await setUp('hold', MINUTE);
  process.world.kill('eu');
  await process.pass(MINUTE);
  t.equal(process.states('Firing'), 'eu:firing us:firing');
  t.equal(process.states('Absent'), '');
  await process.pass(2 * INTERVAL);
  t.equal(process.states('Firing'), 'us:firing');
  t.equal(process.states('Absent'), 'a:firing');
  t.ok(process.takeWritten('up:count').includes('up:count 1'));
  t.ok(process.takeWritten('region:up').some((text) => text.endsWith('stale')));
});

t.test('`warn`: the result is used as it is', async (t) => {
  const process = await setUp('warn');
  process.world.kill('eu');
  await process.pass(2 * INTERVAL);
  t.equal(process.states('Firing'), 'us:firing');
  t.equal(process.states('Pending'), 'us:pending');
  t.equal(process.states('Absent'), 'a:firing');
  t.equal(process.states('Count'), '-:firing');
  t.equal(process.states('Kept'), 'eu:firing us:firing', 'by keep_firing_for');
  t.ok(process.takeWritten('up:count').includes('up:count 1'));
  await process.pass(OUTAGE - 2 * INTERVAL);
  process.world.revive('eu');
  await process.pass(2 * INTERVAL);
  t.equal(process.states('Firing'), 'eu:firing us:firing');
  t.equal(process.states('Absent'), '');
  t.equal(process.states('Count'), '');
});

t.test('`abort`: evaluations fail, and the state of all alerts is kept', async (t) => {
  const process = await setUp('abort');
  const before = statesOf(process);
  process.world.kill('eu');
  process.written.length = 0;
  for (let elapsedMs = 0; elapsedMs < OUTAGE; elapsedMs += INTERVAL) {
    await process.pass(INTERVAL);
    t.strictSame(statesOf(process), before);
    t.notOk(isResolvedByTimeout(process, 'Firing'));
  }
  const error = 'partial result: server groups "eu" are missing';
  const errors = process.lastErrors();
  for (const name of ['Firing', 'Absent', 'up:count', 'region:up']) t.equal(errors[name], error, name);
  for (const metric of ['up:count', 'region:up', 'ALERTS']) {
    // A rule that reads results of its group does not need the region.
    const written = process.takeWritten(metric).filter((text) => !text.includes('OwnFiring'));
    t.strictSame(written, [], `${metric} is neither written nor ended`);
  }
  process.world.revive('eu');
  await process.pass(2 * INTERVAL);
  t.strictSame(Object.values(process.lastErrors()).filter(Boolean), []);
  t.equal(process.states('Firing', true), before['Firing']);
  await process.pass(MINUTE - INTERVAL);
  t.equal(process.states('Pending', true), before['Pending']!.replaceAll('pending', 'firing'));
});

/** Milliseconds for which the alert of a region has been pending. */
function spentMs(process: SimulatedRules, region: string): number {
  const [, activeAtMs] = new RegExp(`${region}:\\w+@(\\d+)`).exec(process.states('Pending', true)) ?? [];
  return process.timers.now() - Number(activeAtMs);
}

async function untilRestored(process: SimulatedRules): Promise<void> {
  while (!process.manager.groups.every(({ isRestored }) => isRestored)) await process.pass(1_000);
}

// Times are checked each second, and the samples have seconds.
const TOLERANCE = 2_000;

t.test('a process that is killed during `for` loses at most one interval of pending time', async (t) => {
  const process = await setUp('hold');
  const { world, timers } = process;
  await process.pass(7_000);
  const beforeMs = spentMs(process, 'us');
  await process.kill();
  await process.pass(20_000);
  const next = new SimulatedRules({ world, timers });
  await next.load({ 'r.yaml': RULES('hold') });
  await untilRestored(next);
  const lostMs = beforeMs - spentMs(next, 'us');
  t.ok(lostMs >= -TOLERANCE && lostMs <= INTERVAL, `${lostMs} ms`);
});

for (const { name, isRequired } of [
  { name: 'an optional region', isRequired: false },
  { name: 'a required region', isRequired: true },
]) {
  t.test(`a restart while a region does not answer loses no pending time: ${name}`, async (t) => {
    const process = await setUp('hold');
    const { world, timers } = process;
    if (isRequired) world.require('eu');
    const before = { eu: spentMs(process, 'eu'), us: spentMs(process, 'us') };
    world.kill('eu');
    await process.kill();
    const next = new SimulatedRules({ world, timers });
    await next.load({ 'r.yaml': RULES('hold') });
    await process.pass(MINUTE);
    t.notMatch(next.states('Pending'), /eu/);
    world.revive('eu');
    await next.pass(2 * INTERVAL);
    for (const region of ['eu', 'us'] as const) {
      const lostMs = before[region] - spentMs(next, region);
      t.ok(lostMs <= INTERVAL, `${region} lost ${lostMs} ms`);
    }
    t.equal(next.states('Absent'), '');
    // An alert that ends and begins again is a new one.
    world.set('eu', { __name__: 'up', job: 'a' }, 1);
    await next.pass(2 * INTERVAL);
    world.set('eu', { __name__: 'up', job: 'a' }, 0);
    await next.pass(2 * INTERVAL);
    t.ok(spentMs(next, 'eu') <= 2 * INTERVAL);
    await next.kill();
  });
}

t.test(
  'a restart while the region with the state of alerts does not answer loses no pending time',
  async (t) => {
    const process = await setUp('hold');
    const { world, timers } = process;
    const beforeMs = spentMs(process, 'us');
    world.kill('results');
    await process.kill();
    const next = new SimulatedRules({ world, timers });
    await next.load({ 'r.yaml': RULES('hold') });
    await process.pass(2 * MINUTE);
    t.ok(spentMs(next, 'us') < 2 * MINUTE);
    world.revive('results');
    await next.pass(2 * INTERVAL);
    const lostMs = beforeMs - spentMs(next, 'us');
    t.ok(lostMs <= INTERVAL, `lost ${lostMs} ms`);
  },
);
