// Setting labels on the series of a stream, and collisions.

import fc from 'fast-check';
import t from 'tap';

import { encodeFrames, openResponse, type FrameStream } from '../../src/json/index.js';
import { setLabels } from '../../src/merge/index.js';
import { Labels } from '../../src/model/index.js';
import { chunksOf, drain, frame, observedStream, streamOf, readBytes } from '../helpers/frame-streams.js';

const EXTRA = Labels.from({ region: 'eu' });

async function encode(stream: FrameStream): Promise<string> {
  return (await readBytes(encodeFrames(stream))).toString();
}

t.test('the extra labels replace others, and samples are the same object', async (t) => {
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

t.test('the trailer is unchanged, and closing closes the source', async (t) => {
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
    name: 'a series long after the one that it equals',
    series: [...Array.from({ length: 1000 }, (_, i) => ({ i: String(i) })), { i: '3', region: 'x' }],
  },
];

for (const { name, series } of collisions) {
  t.test(`rejects ${name}, when they become equal`, async (t) => {
    const frames = series.map((labels) => frame(labels as Record<string, string>, ''));
    for (const stream of [streamOf(frames), streamOf(...frames.map((frame) => [frame]))]) {
      await t.rejects(drain(setLabels(stream, EXTRA)), {
        code: 'execution',
        message: /two series become \{.*region="eu"\} when the labels \{region="eu"\} are set/,
      });
    }
  });
}

t.test('series that carry the label but stay different are accepted', async (t) => {
  const frames = [{ a: '1' }, { a: '2', region: 'x' }, { a: '3', region: 'y' }, { a: '4' }].map((labels) =>
    frame(labels as Record<string, string>, ''),
  );
  t.equal((await drain(setLabels(streamOf(frames), EXTRA))).series.length, 4);
});

const CHARACTERS = ['a', 'b', 'z', '_', '"', '\\', '\n', '\u0001', '\u2028', '<', 'é', '😀', ' ', ']', '}'];
const text = fc.string({ unit: fc.constantFrom(...CHARACTERS), maxLength: 10 });

t.test('setting labels on bytes equals parsing, setting the labels and printing', async () => {
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
        const actual = `[${await encode(setLabels(frames, EXTRA))}]`;
        const expected = result.map(({ metric, values }) => ({
          metric: Labels.from(metric).with(EXTRA).toJSON(),
          values,
        }));
        return actual === JSON.stringify(expected);
      },
    ),
    { numRuns: 500 },
  );
});
