import t from 'tap';

import { createTimers, RefreshLoop, systemClock } from '../../src/runtime/index.js';
import { ManualTimers, turn } from '../helpers/runtime/manual-timers.js';

t.test('a loop refreshes after the first delay, and then within the interval', async (t) => {
  for (const { random, delayMs } of [
    { random: 0, delayMs: 800 },
    { random: 0.5, delayMs: 900 },
    { random: 1, delayMs: 1000 },
  ]) {
    const timers = new ManualTimers(random);
    const startMs = timers.now();
    const times: number[] = [];
    const refresh = async (): Promise<void> => {
      times.push(timers.now() - startMs);
    };
    const loop = new RefreshLoop({ intervalMs: 1000, firstDelayMs: 70, timers, refresh });
    await timers.pass(3000);
    t.strictSame(times.slice(0, 3), [70, 70 + delayMs, 70 + 2 * delayMs]);
    loop.stop();
    t.equal(timers.pending, 0);
  }
});

t.test('refreshes do not overlap: one that takes longer than the interval delays the next', async (t) => {
  const timers = new ManualTimers(1);
  let finish: () => void = () => undefined;
  let started = 0;
  const refresh = (): Promise<void> => {
    started += 1;
    return new Promise((resolve) => (finish = resolve));
  };
  const loop = new RefreshLoop({ intervalMs: 1000, timers, refresh });
  await timers.pass(5000);
  t.equal(started, 1);
  finish();
  await timers.pass(0);
  t.equal(started, 2, 'overdue: it begins at once');
  loop.stop();
});

t.test('a refresh that fails does not end the loop', async (t) => {
  const timers = new ManualTimers(1);
  let refreshes = 0;
  const loop = new RefreshLoop({
    intervalMs: 1000,
    timers,
    refresh: () => Promise.reject(new Error(`failure ${++refreshes}`)),
  });
  await timers.pass(2500);
  t.equal(refreshes, 3);
  loop.stop();
});

t.test('a stop aborts the running refresh, and no other begins', async (t) => {
  const timers = new ManualTimers();
  const signals: AbortSignal[] = [];
  const loop = new RefreshLoop({
    intervalMs: 1000,
    timers,
    refresh: (signal) => {
      signals.push(signal);
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(new Error('aborted'));
        });
      });
    },
  });
  await timers.pass(0);
  loop.stop();
  await turn();
  t.equal(signals[0]?.aborted, true);
  t.equal(timers.pending, 0);
  await timers.pass(10_000);
  t.equal(signals.length, 1);
});

t.test('a delay of more than 25 days does not end early', async (t) => {
  const timers = createTimers(systemClock);
  let hasRun = false;
  const cancel = timers.schedule(2 ** 31, () => (hasRun = true));
  await new Promise<void>((resolve) => {
    setTimeout(resolve, 20);
  });
  t.notOk(hasRun);
  cancel();
});
