// Merging the streams of replicas: each series once, with the upstreams' bytes, its samples merged if they differ.

import fc from 'fast-check';
import t from 'tap';

import { EMPTY_TRAILER, type SeriesFrame } from '../../src/json/index.js';
import { mergeReplicaStreams } from '../../src/merge/index.js';
import { PromfedError } from '../../src/model/index.js';
import { onEagerClock, turnsOf } from '../helpers/runtime/event-loop-turns.js';
import { drain, frame, observedStream, streamOf, values } from '../helpers/frame-streams.js';
import { RecordedMemory } from '../helpers/runtime/recorded-memory.js';

/** The merged series as `name samples`. */
async function merged(
  replicas: readonly (readonly SeriesFrame[])[],
  bufferMs = 10_000,
  options: Parameters<typeof mergeReplicaStreams>[1] & { batch?: number } = {},
): Promise<string[]> {
  const { batch = 1000, ...rest } = options;
  const streams = replicas.map((frames) => {
    const batches: SeriesFrame[][] = [];
    for (let i = 0; i < frames.length; i += batch) batches.push(frames.slice(i, i + batch));
    return streamOf(...batches);
  });
  const { series } = await drain(mergeReplicaStreams(streams, { antiAffinity: { bufferMs }, ...rest }));
  return series.map(({ metric, samples }) => `${metric['a'] ?? ''} ${samples}`);
}

const one = (samples: string): SeriesFrame[] => [frame({ a: 'x' }, samples)];

const merges = [
  {
    name: 'copies that are equal',
    a: '"values":[ [1,"2"] ]',
    b: '"values":[ [1,"2"] ]',
    expected: '"values":[ [1,"2"] ]',
  },
  {
    name: 'equal copies with histograms',
    a: '"histograms":[[1,{"count":"1"}]]',
    b: '"histograms":[[1,{"count":"1"}]]',
    expected: '"histograms":[[1,{"count":"1"}]]',
  },
  {
    name: 'copies with the same times',
    a: '"values":[[1,"2"],[16,"3"]]',
    b: '"values":[[1,"2.5"],[16,"4"]]',
    expected: '"values":[[1,"2"],[16,"3"]]',
  },
  {
    name: 'a hole, filled with the other copy’s own digits',
    a: '"values":[[0,"1.50"],[60,"2.5e0"]]',
    b: '"values":[[0,"7"],[30.0,"1.70"]]',
    expected: '"values":[[0,"1.50"],[30.0,"1.70"],[60,"2.5e0"]]',
  },
  {
    name: 'a longer second copy',
    a: '"values":[[30,"9"]]',
    b: '"values":[[0,"1"],[30,"2"],[60,"3"]]',
    expected: '"values":[[0,"1"],[30,"2"],[60,"3"]]',
  },
  {
    name: 'one copy without samples',
    a: '"values":[]',
    b: '"values":[[1,"2"]]',
    expected: '"values":[[1,"2"]]',
  },
  {
    name: 'copies without samples, with different white space',
    a: '"values":[]',
    b: '"values":[ ]',
    expected: '"values":[]',
  },
  { name: 'a frame without members', a: '', b: '"values":[[1,"2"]]', expected: '"values":[[1,"2"]]' },
  {
    name: 'white space',
    a: '"values" : [ [ 0 , "1" ] , [ 60 , "2" ] ]',
    b: '"values":[[30,"3"]]',
    expected: '"values":[[ 0 , "1" ],[30,"3"],[ 60 , "2" ]]',
  },
  { name: 'an instant vector', a: '"value":[1,"2"]', b: '"value":[1,"3"]', expected: '"value":[1,"2"]' },
  {
    name: 'an instant vector at two times',
    a: '"value":[100,"2"]',
    b: '"value":[1,"3"]',
    expected: '"value":[100,"2"]',
  },
  {
    name: 'the larger value of an instant vector',
    a: '"value":[1,"2"]',
    b: '"value":[1,"3"]',
    preferMax: true,
    expected: '"value":[1,"3"]',
  },
  {
    name: 'larger values at the base’s times',
    a: '"values":[[0,"1"],[30,"5"]]',
    b: '"values":[[1,"2.0"],[31,"4"]]',
    preferMax: true,
    expected: '"values":[[0,"2.0"],[30,"5"]]',
  },
];

for (const { name, a, b, preferMax = false, expected } of merges) {
  t.test(`merges ${name}`, async (t) => {
    t.strictSame(await merged([one(a), one(b)], 10_000, { antiAffinity: { bufferMs: 10_000, preferMax } }), [
      `x ${expected}`,
    ]);
  });
}

t.test('samples before and after the base are merged', async (t) => {
  const a = one('"values":[[100,"1"],[130,"2"],[160,"3"]]');
  const b = one('"values":[[10,"3"],[40,"4"],[190,"5"]]');
  const expected = '"values":[[10,"3"],[40,"4"],[100,"1"],[130,"2"],[160,"3"],[190,"5"]]';
  t.strictSame(await merged([a, b]), [`x ${expected}`]);
  t.strictSame(await merged([b, a]), [`x ${expected}`]);
});

