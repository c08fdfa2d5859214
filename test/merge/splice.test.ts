// Splice: labels set over a stream's own, collisions, and frames written as JSON.

import fc from 'fast-check';
import t from 'tap';

import {
  encodeFrames,
  GeneratedFrames,
  openResponse,
  readBytes,
  type FrameStream,
  type SeriesFrame,
} from '../../src/json/index.js';
import { setLabels } from '../../src/merge/index.js';
import { Labels } from '../../src/model/index.js';
import {
  chunksOf,
  drain,
  frame,
  itemsOf,
  observedStream,
  streamOf,
  values,
} from '../helpers/frame-streams.js';

const EXTRA = Labels.from({ region: 'eu' });

async function encode(stream: FrameStream): Promise<string> {
  return (await readBytes(encodeFrames(stream))).toString();
}

t.test('the extra labels win, and samples stay the same object', async (t) => {
  const frames = [frame({ a: '1', region: 'own' }, '"value":[1,"2"]'), frame({ b: '1' }, '"value":[1,"2"]')];
  const stream = setLabels(streamOf(frames), EXTRA);
  const set = (await stream.next())!;
  t.strictSame(
    set.map(({ labels }) => labels.toJSON()),
    [
      { a: '1', region: 'eu' },
      { b: '1', region: 'eu' },
    ],
  );
  t.equal(set[0]!.samples, frames[0]!.samples);
});

t.test('the trailer passes through, and closing reaches the source', async (t) => {
  const trailer = { warnings: ['w'], infos: ['i'], isPartial: true };
  t.strictSame((await drain(setLabels(observedStream([], trailer).stream, EXTRA))).trailer, trailer);
  const observed = observedStream([[frame({}, '')], [frame({ a: '1' }, '')]]);
  const stream = setLabels(observed.stream, EXTRA);
  await stream.next();
  stream.close();
  t.equal(observed.closed, true);
  t.equal(observed.requested, 1);
});

const collisions = [
  {
    name: 'a series that carries the label, after one that does not',
    series: [{ a: '1' }, { a: '1', region: 'x' }],
  },
  {
    name: 'a series without the label, after one that carries it',
    series: [{ a: '1', region: 'x' }, { a: '1' }],
  },
  { name: 'two series that carry different values', series: [{ region: 'x' }, { b: '1' }, { region: 'y' }] },
  {
    name: 'a series far behind the one it meets',
    series: [...Array.from({ length: 1000 }, (_, i) => ({ i: String(i) })), { i: '3', region: 'x' }],
  },
];

for (const { name, series } of collisions) {
  t.test(`refuses ${name}, once they become one`, async (t) => {
    const frames = series.map((labels) => frame(labels as Record<string, string>, ''));
    for (const stream of [streamOf(frames), streamOf(...frames.map((frame) => [frame]))]) {
      await t.rejects(drain(setLabels(stream, EXTRA)), {
        code: 'execution',
        message: /two series become \{.*region="eu"\} when the labels \{region="eu"\} are set/,
      });
    }
  });
}

t.test('accepts series that carry the label but stay apart', async (t) => {
  const frames = [{ a: '1' }, { a: '2', region: 'x' }, { a: '3', region: 'y' }, { a: '4' }].map((labels) =>
    frame(labels as Record<string, string>, ''),
  );
  t.equal((await drain(setLabels(streamOf(frames), EXTRA))).series.length, 4);
});

t.test('writes frames as the elements of an array', async (t) => {
  const cases = [
    { name: 'none', frames: [], expected: '' },
    {
      name: 'one',
      frames: [frame({ a: '1' }, '"value":[1,"2"]')],
      expected: '{"metric":{"a":"1"},"value":[1,"2"]}',
    },
    {
      name: 'two, one without labels and one without samples',
      frames: [frame({}, '"values":[]'), frame({ b: 'ü"\\\n\u2028<' }, '')],
      expected: '{"metric":{},"values":[]},{"metric":{"b":"ü\\"\\\\\\n\u2028<"}}',
    },
  ];
  for (const { name, frames, expected } of cases) {
    t.equal(await encode(frames.length === 0 ? streamOf() : streamOf(frames)), expected, name);
  }
});

t.test(
  'writes blocks of about 256 KiB behind a small first one, and large samples without copying them',
  async (t) => {
    const small = Array.from({ length: 2000 }, (_, i) =>
      frame({ i: String(i) }, values([i, 'x'.repeat(200)])),
    );
    const large = frame({ large: 'yes' }, values([1, 'y'.repeat(100_000)]));
    const blocks: Uint8Array[] = [];
    for await (const block of itemsOf(encodeFrames(streamOf([...small, large, ...small])))) {
      // The next block is written where this one was.
      blocks.push(block === large.samples ? block : Buffer.from(block));
    }
    t.ok(blocks.includes(large.samples), 'the very same bytes');
    const sizes = blocks.filter((block) => block !== large.samples).map((block) => block.length);
    t.ok(sizes.every((size) => size <= 256 << 10));
    t.ok(sizes[0]! <= 16 << 10);
    t.ok(sizes.filter((size) => size < 250 << 10).length <= 4, 'hardly any is not full');
    const text = Buffer.concat(blocks).toString();
    t.strictSame((JSON.parse(`[${text}]`) as unknown[]).length, 4001);
  },
);

t.test('labels larger than a block are written whole', async (t) => {
  const value = 'ä\u0001'.repeat(100_000);
  const text = await encode(streamOf([frame({ a: '1' }, ''), frame({ b: value }, '"value":[1,"2"]')]));
  t.strictSame(JSON.parse(`[${text}]`), [{ metric: { a: '1' } }, { metric: { b: value }, value: [1, '2'] }]);
});

t.test('what is there leaves before the upstream sends more', async (t) => {
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

const CHARACTERS = ['a', 'b', 'z', '_', '"', '\\', '\n', '\u0001', '\u2028', '<', 'é', '😀', ' ', ']', '}'];
const text = fc.string({ unit: fc.constantFrom(...CHARACTERS), maxLength: 10 });

t.test('splicing is parsing, setting the labels and printing again', async () => {
  const series = fc.record({
    metric: fc.dictionary(text, text, { maxKeys: 5 }),
    values: fc.array(fc.tuple(fc.nat(2e9), fc.double().map(String)), { maxLength: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(series, {
        maxLength: 10,
        selector: ({ metric }) => Labels.from(metric).with(EXTRA).key,
      }),
      fc.integer({ min: 1, max: 200 }),
      async (result, size) => {
        const body = JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } });
        const { frames } = await openResponse(chunksOf(body, size));
        const spliced = `[${await encode(setLabels(frames, EXTRA))}]`;
        const expected = result.map(({ metric, values }) => ({
          metric: Labels.from(metric).with(EXTRA).toJSON(),
          values,
        }));
        return spliced === JSON.stringify(expected);
      },
    ),
    { numRuns: 500 },
  );
});
