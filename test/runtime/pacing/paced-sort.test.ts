import t from 'tap';

import { onEagerClock, turnsOf } from '../../helpers/runtime/event-loop-turns.js';
import { Cancellation, Pacer, sortPaced } from '../../../src/runtime/index.js';

t.test('a list of any length is sorted, and equal items keep their order', async (t) => {
  for (const length of [0, 1, 4096, 4097, 3 * 4096, 5 * 4096 + 1]) {
    const items = Array.from({ length }, (_, index) => ({ key: (index * 7919) % 100, index }));
    const before = [...items];
    const sorted = await sortPaced(new Pacer(new Cancellation()), items, (a, b) => a.key - b.key);
    const expected = [...items].sort((a, b) => a.key - b.key || a.index - b.index);
    t.equal(sorted.length, length);
    t.ok(
      sorted.every((item, i) => item === expected[i]),
      `${length} items`,
    );
    t.ok(
      items.every((item, i) => item === before[i]),
      'the input is unchanged',
    );
  }
});

t.test('a canceled sort ends when its time slice is used up', async (t) => {
  const signal = new Cancellation();
  signal.abort(new Error('over'));
  let comparisons = 0;
  const slow = (a: number, b: number): number => {
    const endMs = performance.now() + (comparisons++ === 0 ? 30 : 0);
    while (performance.now() < endMs);
    return a - b;
  };
  const items = Array.from({ length: 10_000 }, (_, i) => -i);
  await t.rejects(sortPaced(new Pacer(signal), items, slow), {
    code: 'canceled',
    message: 'query was canceled in expression evaluation',
  });
});

t.test('slow comparisons are made in turns with the event loop', async (t) => {
  const length = 200;
  const items = Array.from({ length }, (_, i) => (i * 7919) % length);
  const turns = await onEagerClock(() =>
    turnsOf(() => sortPaced(new Pacer(new Cancellation()), items, (a, b) => a - b)),
  );
  t.ok(turns > length / 8, `${turns} turns`);
});
