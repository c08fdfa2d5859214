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
