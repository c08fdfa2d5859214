// Timers that run nothing before their start.

import t from 'tap';

import type { Timers } from '../../src/runtime/index.js';
import { HeldTimers } from '../../src/server/held-timers.js';

/** Timers that record what is scheduled, and run it on demand. */
class RecordedTimers implements Timers {
  readonly scheduled = new Map<number, () => void>();

  now(): number {
    return 7;
  }

  random(): number {
    return 0.5;
  }

  schedule(delayMs: number, run: () => void): () => void {
    this.scheduled.set(delayMs, run);
    return () => {
      this.scheduled.delete(delayMs);
    };
  }
}

t.test('nothing is scheduled before the start, and all of it at the start', (t) => {
  const timers = new RecordedTimers();
  const held = new HeldTimers(timers);
  const runs: string[] = [];
  held.schedule(10, () => runs.push('early'));
  const cancel = held.schedule(20, () => runs.push('canceled'));
  cancel();
  t.equal(timers.scheduled.size, 0);
  held.start();
  t.strictSame([...timers.scheduled.keys()], [10]);
  held.schedule(30, () => runs.push('late'));
  for (const run of timers.scheduled.values()) run();
  t.strictSame(runs, ['early', 'late']);
  t.equal(held.now(), 7);
  t.equal(held.random(), 0.5);
  t.end();
});

t.test('a held timer can still be canceled after the start', (t) => {
  const timers = new RecordedTimers();
  const held = new HeldTimers(timers);
  const cancel = held.schedule(10, () => t.fail('canceled'));
  held.start();
  cancel();
  t.equal(timers.scheduled.size, 0);
  t.end();
});
