// The learned routing index: when it asks, what it knows, and when it stops believing it.

import t from 'tap';

import {
  startLabelIndex,
  type LabelIndex,
  type LabelIndexOptions,
} from '../../src/upstreams/learn/label-index.js';

const INTERVAL_MS = 60_000;

type Answer = { readonly data: readonly string[]; readonly warnings: readonly string[] } | Error;

/** An index whose time stands still until it is moved, and whose group answers what it is told to. */
class Bench {
  nowMs = 1_000_000;
  answer: Answer | Promise<Answer> = { data: ['a', 'b'], warnings: [] };
  readonly asked: { label: string; limit: number; atMs: number; signal: AbortSignal }[] = [];
  readonly told: string[] = [];
  readonly index: LabelIndex;
  #next: { atMs: number; run: () => void } | undefined;

  constructor(random: number, overrides: Partial<LabelIndexOptions> = {}) {
    this.index = startLabelIndex({
      group: 'eu',
      labels: ['job'],
      syncIntervalMs: INTERVAL_MS,
      ask: async (label, limit, signal) => {
        this.asked.push({ label, limit, atMs: this.nowMs, signal });
        const answer = await this.answer;
        if (answer instanceof Error) throw answer;
        return answer;
      },
      timers: {
        now: () => this.nowMs,
        random: () => random,
        schedule: (delayMs, run) => {
          const one = { atMs: this.nowMs + delayMs, run };
          this.#next = one;
          return () => {
            if (this.#next === one) this.#next = undefined;
          };
        },
      },
      tell: (details, message) => this.told.push(`${message} ${JSON.stringify(details)}`),
      ...overrides,
    });
  }

  get isScheduled(): boolean {
    return this.#next !== undefined;
  }

  /** Lets time pass, and everything happen that is due. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    for (;;) {
      await settle();
      if (this.#next === undefined || this.#next.atMs > untilMs) break;
      const { atMs, run } = this.#next;
      this.#next = undefined;
      this.nowMs = atMs;
      run();
    }
    this.nowMs = untilMs;
  }

  values(label = 'job'): string[] | undefined {
    const known = this.index.valuesOf(label);
    return known && [...known];
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

t.test('nothing is known until the first answer came, soon after the start', async (t) => {
  const bench = new Bench(0.5);
  t.equal(bench.values(), undefined);
  t.same(bench.asked, [], 'the start asks nobody');
  await bench.pass(499);
  t.same(bench.asked, []);
  await bench.pass(1);
  t.match(bench.asked, [{ label: 'job', limit: 20_001 }]);
  t.same(bench.values(), ['a', 'b']);
  t.equal(bench.values('other'), undefined);
});

t.test('it is asked again within the interval, at a time of its own', async (t) => {
  for (const [random, delayMs] of [
    [0, 48_000],
    [0.5, 54_000],
    [1, 60_000],
  ] as const) {
    const bench = new Bench(random);
    await bench.pass(1000);
    bench.answer = { data: ['c'], warnings: [] };
    await bench.pass(5 * INTERVAL_MS);
    const times = bench.asked.map(({ atMs }) => atMs);
    t.ok(times.length >= 6);
    times.slice(1).forEach((timeMs, i) => t.equal(timeMs - times[i]!, delayMs));
    t.same(bench.values(), ['c']);
  }
});

t.test('what was learned outlives failures, but not for long, and comes back', async (t) => {
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
  t.equal(bench.told.length, 1, 'told once');
  t.match(
    bench.told[0],
    /cannot be learned.*"server_group":"eu","label":"job","reason":"connection refused"/,
  );
  bench.answer = { data: ['d'], warnings: [] };
  await bench.pass(INTERVAL_MS);
  t.same(bench.values(), ['d']);
  bench.answer = new Error('again');
  await bench.pass(INTERVAL_MS);
  t.equal(bench.told.length, 2, 'a new failure is told again');
});

t.test('an answer with a warning may lack values and is not believed', async (t) => {
  const bench = new Bench(1);
  bench.answer = { data: ['a'], warnings: ['a replica did not answer'] };
  await bench.pass(1000);
  t.equal(bench.values(), undefined);
  t.match(bench.told, [/a replica did not answer/]);
});

t.test('a label with too many values is dropped, said once, and taken back', async (t) => {
  const bench = new Bench(1);
  await bench.pass(1000);
  bench.answer = { data: Array.from({ length: 20_001 }, (_, i) => String(i)), warnings: ['truncated'] };
  await bench.pass(2 * INTERVAL_MS);
  t.equal(bench.values(), undefined);
  t.match(bench.index.status(), [{ isUsed: false, values: undefined, ageMs: undefined }]);
  t.match(bench.told, [/too many values.*"limit":20000/]);
  t.equal(bench.told.length, 1);
  bench.answer = { data: bench.answer.data.slice(1), warnings: [] };
  await bench.pass(INTERVAL_MS);
  t.equal(bench.values()?.length, 20_000);
});

t.test('labels are asked for one by one, and one that fails holds no other up', async (t) => {
  let under = 0;
  let most = 0;
  const bench = new Bench(1, {
    labels: ['a', 'b', 'c'],
    ask: async (label) => {
      most = Math.max(most, ++under);
      await settle();
      under -= 1;
      if (label === 'b') throw new Error('no');
      return { data: [label], warnings: [] };
    },
  });
  await bench.pass(1000);
  for (let i = 0; i < 10; i++) await settle();
  t.same([bench.values('a'), bench.values('b'), bench.values('c')], [['a'], undefined, ['c']]);
  t.equal(most, 1);
});

t.test('its age counts from the question, not from the answer', async (t) => {
  const bench = new Bench(1);
  let answer: (value: Answer) => void = () => undefined;
  bench.answer = new Promise((resolve) => (answer = resolve));
  await bench.pass(30_000);
  t.equal(bench.asked.length, 1, 'a slow answer is waited for');
  answer({ data: ['slow'], warnings: [] });
  await settle();
  t.match(bench.index.status(), [{ values: 1, ageMs: 29_000 }]);
  await bench.pass(30_000);
  t.equal(bench.asked.length, 1);
  await bench.pass(1000);
  t.equal(bench.asked.length, 2, 'an interval after the last question');
});

t.test('stopped, it asks nobody any more, and what is under way ends', async (t) => {
  const idle = new Bench(1);
  await idle.pass(1000);
  idle.index.stop();
  await idle.pass(10 * INTERVAL_MS);
  t.equal(idle.asked.length, 1);

  const busy = new Bench(1);
  let answer: (value: Answer) => void = () => undefined;
  busy.answer = new Promise((resolve) => (answer = resolve));
  await busy.pass(1000);
  busy.index.stop();
  t.ok(busy.asked[0]?.signal.aborted);
  answer(new Error('canceled'));
  for (let i = 0; i < 5; i++) await settle();
  t.equal(busy.isScheduled, false);
  t.same(busy.told, [], 'nobody wants to know of it');
});
