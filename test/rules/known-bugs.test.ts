// Bugs that other rule evaluators have or had. Others are proven beside the code that they concern: relabelling that leaks to
// another Alertmanager (notify/notifier.test.ts), series of removed groups (rule-manager.test.ts).

import { Registry } from 'prom-client';
import t from 'tap';

import { instantGrid, PromfedError } from '../../src/model/index.js';
import { addRuleMetrics } from '../../src/telemetry/rule-metrics.js';
import { ManualTimers } from '../helpers/runtime/manual-timers.js';
import { passTogether, SimulatedRules, SimulatedWorld } from '../helpers/rules/simulated-rules.js';

const MINUTE = 60_000;

/** A process over regions in which `up` of a job is 0. */
function setUp(options: ConstructorParameters<typeof SimulatedRules>[0] = {}): SimulatedRules {
  const process = new SimulatedRules(options);
  process.world.set('eu', { __name__: 'up', job: 'a' }, 0);
  process.world.set('us', { __name__: 'up', job: 'b' }, 0);
  return process;
}

function file(rules: string, more = ''): string {
  return `groups:\n- name: g\n${more}  rules:\n${rules.replace(/^/gm, '  ')}`;
}

t.test('equal label sets after templating fail the whole rule, and no other', async (t) => {
  const process = setUp();
  await process.load({
    'r.yaml': file(`
- alert: Same
  expr: up == 0
  labels: { region: '{{ $labels.missing }}all', job: '{{ if $value }}x{{ else }}y{{ end }}' }
- { alert: Other, expr: up == 0 }`),
  });
  await process.pass(3 * MINUTE);
  t.strictSame(process.lastErrors(), {
    Same: 'vector contains metrics with the same labelset after applying alert labels',
    Other: undefined,
  });
  t.equal(process.states('Same'), '');
  t.equal(process.states('Other'), 'eu:firing us:firing');
  t.notOk(process.sent.some(({ labels }) => labels.get('alertname') === 'Same'));
  t.notOk(process.written.some(({ labels }) => labels.get('alertname') === 'Same'));
});

t.test('two equal label sets of a recording rule fail the rule, and write nothing', async (t) => {
  const process = setUp();
  await process.load({
    'r.yaml': file(`
- { record: same, expr: up, labels: { region: '', job: all } }
- { record: other, expr: up }`),
  });
  await process.pass(MINUTE);
  t.strictSame(process.lastErrors(), {
    same: 'vector contains metrics with the same labelset after applying rule labels',
    other: undefined,
  });
  t.strictSame(process.takeWritten('same'), []);
  t.equal(process.takeWritten('other').length, 2);
});

t.test('empty label values are dropped from alerts and recorded series', async (t) => {
  const process = setUp();
  await process.load({
    'r.yaml': file(`
- alert: Empty
  expr: up{job="a"} == 0
  labels: { region: '', job: '{{ $labels.missing }}', zone: '{{ with $labels.missing }}x{{ end }}' }
- { record: empty, expr: 'up{job="a"}', labels: { region: '', job: '', zone: '' } }`),
  });
  await process.pass(3 * MINUTE);
  t.strictSame(process.sent[0]?.labels.toJSON(), { alertname: 'Empty' });
  t.equal(process.takeWritten('empty')[0], 'empty 0');
});

t.test('a restore that fails is repeated for five minutes, and then does not suppress ALERTS', async (t) => {
  let reads = 0;
  const process = setUp({
    engine: (engine) => ({
      ...engine,
      evaluate: (request) => {
        if (!request.text.includes('ALERTS_FOR_STATE')) return engine.evaluate(request);
        reads++;
        return Promise.reject(new PromfedError('timeout', 'no answer'));
      },
    }),
  });
  await process.load({
    'r.yaml': file('- { alert: A, expr: up == 0, for: 1h }\n- { alert: B, expr: up == 0, for: 1h }'),
  });
  await process.pass(6 * MINUTE);
  const messages = (): unknown[][] => process.log.map(({ message, fields }) => [message, fields['rule']]);
  const first = ['state of alerts not restored yet; trying again', 'A'];
  t.strictSame(messages(), [first]);
  t.equal(reads, 5 * 2, 'each time for one rule, with two queries');
  t.strictSame(process.takeWritten('ALERTS'), [], 'nothing is written before the restore');
  await process.pass(2 * MINUTE);
  t.strictSame(messages(), [first, ['state of alerts not restored', 'A']]);
  t.equal(reads, 6 * 2);
  t.equal(process.takeWritten('ALERTS').length, 4);
});