t.test('more than two replicas are merged one after the other', async (t) => {
  const replicas = ['[0,"1"],[120,"1"]', '[30,"2"]', '[31,"3"],[60,"3"]', '[90,"4"]'].map((list) =>
    one(`"values":[${list}]`),
  );
  t.strictSame(await merged(replicas), ['x "values":[[0,"1"],[30,"2"],[60,"3"],[90,"4"],[120,"1"]]']);
});

t.test('different native histograms are not merged', async (t) => {
  const floats = one('"values":[[1,"2"]]');
  const histograms = one('"histograms":[[1,{"count":"1"}]]');
  const others = one('"histograms":[[1,{"count":"2"}]]');
  for (const replicas of [
    [floats, histograms],
    [histograms, others],
    [others, floats],
  ]) {
    await t.rejects(merged(replicas), { code: 'unsupported', message: /native histograms/ });
  }
  t.strictSame(await merged([[], histograms]), ['x "histograms":[[1,{"count":"1"}]]'], 'one copy passes');
});

t.test('malformed samples and samples that go back in time are rejected', async (t) => {
  await t.rejects(merged([one('"values":[[2,"1"],[1,"1"]]'), one('"values":[[3,"1"]]')]), {
    code: 'upstream',
    message: /back in time/,
  });
  await t.rejects(merged([one('"values":[[2,"1"]'), one('"values":[[3,"1"]]')]), { code: 'upstream' });
  await t.rejects(merged([one('"value":[2,"1"]'), one('"values":[[3,"1"]]')]), {
    code: 'upstream',
    message: /a vector in one copy and a matrix in the other/,
  });
});

t.test('values on a grid are those of the first target that has one', async (t) => {
  const a = one('"values":[[0,"1"],[60,"1"]]');
  const b = one('"values":[[0,"2"],[1,"2"],[60,"2"],[61,"2"]]');
  const { series } = await drain(mergeReplicaStreams([streamOf(a), streamOf(b)]));
  t.strictSame(
    series.map(({ samples }) => samples),
    ['"values":[[0,"1"],[1,"2"],[60,"1"],[61,"2"]]'],
  );
  const instant = await drain(
    mergeReplicaStreams([streamOf(one('"value":[9,"1"]')), streamOf(one('"value":[1,"2"]'))]),
  );
  t.strictSame(
    instant.series.map(({ samples }) => samples),
    ['"value":[9,"1"]'],
  );
});

t.test('a single stream is returned unchanged', async (t) => {
  const stream = streamOf(one('"values":[]'));
  t.equal(mergeReplicaStreams([stream]), stream);
});

t.test('trailers are united, and an error of a replica closes the others', async (t) => {
  const streams = ['a', 'b'].map((warning) => observedStream([], { warnings: [warning] }).stream);
  const { trailer } = await drain(mergeReplicaStreams(streams));
  t.strictSame(trailer, { ...EMPTY_TRAILER, warnings: ['a', 'b'] });
  const error = new PromfedError('upstream', 'broken');
  const other = observedStream([one('"values":[]'), [frame({ a: 'y' }, '')]]);
  await t.rejects(drain(mergeReplicaStreams([other.stream, observedStream([error]).stream])), error);
  t.equal(other.closed, true);
});

/** Replicas with a few series and different samples. Some series are missing. */
const replicasArbitrary = fc
  .tuple(fc.uniqueArray(fc.nat(30), { minLength: 1, maxLength: 20 }), fc.integer({ min: 2, max: 4 }))
  .chain(([names, count]) =>
    fc.array(
      fc.array(fc.tuple(fc.constantFrom(...names), fc.array(fc.nat(20), { maxLength: 6 })), {
        maxLength: 30,
      }),
      { minLength: count, maxLength: count },
    ),
  )
  .map((replicas) =>
    replicas.map((series) => {
      const unique = new Map(series.map(([name, times]) => [name, times]));
      return [...unique].map(([name, times]) => {
        const sorted = [...new Set(times)].sort((a, b) => a - b);
        return frame(
          { a: String(name).padStart(2, '0') },
          values(...sorted.map((time) => [time * 15, String(time)] as const)),
        );
      });
    }),
  );

const byName = (a: SeriesFrame, b: SeriesFrame): number => (a.labels.get('a') < b.labels.get('a') ? -1 : 1);

/** The expected result: each series merged alone, its copies in the order of the targets. */
async function reference(replicas: readonly (readonly SeriesFrame[])[]): Promise<string[]> {
  const names = [...new Set(replicas.flat().map(({ labels }) => labels.get('a')))].sort();
  const all: string[] = [];
  for (const name of names) {
    const copies = replicas.flatMap((frames) => frames.filter(({ labels }) => labels.get('a') === name));
    all.push(...(await merged(copies.map((copy) => [copy]))));
  }
  return all;
}

