import t from 'tap';

import type { StopSignal } from '../../src/model/index.js';
import { Cancellation } from '../../src/runtime/index.js';
import { turn } from '../helpers/runtime/manual-timers.js';

t.test('abort calls each listener once, in order, and keeps the first reason', (t) => {
  const cancellation = new Cancellation();
  const calls: string[] = [];
  for (const name of ['a', 'b']) {
    cancellation.addEventListener('abort', () => {
      calls.push(`${name} ${String(cancellation.aborted)} ${String(cancellation.reason)}`);
    });
  }
  t.equal(cancellation.aborted, false);
  cancellation.abort('late');
  cancellation.abort('again');
  t.strictSame(calls, ['a true late', 'b true late']);
  t.equal(cancellation.reason, 'late');
  t.end();
});

t.test('a listener removed by another one is not called, nor one added after the abort', (t) => {
  const cancellation = new Cancellation();
  const calls: string[] = [];
  const second = (): void => void calls.push('second');
  cancellation.addEventListener('abort', () => {
    calls.push('first');
    cancellation.removeEventListener('abort', second);
  });
  cancellation.addEventListener('abort', second);
  cancellation.abort(undefined);
  cancellation.addEventListener('abort', () => calls.push('late'));
  t.strictSame(calls, ['first']);
  t.end();
});

t.test('many listeners are called in several turns of the event loop', async (t) => {
  const cancellation = new Cancellation();
  const calls: number[] = [];
  const removed = (): void => void calls.push(-1);
  for (let i = 0; i < 600; i++) cancellation.addEventListener('abort', () => calls.push(i));
  cancellation.addEventListener('abort', removed);
  cancellation.abort('late');
  t.equal(calls.length, 256);
  cancellation.removeEventListener('abort', removed);
  await turn();
  t.equal(calls.length, 512);
  await turn();
  t.same(
    calls,
    Array.from({ length: 600 }, (_, i) => i),
  );
});

t.test('an AbortSignal is accepted as a StopSignal', (t) => {
  const controller = new AbortController();
  const signal: StopSignal = controller.signal;
  let calls = 0;
  const listener = (): void => void (calls += 1);
  signal.addEventListener('abort', listener);
  controller.abort('over');
  t.equal(calls, 1);
  t.equal(signal.reason, 'over');
  t.end();
});
