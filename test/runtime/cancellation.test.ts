import t from 'tap';

import type { StopSignal } from '../../src/model/index.js';
import { Cancellation } from '../../src/runtime/index.js';

t.test('listeners are told once, in order, and the first reason counts', (t) => {
  const ending = new Cancellation();
  const told: string[] = [];
  for (const name of ['a', 'b']) {
    ending.addEventListener('abort', () => {
      told.push(`${name} ${String(ending.aborted)} ${String(ending.reason)}`);
    });
  }
  t.equal(ending.aborted, false);
  ending.abort('late');
  ending.abort('again');
  t.strictSame(told, ['a true late', 'b true late']);
  t.equal(ending.reason, 'late');
  t.end();
});

t.test('a listener that another one takes away is not told, nor one that comes too late', (t) => {
  const ending = new Cancellation();
  const told: string[] = [];
  const second = (): void => void told.push('second');
  ending.addEventListener('abort', () => {
    told.push('first');
    ending.removeEventListener('abort', second);
  });
  ending.addEventListener('abort', second);
  ending.abort(undefined);
  ending.addEventListener('abort', () => told.push('late'));
  t.strictSame(told, ['first']);
  t.end();
});

t.test("the platform's own signals are taken in its place", (t) => {
  const controller = new AbortController();
  const signal: StopSignal = controller.signal;
  let told = 0;
  const listener = (): void => void (told += 1);
  signal.addEventListener('abort', listener);
  controller.abort('over');
  t.equal(told, 1);
  t.equal(signal.reason, 'over');
  t.end();
});
