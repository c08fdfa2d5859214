import { mock } from 'node:test';

import t from 'tap';

import { startTimer } from '../../src/runtime/index.js';

const DAY_MS = 86_400_000;
const MAX_MS = 2 ** 31 - 1;

t.test('a timer of any length runs after its delay, once', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => {
    mock.timers.reset();
  });
  for (const delayMs of [1, 1000, 24 * DAY_MS, 2 ** 31 - 1, 2 ** 31, 30 * DAY_MS, 365 * DAY_MS]) {
    let runs = 0;
    startTimer(delayMs, () => runs++);
    // The mock starts the next part at the end of a tick.
    for (let left = delayMs - 1; left > 0; left -= MAX_MS) mock.timers.tick(Math.min(left, MAX_MS));
    t.equal(runs, 0, `${delayMs} ms: not before`);
    mock.timers.tick(1);
    t.equal(runs, 1, `${delayMs} ms`);
    mock.timers.tick(10);
    t.equal(runs, 1, 'once');
  }
});

t.test('a timer is cancelled in each of its parts', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => {
    mock.timers.reset();
  });
  for (const afterDays of [0, 20, 29]) {
    const cancel = startTimer(30 * DAY_MS, () => t.fail('ran'));
    for (let day = 0; day < afterDays; day++) mock.timers.tick(DAY_MS);
    cancel();
    for (let day = 0; day < 40; day++) mock.timers.tick(DAY_MS);
  }
  t.pass('no timer ran');
});
