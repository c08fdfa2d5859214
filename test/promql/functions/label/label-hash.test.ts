import t from 'tap';

import { Labels } from '../../../../src/model/index.js';
import { sampleOffset } from '../../../../src/promql/functions/index.js';
import { xxhash64 } from '../../../../src/promql/functions/label/xxhash64.js';

t.test('xxHash64 returns the values of the reference implementation', async (t) => {
  const cases: readonly [text: string, hash: string][] = [
    ['', 'ef46db3751d8e999'],
    ['a', 'd24ec4f1a98c6e5b'],
    ['abc', '44bc2cf5ad770999'],
    ['Nobody inspects the spammish repetition', 'fbcea83c8a378bf1'],
  ];
  for (const [text, hash] of cases) t.equal(xxhash64(Buffer.from(text)).toString(16), hash, text);
});

t.test('the sample offset is the hash of the length-prefixed names and values', async (t) => {
  const hash = xxhash64(Buffer.from('\x08__name__\x02up\x03job\x02é', 'utf8'));
  t.equal(sampleOffset(Labels.from({ job: 'é', __name__: 'up' })), Number(hash) / 2 ** 64);
  const long = 'x'.repeat(300);
  const framed = Buffer.concat([Buffer.from('\x01a'), Buffer.of(255, 44, 1, 0), Buffer.from(long)]);
  t.equal(sampleOffset(Labels.from({ a: long })), Number(xxhash64(framed)) / 2 ** 64);
});
