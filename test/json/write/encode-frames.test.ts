// Frames written as the elements of a `result` array.

import t from 'tap';

import {
  encodeFrames,
  GeneratedFrames,
  type FrameStream,
  type SeriesFrame,
} from '../../../src/json/index.js';
import { frame, itemsOf, streamOf, values, readBytes } from '../../helpers/frame-streams.js';

async function encode(stream: FrameStream): Promise<string> {
  return (await readBytes(encodeFrames(stream))).toString();
}

t.test('frames are written as the elements of an array', async (t) => {
  const cases = [
    { name: 'no frames', frames: [], expected: '' },
    {
      name: 'one frame',
      frames: [frame({ a: '1' }, '"value":[1,"2"]')],
      expected: '{"metric":{"a":"1"},"value":[1,"2"]}',
    },
    {
      name: 'a frame without labels and one without samples',
      frames: [frame({}, '"values":[]'), frame({ b: 'ü"\\\n\u2028<' }, '')],
      expected: '{"metric":{},"values":[]},{"metric":{"b":"ü\\"\\\\\\n\u2028<"}}',
    },
  ];
  for (const { name, frames, expected } of cases) {
    t.equal(await encode(frames.length === 0 ? streamOf() : streamOf(frames)), expected, name);
  }
});

t.test('blocks have up to 256 KiB after a small first one, and large samples are not copied', async (t) => {
  const small = Array.from({ length: 2000 }, (_, i) => frame({ i: String(i) }, values([i, 'x'.repeat(200)])));
  const large = frame({ large: 'yes' }, values([1, 'y'.repeat(100_000)]));
  const blocks: Uint8Array[] = [];
  for await (const block of itemsOf(encodeFrames(streamOf([...small, large, ...small])))) {
    // The memory of a block is used for the next one.
    blocks.push(block === large.samples ? block : Buffer.from(block));
  }
  t.ok(blocks.includes(large.samples), 'the same memory');
  const sizes = blocks.filter((block) => block !== large.samples).map((block) => block.length);
  t.ok(sizes.every((size) => size <= 256 << 10));
  t.ok(sizes[0]! <= 16 << 10);
  t.ok(sizes.filter((size) => size < 250 << 10).length <= 4, 'almost all are full');
  const text = Buffer.concat(blocks).toString();
  t.strictSame((JSON.parse(`[${text}]`) as unknown[]).length, 4001);
});

t.test('labels larger than a block are written completely', async (t) => {
  const value = 'ä\u0001'.repeat(100_000);
  const text = await encode(streamOf([frame({ a: '1' }, ''), frame({ b: value }, '"value":[1,"2"]')]));
  t.strictSame(JSON.parse(`[${text}]`), [{ metric: { a: '1' } }, { metric: { b: value }, value: [1, '2'] }]);
});

t.test('a block is returned before the upstream sends more', async (t) => {
  let release: (() => void) | undefined;
  async function* slow(): AsyncGenerator<readonly SeriesFrame[], void, undefined> {
    yield [frame({ a: '1' }, '')];
    await new Promise<void>((resolve) => (release = resolve));
  }
  const blocks = encodeFrames(new GeneratedFrames([], slow()));
  t.equal(Buffer.from((await blocks.next())!).toString(), '{"metric":{"a":"1"}}');
  const end = blocks.next();
  release!();
  t.equal(await end, undefined);
});