t.test('ALERTS are written before and after the restore, whatever the `for`', async (t) => {
  const process = setUp({ forGracePeriodMs: 10 * MINUTE });
  await process.load({
    'r.yaml': file('- { alert: Now, expr: up == 0 }\n- { alert: Later, expr: up == 0, for: 1h }'),
  });
  await process.pass(3 * MINUTE);
  t.equal(process.takeWritten('ALERTS').length, 4);
  await process.load({ 'r.yaml': file('- { alert: Added, expr: up == 0 }') });
  await process.pass(MINUTE);
  t.equal(process.takeWritten('ALERTS').filter((text) => text.includes('Added')).length, 2, 'by a reload');
});

t.test('raising `for` by a reload keeps the time since which an alert is active', async (t) => {
  const process = setUp();
  await process.load({ 'r.yaml': file('- { alert: A, expr: up == 0, for: 2m }') });
  await process.pass(4 * MINUTE);
  const since = process.states('A', true);
  t.match(since, /^eu:firing@\d+ us:firing@\d+$/);
  await process.load({ 'r.yaml': file('- { alert: A, expr: up == 0, for: 3m }') });
  await process.pass(MINUTE);
  t.equal(process.states('A', true), since, 'enough time has passed');
  await process.load({ 'r.yaml': file('- { alert: A, expr: up == 0, for: 10m }') });
  await process.pass(MINUTE);
  t.equal(process.states('A', true), since.replaceAll('firing', 'pending'));
  await process.pass(6 * MINUTE);
  t.equal(process.states('A', true), since);
});

