// Delays before workers that exited are replaced.

import fc from 'fast-check';
import t from 'tap';

import { RestartPolicy } from '../../src/workers/restart-policy.js';

const SHORT = { wasReady: true, lifeMs: 9_999 };
const LONG = { wasReady: true, lifeMs: 10_000 };
const FAILED = { wasReady: false, lifeMs: 50 };

t.test('a worker that lived long is replaced at once, every time', (t) => {
  const policy = new RestartPolicy();
  for (let i = 0; i < 20; i++) t.equal(policy.workerExited(LONG), 0);
  t.end();
});

t.test('delays double for workers that exit soon, up to a bound', (t) => {
  const policy = new RestartPolicy();
  const delays = Array.from({ length: 12 }, () => {
    policy.workerReady();
    return policy.workerExited(SHORT);
  });
  t.strictSame(delays, [0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000, 10_000]);
  t.end();
});

t.test('a long life resets the delay', (t) => {
  const policy = new RestartPolicy();
  for (let i = 0; i < 5; i++) policy.workerExited(SHORT);
  t.equal(policy.workerExited(LONG), 0);
  t.equal(policy.workerExited(SHORT), 0);
  t.equal(policy.workerExited(SHORT), 100);
  t.end();
});

t.test('the policy gives up after five exits in a row before readiness', (t) => {
  const policy = new RestartPolicy();
  const delays = Array.from({ length: 5 }, () => policy.workerExited(FAILED));
  t.strictSame(delays, [0, 100, 200, 400, undefined]);
  t.equal(policy.workerExited(FAILED), undefined, 'later exits too');
  t.end();
});

t.test('a worker that becomes ready resets the count of failed starts', (t) => {
  const policy = new RestartPolicy();
  for (let i = 0; i < 4; i++) t.not(policy.workerExited(FAILED), undefined);
  policy.workerReady();
  for (let i = 0; i < 4; i++) t.not(policy.workerExited(FAILED), undefined);
  t.equal(policy.workerExited(FAILED), undefined);
  t.end();
});

t.test('a worker that never became ready has not lived long', (t) => {
  const policy = new RestartPolicy();
  policy.workerExited({ wasReady: false, lifeMs: 60_000 });
  t.equal(policy.workerExited({ wasReady: false, lifeMs: 60_000 }), 100);
  t.end();
});

t.test('workers that became ready are always replaced, within ten seconds', (t) => {
  fc.assert(
    fc.property(fc.array(fc.nat(30_000), { maxLength: 200 }), (lives) => {
      const policy = new RestartPolicy();
      return lives.every((lifeMs) => {
        policy.workerReady();
        const delayMs = policy.workerExited({ wasReady: true, lifeMs });
        return delayMs !== undefined && delayMs >= 0 && delayMs <= 10_000;
      });
    }),
  );
  t.end();
});
