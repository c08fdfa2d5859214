// Delays before workers that exited are replaced.

import fc from 'fast-check';
import t from 'tap';

import { createRestartPolicy } from '../../src/workers/restart-policy.js';

const SHORT = { wasReady: true, lifeMs: 9_999 };
const LONG = { wasReady: true, lifeMs: 10_000 };
const FAILED = { wasReady: false, lifeMs: 50 };

t.test('a worker that lived long is replaced at once, every time', (t) => {
  const policy = createRestartPolicy();
  for (let i = 0; i < 20; i++) t.equal(policy.ended(LONG), 0);
  t.end();
});

t.test('delays double for workers that exit soon, up to a bound', (t) => {
  const policy = createRestartPolicy();
  const delays = Array.from({ length: 12 }, () => {
    policy.started();
    return policy.ended(SHORT);
  });
  t.strictSame(delays, [0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000, 10_000]);
  t.end();
});

t.test('a long life resets the delay', (t) => {
  const policy = createRestartPolicy();
  for (let i = 0; i < 5; i++) policy.ended(SHORT);
  t.equal(policy.ended(LONG), 0);
  t.equal(policy.ended(SHORT), 0);
  t.equal(policy.ended(SHORT), 100);
  t.end();
});

t.test('the policy gives up after five exits in a row before readiness', (t) => {
  const policy = createRestartPolicy();
  const delays = Array.from({ length: 5 }, () => policy.ended(FAILED));
  t.strictSame(delays, [0, 100, 200, 400, undefined]);
  t.equal(policy.ended(FAILED), undefined, 'later exits too');
  t.end();
});

t.test('a worker that becomes ready resets the count of failed starts', (t) => {
  const policy = createRestartPolicy();
  for (let i = 0; i < 4; i++) t.not(policy.ended(FAILED), undefined);
  policy.started();
  for (let i = 0; i < 4; i++) t.not(policy.ended(FAILED), undefined);
  t.equal(policy.ended(FAILED), undefined);
  t.end();
});

t.test('a worker that never became ready has not lived long', (t) => {
  const policy = createRestartPolicy();
  policy.ended({ wasReady: false, lifeMs: 60_000 });
  t.equal(policy.ended({ wasReady: false, lifeMs: 60_000 }), 100);
  t.end();
});

t.test('workers that became ready are always replaced, within ten seconds', (t) => {
  fc.assert(
    fc.property(fc.array(fc.nat(30_000), { maxLength: 200 }), (lives) => {
      const policy = createRestartPolicy();
      return lives.every((lifeMs) => {
        policy.started();
        const delayMs = policy.ended({ wasReady: true, lifeMs });
        return delayMs !== undefined && delayMs >= 0 && delayMs <= 10_000;
      });
    }),
  );
  t.end();
});
