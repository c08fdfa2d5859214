import fc from 'fast-check';
import t from 'tap';

import { PromfedError } from '../../../src/model/index.js';
import { encodeSnappy, decodeSnappy } from '../../../src/upstreams/wire/snappy-block.js';

t.test('an encoded block is decoded to its content, at any length', async (t) => {
  for (const length of [0, 1, 127, 128, 65_535, 65_536, 65_537, 200_000]) {
    const content = Buffer.from(Array.from({ length }, (_, i) => (i * 7919) % 251));
    t.ok((await decodeSnappy(encodeSnappy(content), length)).equals(content), String(length));
  }
});

t.test('every element of the format is decoded', async (t) => {
  const cases: { name: string; block: number[]; content: string }[] = [
    { name: 'a short literal', block: [3, 2 << 2, 97, 98, 99], content: 'abc' },
    { name: 'a literal with its length in a byte', block: [2, 60 << 2, 1, 97, 98], content: 'ab' },
    {
      name: 'a copy with an offset of eleven bits',
      block: [7, 2 << 2, 97, 98, 99, 1, 3],
      content: 'abcabca',
    },
    {
      name: 'a copy with an offset of two bytes',
      block: [5, 2 << 2, 97, 98, 99, (1 << 2) | 2, 2, 0],
      content: 'abcbc',
    },
    {
      name: 'a copy with an offset of four bytes',
      block: [4, 2 << 2, 97, 98, 99, 3, 3, 0, 0, 0],
      content: 'abca',
    },
    { name: 'a copy that repeats what it writes', block: [6, 0, 97, (4 << 2) | 2, 1, 0], content: 'aaaaaa' },
  ];
  for (const { name, block, content } of cases) {
    t.equal((await decodeSnappy(Uint8Array.from(block), 100)).toString(), content, name);
  }
});

t.test('malformed and hostile blocks are rejected', async (t) => {
  const cases: { name: string; block: number[]; message: RegExp }[] = [
    { name: 'an empty block', block: [], message: /malformed snappy block/ },
    {
      name: 'a length that does not end',
      block: [255, 255, 255, 255, 255, 255],
      message: /malformed snappy block/,
    },
    {
      name: 'a length above the limit',
      block: [0xe9, 0x07, 0],
      message: /too large: 1001 bytes; the limit is 1000/,
    },
    {
      name: 'a length that the block cannot decode to',
      block: [0xe8, 0x07, 0, 97],
      message: /malformed snappy block/,
    },
    { name: 'an incomplete literal', block: [3, 2 << 2, 97], message: /malformed snappy block/ },
    { name: 'an incomplete length', block: [3, 61 << 2, 1], message: /malformed snappy block/ },
    { name: 'a copy from before the beginning', block: [5, 0, 97, 1, 2], message: /malformed snappy block/ },
    { name: 'a copy with offset 0', block: [5, 0, 97, 1, 0], message: /malformed snappy block/ },
    {
      name: 'more content than its length',
      block: [1, 1 << 2, 97, 98],
      message: /malformed snappy block/,
    },
    { name: 'less content than its length', block: [2, 0, 97], message: /malformed snappy block/ },
  ];
  for (const { name, block, message } of cases) {
    await t.rejects(decodeSnappy(Uint8Array.from(block), 1000), { code: 'upstream', message }, name);
  }
});

t.test('arbitrary bytes are a block or an upstream error', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), async (bytes) => {
      try {
        await decodeSnappy(bytes, 1000);
      } catch (thrown) {
        if (!(thrown instanceof PromfedError) || thrown.code !== 'upstream') throw thrown;
      }
    }),
    { numRuns: 2000 },
  );
  t.pass();
});