t.test('the metrics of a removed or renamed group disappear', async (t) => {
  const registry = new Registry();
  const timers = new ManualTimers();
  const process = setUp({ timers, metrics: addRuleMetrics([registry], () => timers.now()) });
  const group = (name: string): string => `groups: [{ name: ${name}, rules: [{ record: r, expr: up }] }]`;
  const groupsOf = async (): Promise<string[]> => {
    const text = await registry.metrics();
    return [...new Set([...text.matchAll(/rule_group="([^"]*)"/g)].map(([, key]) => key!))].sort();
  };
  await process.load({ 'a.yaml': group('g'), 'b.yaml': group('g') });
  await process.pass(3 * MINUTE);
  t.strictSame(await groupsOf(), ['a.yaml;g', 'b.yaml;g']);
  await process.load({ 'a.yaml': group('renamed') });
  await process.pass(3 * MINUTE);
  t.strictSame(await groupsOf(), ['a.yaml;renamed']);
  await process.load({});
  await process.pass(3 * MINUTE);
  t.strictSame(await groupsOf(), []);
});

const RECORD = '- { record: kept, expr: sum(up) }';

for (const { name, before, after } of [
  {
    name: 'a group that is renamed',
    before: { 'a.yaml': file(RECORD) },
    after: { 'a.yaml': file(RECORD).replace('name: g', 'name: h') },
  },
  { name: 'a file that is renamed', before: { 'a.yaml': file(RECORD) }, after: { 'b.yaml': file(RECORD) } },
  {
    name: 'a rule whose labels change without effect',
    before: { 'a.yaml': file(RECORD) },
    after: { 'a.yaml': file("- { record: kept, expr: sum(up), labels: { gone: '' } }") },
  },
  {
    name: 'a rule that moves within its group',
    before: { 'a.yaml': file(`- { record: other, expr: up }\n${RECORD}`) },
    after: { 'a.yaml': file(`${RECORD}\n- { record: other, expr: up }`) },
  },
  {
    name: 'a rule whose twin is removed',
    before: { 'a.yaml': file(`${RECORD}\n${RECORD.replace('sum(up)', 'sum(up) + 0')}`) },
    after: { 'a.yaml': file(RECORD) },
  },
]) {
  t.test(`no stale marker ends a series that another rule continues: ${name}`, async (t) => {
    const process = setUp();
    await process.load(before);
    await process.pass(3 * MINUTE);
    await process.load(after);
    process.written.length = 0;
    await process.pass(5 * MINUTE);
    t.strictSame(process.takeWritten('kept'), new Array<string>(5).fill('kept 0'));
    t.notOk(process.written.some(({ isStale }) => isStale));
  });
}

t.test('a renamed rule ends its old series once', async (t) => {
  const process = setUp();
  await process.load({ 'a.yaml': file(RECORD) });
  await process.pass(2 * MINUTE);
  await process.load({ 'a.yaml': file(RECORD.replace('kept', 'renamed')) });
  process.written.length = 0;
  await process.pass(3 * MINUTE);
  t.strictSame(process.takeWritten('kept'), ['kept stale']);
  t.strictSame(process.takeWritten('renamed'), new Array<string>(3).fill('renamed 0'));
});

t.test('a reload and a missed send do not let an Alertmanager resolve an alert', async (t) => {
  const process = setUp();
  const rules = (annotation: string): Record<string, string> => ({
    'a.yaml': file(
      `- { alert: A, expr: up == 0, annotations: { text: '${annotation}' } }`,
      '  interval: 15s\n',
    ),
  });
  await process.load(rules('one'));
  await process.pass(3 * MINUTE);
  for (let i = 0; i < 10; i++) {
    await process.load(rules(`change ${i}`));
    await process.pass(40_000);
  }
  for (const region of ['eu', 'us']) {
    const sent = process.sent.filter(({ labels }) => labels.get('region') === region);
    t.ok(sent.length > 5);
    t.equal(new Set(sent.map(({ startsAtMs }) => startsAtMs)).size, 1, 'the alert starts once');
    for (const [i, { endsAtMs, sentAtMs }] of sent.entries()) {
      t.ok(endsAtMs > sentAtMs, 'firing');
      const afterMissed = sent[i + 2];
      if (afterMissed !== undefined) t.ok(afterMissed.sentAtMs < endsAtMs, 'in time although one is missed');
    }
  }
});

t.test('anchors, UTF-8 names and a leading newline in an expression', async (t) => {
  const process = setUp();
  process.world.set('eu', { __name__: 'größe.名', 'k8s.pod': 'ä' }, 7);
  await process.load({
    'r.yaml': `
groups:
- name: grüße
  rules:
  - &base
    alert: Größe
    expr: &expr |

      # a comment
      {"größe.名"} > 5
    labels: &labels { 'pod.名': '{{ index $labels "k8s.pod" }}' }
  - { <<: *base, alert: Zweite }
  - { record: 'größe:max', expr: *expr, labels: { 'a.b': c } }
`,
  });
  await process.pass(3 * MINUTE);
  t.strictSame(process.lastErrors(), { Größe: undefined, Zweite: undefined, 'größe:max': undefined });
  t.strictSame(process.sent.map(({ labels }) => labels.toJSON()).slice(0, 2), [
    { alertname: 'Größe', 'k8s.pod': 'ä', 'pod.名': 'ä', region: 'eu' },
    { alertname: 'Zweite', 'k8s.pod': 'ä', 'pod.名': 'ä', region: 'eu' },
  ]);
  t.equal(process.takeWritten('größe:max')[0], 'größe:max{a.b="c", k8s.pod="ä", region="eu"} 7');
});

const EVERY_MINUTE = file('- { alert: A, expr: up == 0, for: 3m }\n- { record: r, expr: sum(up) }');

t.test('a clock that steps back neither evaluates the future nor resolves or restarts alerts', async (t) => {
  const timers = new ManualTimers();
  const process = setUp({
    timers,
    // The clock of the regions is right.
    engine: (engine) => ({
      ...engine,
      evaluate: (request) => {
        t.ok(request.endMs <= timers.now(), 'not in the future');
        const timeMs = request.endMs - process.world.clockErrorMs;
        return engine.evaluate({ ...request, grid: instantGrid(timeMs), endMs: timeMs });
      },
    }),
  });
  await process.load({ 'r.yaml': EVERY_MINUTE });
  await process.pass(5 * MINUTE);
  t.equal(process.states('A'), 'eu:firing us:firing');
  const before = process.sent.length;
  process.written.length = 0;
  timers.stepClock(-2 * 3_600_000);
  process.world.clockErrorMs = -2 * 3_600_000;
  for (let minute = 0; minute < 6; minute++) {
    await process.pass(MINUTE);
    t.equal(process.states('A'), 'eu:firing us:firing', `after ${minute + 1} minutes`);
  }
  const times = process.written.filter(({ labels }) => labels.metricName === 'r').map(({ timeMs }) => timeMs);
  t.ok(times.length >= 5);
  t.strictSame(
    times.slice(1).map((timeMs, i) => timeMs - times[i]!),
    new Array<number>(times.length - 1).fill(MINUTE),
  );
  const after = process.sent.slice(before);
  t.ok(after.length >= 4, 'alerts are sent again');
  t.ok(after.every(({ endsAtMs, sentAtMs }) => endsAtMs > sentAtMs));
});

t.test('a step back by less than an interval repeats no evaluation', async (t) => {
  const process = setUp();
  await process.load({ 'r.yaml': EVERY_MINUTE });
  await process.pass(2 * MINUTE);
  for (const stepMs of [-10, -30_000, -59_000]) {
    process.timers.stepClock(stepMs);
    await process.pass(3 * MINUTE);
  }
  const times = process.written.filter(({ labels }) => labels.metricName === 'r').map(({ timeMs }) => timeMs);
  t.strictSame([...new Set(times)].sort(), times);
});

t.test(
  'a clock that steps forward, or a process that was suspended, continues with the latest slot',
  async (t) => {
    const process = setUp();
    await process.load({ 'r.yaml': EVERY_MINUTE });
    await process.pass(5 * MINUTE);
    process.timers.stepClock(3_600_000);
    process.sent.length = 0;
    process.written.length = 0;
    await process.pass(3 * MINUTE);
    t.ok(process.sent.length > 0);
    t.ok(
      process.sent.every(({ endsAtMs, sentAtMs }) => endsAtMs > sentAtMs),
      'no firing alert is sent as if it had ended',
    );
    const times = process.written
      .filter(({ labels }) => labels.metricName === 'r')
      .map(({ timeMs }) => timeMs);
    t.equal(times.length, 3);
    t.ok(times[0]! > process.timers.now() - 4 * MINUTE);
  },
);

t.test('an evaluation that hangs shows in a metric, and delays no other group', async (t) => {
  const registry = new Registry();
  let hangs = true;
  const timers = new ManualTimers();
  const process = setUp({
    timers,
    metrics: addRuleMetrics([registry], () => timers.now()),
    engine: (engine) => ({
      ...engine,
      evaluate: (request) =>
        hangs && request.text.includes('hanging') ? new Promise(() => undefined) : engine.evaluate(request),
    }),
  });
  await process.load({
    'a.yaml': file('- { record: a, expr: hanging }'),
    'b.yaml': file('- { record: b, expr: sum(up) }'),
  });
  for (let second = 0; second < 300; second++) {
    process.world.sample(timers.now());
    await timers.pass(1_000);
  }
  const ageOf = async (key: string): Promise<number> => {
    const text = await registry.metrics();
    const name = 'promfed_rule_group_last_evaluation_age_seconds';
    const [, age] = new RegExp(`${name}\\{rule_group="${key}"\\} (.*)`).exec(text) ?? [];
    return Number(age);
  };
  t.equal(await ageOf('a.yaml;g'), 300, 'since the group was added');
  t.ok((await ageOf('b.yaml;g')) <= 61);
  t.ok(process.takeWritten('b').length >= 4);
  hangs = false;
});

t.test('replicas that start at different times never send firing and resolved for one time', async (t) => {
  const world = new SimulatedWorld();
  const first = setUp({ world });
  const replicas = [first, new SimulatedRules({ world, timers: first.timers })];
  const rules = { 'r.yaml': file('- { alert: A, expr: up == 0, for: 30s }', '  interval: 15s\n') };
  await first.load(rules);
  await passTogether(replicas, 37_123);
  await replicas[1]!.load(rules);
  for (let round = 0; round < 12; round++) {
    world.set('eu', { __name__: 'up', job: 'a' }, round % 2);
    await passTogether(replicas, 61_001 + round * 777);
  }
  const stateAt = new Map<string, Set<string>>();
  for (const { labels, sentAtMs, endsAtMs } of replicas.flatMap(({ sent }) => sent)) {
    const key = `${labels.get('region')}@${sentAtMs}`;
    const states = stateAt.get(key) ?? new Set();
    stateAt.set(key, states.add(endsAtMs > sentAtMs ? 'firing' : 'resolved'));
  }
  t.ok([...stateAt.keys()].length > 20);
  t.ok(replicas.every(({ sent }) => sent.some(({ endsAtMs, sentAtMs }) => endsAtMs <= sentAtMs)));
  t.strictSame(
    [...stateAt].filter(([, states]) => states.size > 1),
    [],
  );
});
