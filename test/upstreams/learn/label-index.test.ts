// The learned routing index: when it refreshes, what it knows, and when its values are too old.

import t from 'tap';

import { NO_LOG } from '../../../src/runtime/index.js';
import { ManualTimers, turn } from '../../helpers/runtime/manual-timers.js';
import { LabelIndex, type LabelIndexOptions } from '../../../src/upstreams/learn/label-index.js';

const INTERVAL_MS = 60_000;

type Answer = { readonly data: readonly string[]; readonly warnings: readonly string[] } | Error;

/** An index with manual timers, and a group whose answers the test sets. */
class Bench {
  answer: Answer | Promise<Answer> = { data: ['a', 'b'], warnings: [] };
  readonly requests: { label: string; limit: number; atMs: number; signal: AbortSignal }[] = [];
  readonly warnings: string[] = [];
  readonly index: LabelIndex;
  readonly timers: ManualTimers;

  constructor(random: number, overrides: Partial<LabelIndexOptions> = {}) {
    const timers = new ManualTimers(random);
    this.timers = timers;
    this.index = new LabelIndex({
      group: 'eu',
      labels: ['job'],
      syncIntervalMs: INTERVAL_MS,
      labelValues: async (label, limit, signal) => {
        this.requests.push({ label, limit, atMs: timers.now(), signal });
        const answer = await this.answer;
        if (answer instanceof Error) throw answer;
        return answer;
      },
      timers,
      log: {
        ...NO_LOG,
        warn: (fields, message) => this.warnings.push(`${message} ${JSON.stringify(fields)}`),
      },
      ...overrides,
    });
  }

  pass(ms: number): Promise<void> {
    return this.timers.pass(ms);
  }

  values(label = 'job'): string[] | undefined {
    const known = this.index.current().get(label);
    return known && [...known];
  }
}

t.test('nothing is known until the first answer, soon after the start', async (t) => {
  const bench = new Bench(0.5);
  t.equal(bench.values(), undefined);
  t.same(bench.requests, [], 'nothing is requested at the start');
  await bench.pass(499);
  t.same(bench.requests, []);
  await bench.pass(1);
  t.match(bench.requests, [{ label: 'job', limit: 20_001 }]);
  t.same(bench.values(), ['a', 'b']);
  t.equal(bench.values('other'), undefined);
});

t.test('values are refreshed within the interval, each index at its own time', async (t) => {
  for (const [random, delayMs] of [
    [0, 48_000],
    [0.5, 54_000],
    [1, 60_000],
  ] as const) {
    const bench = new Bench(random);
    await bench.pass(1000);
    bench.answer = { data: ['c'], warnings: [] };
    await bench.pass(5 * INTERVAL_MS);
    const times = bench.requests.map(({ atMs }) => atMs);
    t.ok(times.length >= 6);
    times.slice(1).forEach((timeMs, i) => t.equal(timeMs - times[i]!, delayMs));
    t.same(bench.values(), ['c']);
  }
});

t.test('values outlive failures for three intervals, and come back', async (t) => {
  const bench = new Bench(1);
  await bench.pass(1000);
  bench.answer = new Error('connection refused');
  await bench.pass(3 * INTERVAL_MS);
  t.same(bench.values(), ['a', 'b']);
  t.match(bench.index.status(), [
    { group: 'eu', label: 'job', isUsed: true, values: 2, ageMs: 3 * INTERVAL_MS },
  ]);
  await bench.pass(1);
  t.equal(bench.values(), undefined, 'after three intervals');
  t.match(bench.index.status(), [{ isUsed: false, values: 2 }]);
  t.equal(bench.warnings.length, 1, 'logged once');
  t.match(
    bench.warnings[0],
    /label values not refreshed.*"server_group":"eu","label":"job","reason":"connection refused"/,
  );
  bench.answer = { data: ['d'], warnings: [] };
  await bench.pass(INTERVAL_MS);
  t.same(bench.values(), ['d']);
  bench.answer = new Error('again');
  await bench.pass(INTERVAL_MS);
  t.equal(bench.warnings.length, 2, 'a new failure is logged again');
});

t.test('an answer with a warning may lack values and is a failure', async (t) => {
  const bench = new Bench(1);
  bench.answer = { data: ['a'], warnings: ['a replica did not answer'] };
  await bench.pass(1000);
  t.equal(bench.values(), undefined);
  t.match(bench.warnings, [/a replica did not answer/]);
});

t.test('a label with too many values is dropped, logged once, and used again later', async (t) => {
  const bench = new Bench(1);
  await bench.pass(1000);
  bench.answer = { data: Array.from({ length: 20_001 }, (_, i) => String(i)), warnings: ['truncated'] };
  await bench.pass(2 * INTERVAL_MS);
  t.equal(bench.values(), undefined);
  t.match(bench.index.status(), [{ isUsed: false, values: undefined, ageMs: undefined }]);
  t.match(bench.warnings, [/too many values.*"limit":20000/]);
  t.equal(bench.warnings.length, 1);
  bench.answer = { data: bench.answer.data.slice(1), warnings: [] };
  await bench.pass(INTERVAL_MS);
  t.equal(bench.values()?.length, 20_000);
});

t.test('labels are refreshed one by one, and one that fails does not stop the others', async (t) => {
  let under = 0;
  let most = 0;
  const bench = new Bench(1, {
    labels: ['a', 'b', 'c'],
    labelValues: async (label) => {
      most = Math.max(most, ++under);
      await turn();
      under -= 1;
      if (label === 'b') throw new Error('no');
      return { data: [label], warnings: [] };
    },
  });
  await bench.pass(1000);
  for (let i = 0; i < 10; i++) await turn();
  t.same([bench.values('a'), bench.values('b'), bench.values('c')], [['a'], undefined, ['c']]);
  t.equal(most, 1);
});

t.test('the age of values counts from the request, not from the answer', async (t) => {
  const bench = new Bench(1);
  let answer: (value: Answer) => void = () => undefined;
  bench.answer = new Promise((resolve) => (answer = resolve));
  await bench.pass(30_000);
  t.equal(bench.requests.length, 1, 'a slow answer is waited for');
  answer({ data: ['slow'], warnings: [] });
  await turn();
  t.match(bench.index.status(), [{ values: 1, ageMs: 29_000 }]);
  await bench.pass(30_000);
  t.equal(bench.requests.length, 1);
  await bench.pass(1000);
  t.equal(bench.requests.length, 2, 'an interval after the last request');
});

t.test('a stopped index sends no requests, and ends the one that is running', async (t) => {
  const idle = new Bench(1);
  await idle.pass(1000);
  idle.index.stop();
  await idle.pass(10 * INTERVAL_MS);
  t.equal(idle.requests.length, 1);

  const busy = new Bench(1);
  let answer: (value: Answer) => void = () => undefined;
  busy.answer = new Promise((resolve) => (answer = resolve));
  await busy.pass(1000);
  busy.index.stop();
  t.ok(busy.requests[0]?.signal.aborted);
  answer(new Error('canceled'));
  for (let i = 0; i < 5; i++) await turn();
  t.equal(busy.timers.pending, 0);
  t.same(busy.warnings, [], 'nothing is logged after the stop');
});
