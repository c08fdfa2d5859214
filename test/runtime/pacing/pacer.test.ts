import t from 'tap';

import { onEagerClock, turnsOf } from '../../helpers/runtime/event-loop-turns.js';
import { Cancellation, Pacer } from '../../../src/runtime/index.js';

t.test('computations share the time of each turn of the event loop', async (t) => {
  const [computations, pauses] = [5, 10];
  const resumed: number[] = [];
  const compute = async (id: number): Promise<void> => {
    const pacer = new Pacer(new Cancellation());
    for (let i = 0; i < pauses; i++) {
      await pacer.pause();
      resumed.push(id);
      // Microtasks belong to the slice.
      for (let j = 0; j < 10; j++) await Promise.resolve();
    }
  };
  const turns = await onEagerClock(() =>
    turnsOf(() => Promise.all(Array.from({ length: computations }, (_, id) => compute(id)))),
  );
  t.ok(turns >= computations * pauses - 1, `${turns} turns`);
  const rounds = Array.from({ length: pauses }, () => Array.from({ length: computations }, (_, id) => id));
  t.same(resumed, rounds.flat(), 'the computation that has waited longest is resumed first');
});

t.test('several short computations are resumed in one turn', async (t) => {
  const turns = await turnsOf(() =>
    Promise.all(Array.from({ length: 50 }, () => new Pacer(new Cancellation()).pause())),
  );
  t.ok(turns < 50, `${turns} turns`);
});

t.test('a paused computation that is canceled ends, and others go on', async (t) => {
  const signal = new Cancellation();
  const canceled = new Pacer(signal).pause();
  const other = new Pacer(new Cancellation()).pause();
  signal.abort(new Error('over'));
  await t.rejects(canceled, { code: 'canceled' });
  await other;
});
