import fc from 'fast-check';
import t from 'tap';

import { compareNaturally } from '../../../../src/promql/functions/index.js';

t.test('runs of digits are compared as numbers', async (t) => {
  const sorted = ['', '1', '2', '10', 'a', 'a1b2', 'a1b10', 'a2', 'b'];
  for (let i = 0; i < sorted.length; i++) {
    for (let j = 0; j < sorted.length; j++) {
      t.equal(
        Math.sign(compareNaturally(sorted[i]!, sorted[j]!)),
        Math.sign(i - j),
        `${sorted[i]!} ${sorted[j]!}`,
      );
    }
  }
  t.equal(compareNaturally('01', '1'), 0);
  t.ok(compareNaturally('9223372036854775808', '9') > 0, 'beyond 64 bits they compare as text');
  t.ok(compareNaturally('10000000000000000000', '9') < 0);
});

/** The order by the definition: all runs of both strings, compared one by one. */
function compareAllRuns(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.match(/[0-9]+|[^0-9]+/g) ?? []);
  for (let i = 0; i < Math.min(left!.length, right!.length); i++) {
    const [x, y] = [left![i]!, right![i]!];
    const areNumbers = /^[0-9]/.test(x) && /^[0-9]/.test(y);
    const order = areNumbers ? Number(x) - Number(y) : x < y ? -1 : x > y ? 1 : 0;
    if (order !== 0) return order;
  }
  return left!.length - right!.length;
}

t.test('the order is that of all runs', async () => {
  const text = fc.array(fc.constantFrom('0', '1', '01', '12', 'a', 'b', '-')).map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, text, text, (prefix, a, b) => {
      const [x, y] = [`${prefix}${a}`.slice(0, 12), `${prefix}${b}`.slice(0, 12)];
      return Math.sign(compareNaturally(x, y)) === Math.sign(compareAllRuns(x, y));
    }),
    { numRuns: 5000 },
  );
});

t.test('a million runs that are equal take little time', async (t) => {
  const long = 'a1'.repeat(500_000);
  const [a, b] = [`${long}x2`, `${long}x10`];
  const before = process.cpuUsage();
  for (let i = 0; i < 20; i++) t.ok(compareNaturally(a, b) < 0);
  t.ok(process.cpuUsage(before).user < 1e6, 'less than 50 ms for each comparison');
});