t.test('series of ascending streams come once and in order, however they are batched', async () => {
  await fc.assert(
    fc.asyncProperty(
      replicasArbitrary,
      fc.constantFrom(0, 100, 1 << 20),
      fc.integer({ min: 1, max: 5 }),
      async (replicas, lookAheadBytes, batch) => {
        const expected = (await reference(replicas)).join('\n');
        const sorted = replicas.map((frames) => [...frames].sort(byName));
        const actual = await merged(sorted, 10_000, { lookAheadBytes, batch });
        return (lookAheadBytes < 1000 ? actual : [...actual].sort()).join('\n') === expected;
      },
    ),
    { numRuns: 300 },
  );
});

t.test('streams with the same order that does not ascend are merged with few held series', async (t) => {
  const frames = Array.from({ length: 100 }, (_, i) =>
    frame({ a: String(99 - i) }, values([i, 'x'.repeat(1000)])),
  );
  const some = frames.filter((_, i) => i % 20 !== 0);
  const actual = await merged([frames, some], 0, { lookAheadBytes: 0, maxHeldBytes: 20_000, batch: 10 });
  t.equal(actual.length, 100);
  t.equal(new Set(actual).size, 100);
});

t.test('series of unordered streams come once, or are an error', async (t) => {
  let failed = 0;
  await fc.assert(
    fc.asyncProperty(
      replicasArbitrary,
      fc.constantFrom(0, 100, 1 << 20),
      fc.integer({ min: 1, max: 5 }),
      async (replicas, lookAheadBytes, batch) => {
        const expected = await reference(replicas);
        try {
          const actual = await merged(replicas, 10_000, { lookAheadBytes, batch });
          return [...actual].sort().join('\n') === expected.join('\n');
        } catch (error) {
          failed++;
          return (
            lookAheadBytes < 1 << 20 &&
            error instanceof PromfedError &&
            error.message.includes('was sent again')
          );
        }
      },
    ),
    { numRuns: 500 },
  );
  t.ok(failed < 250, 'most runs succeed');
});

t.test('ascending streams are merged without held series', async (t) => {
  const series = Array.from({ length: 200 }, (_, i) => [
    frame({ a: String(i).padStart(3, '0') }, values([1, 'x'.repeat(10_000)])),
  ]);
  const a = observedStream(series);
  const b = observedStream(series.filter((_, i) => i % 2 === 0));
  const stream = mergeReplicaStreams([a.stream, b.stream], { lookAheadBytes: 0, maxHeldBytes: 0 });
  const first = (await stream.next())!;
  t.ok(first.length > 0);
  const { series: rest } = await drain(stream);
  t.equal(rest.length + first.length, 200);
});

t.test('streams with different orders are held up to the limit', async (t) => {
  const frames = Array.from({ length: 100 }, (_, i) =>
    frame({ a: String(i).padStart(3, '0') }, values([1, String(i)])),
  );
  const reversed = [...frames].reverse();
  const read = (maxHeldBytes: number): Promise<string[]> =>
    merged([frames, reversed], 0, { lookAheadBytes: 0, maxHeldBytes, batch: 10 });
  t.equal((await read(1 << 20)).length, 100);
  await t.rejects(read(1000), { code: 'limit', message: /more than 1000 bytes/ });
});

t.test('a replica that repeats a series is an error', async (t) => {
  const twice = [frame({ a: 'x' }, values([1, '1'])), frame({ a: 'x' }, values([2, '2']))];
  for (const lookAheadBytes of [0, 1 << 20]) {
    for (const replicas of [
      [twice, []],
      [twice, one(values([1, '1']))],
      [[], twice],
    ]) {
      await t.rejects(merged(replicas, 0, { lookAheadBytes, batch: 1 }), {
        code: 'upstream',
        message: /was sent again/,
      });
    }
  }
});

/** Samples of a second from the given one on. */
function seconds(first: number, count: number): string {
  return values(...Array.from({ length: count }, (_, i): [number, string] => [first + 2 * i, '1']));
}

t.test('large copies are merged in turns with the event loop, and their memory is reserved', async (t) => {
  const count = 20_000;
  const memory = new RecordedMemory();
  let all: string[] = [];
  const turns = await onEagerClock(() =>
    turnsOf(async () => {
      const replicas = [one(seconds(0, count)), one(seconds(1, count)), one(seconds(0, count))];
      all = await merged(replicas, 0, { memory, antiAffinity: { bufferMs: 100 } });
    }),
  );
  t.ok(turns > 40, `${turns} turns`);
  t.ok(memory.peakBytes > 2 * count * 64, `${memory.peakBytes} bytes`);
  t.ok(memory.heldBytes < 1 << 20, `${memory.heldBytes} bytes are still held`);
  const expected = values(...Array.from({ length: 2 * count }, (_, i): [number, string] => [i, '1']));
  t.ok(all[0] === `x ${expected}`, 'the samples of both copies');
});

t.test('held series are sent in turns with the event loop when the last replica ends', async (t) => {
  const [few, many] = [0, 3000].map((first) =>
    Array.from({ length: 3000 }, (_, i) =>
      frame({ a: String(first + ((i * 7919) % 3000)) }, values([1, '1'])),
    ),
  );
  const turns = await onEagerClock(() =>
    turnsOf(async () => t.equal((await merged([few!, many!], 0, { lookAheadBytes: 0 })).length, 6000)),
  );
  t.ok(turns > 3000, `${turns} turns`);
});
