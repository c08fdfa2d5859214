// The k-way merge of groups, and sorting of small answers.

import fc from 'fast-check';
import t from 'tap';

import {
  EMPTY_TRAILER,
  unionTrailers,
  type FrameStream,
  type ResponseTrailer,
  type SeriesFrame,
} from '../../src/json/index.js';
import { mergeOrdered, sortIfSmall } from '../../src/merge/index.js';
import { Labels, PromfedError } from '../../src/model/index.js';
import { drain, frame, observedStream, StalledStream, streamOf } from '../helpers/frame-streams.js';

const none = Labels.EMPTY;
const region = (name: string): Labels => Labels.from({ region: name });

function named(...names: readonly string[]): SeriesFrame[] {
  return names.map((a) => frame({ a }, ''));
}

async function namesOf(stream: FrameStream): Promise<string[]> {
  const { series } = await drain(stream);
  return series.map(({ metric }) => `${metric['a'] ?? ''}${metric['region'] ?? ''}`);
}

const orders = [
  { name: 'no parts', parts: [], expected: [] },
  { name: 'one part', parts: [['1', '2']], expected: ['1', '2'] },
  {
    name: 'parts that alternate',
    parts: [
      ['1', '3'],
      ['2', '4'],
    ],
    expected: ['1', '2', '3', '4'],
  },
  { name: 'an empty part', parts: [[], ['1']], expected: ['1'] },
  {
    name: 'a part that breaks its order',
    parts: [
      ['3', '1', '5'],
      ['2', '4'],
    ],
    expected: ['2', '3', '1', '4', '5'],
  },
] as const;

for (const { name, parts, expected } of orders) {
  t.test(`merges ${name}, however they are batched`, async (t) => {
    for (const size of [1, 2, 100]) {
      const merged = mergeOrdered(
        parts.map((names) => ({ frames: streamOf(...batched(named(...names), size)), addLabels: none })),
      );
      t.strictSame(await namesOf(merged), expected);
    }
  });
}

function batched(frames: readonly SeriesFrame[], size: number): SeriesFrame[][] {
  const batches: SeriesFrame[][] = [];
  for (let i = 0; i < frames.length; i += size) batches.push(frames.slice(i, i + size));
  return batches;
}

t.test(
  'series are compared by the regions’ own labels, and equal ones keep the order of the parts',
  async (t) => {
    // The regions send {a} before {a,b}; with m set, {a,b,m} would be before {a,m}.
    const own = [frame({ a: '1' }, ''), frame({ a: '1', b: '1' }, '')];
    const merged = mergeOrdered([
      { frames: streamOf(own), addLabels: Labels.from({ m: 'z' }) },
      { frames: streamOf(own), addLabels: Labels.from({ m: 'a' }) },
    ]);
    const { series } = await drain(merged);
    t.strictSame(
      series.map(({ metric }) => metric),
      [
        { a: '1', m: 'z' },
        { a: '1', m: 'a' },
        { a: '1', b: '1', m: 'z' },
        { a: '1', b: '1', m: 'a' },
      ],
    );
  },
);

t.test('every series comes once, in order if the parts are, however they are batched', async () => {
  const part = fc.uniqueArray(fc.nat(200).map(String), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(part, fc.integer({ min: 1, max: 10 })), { maxLength: 6 }),
      fc.boolean(),
      async (parts, isSorted) => {
        const merge = (size?: number): Promise<string[]> =>
          namesOf(
            mergeOrdered(
              parts.map(([names, ownSize], i) => {
                const ordered = isSorted ? [...names].sort() : names;
                const frames = streamOf(...batched(named(...ordered), size ?? ownSize));
                return { frames, addLabels: region(`/${i}`) };
              }),
            ),
          );
        const merged = await merge();
        const all = parts.flatMap(([names], i) => names.map((name) => `${name}/${i}`));
        if ([...merged].sort().join() !== [...all].sort().join()) return false;
        if ((await merge(3)).join() !== merged.join()) return false;
        const own = merged.map((name) => name.split('/')[0]!);
        return !isSorted || own.join() === [...own].sort().join();
      },
    ),
    { numRuns: 300 },
  );
});

t.test('all parts are read at once, up to one batch ahead', async (t) => {
  const parts = [1, 2, 3].map((n) =>
    observedStream(Array.from({ length: 10 }, (_, i) => [frame({ a: `${i}.${n}` }, 'x'.repeat(300_000))])),
  );
  const merged = mergeOrdered(parts.map(({ stream }) => ({ frames: stream, addLabels: none })));
  t.strictSame(
    parts.map(({ requested }) => requested),
    [0, 0, 0],
    'nothing is read before the first call',
  );
  const first = merged.next();
  t.strictSame(
    parts.map(({ requested }) => requested),
    [1, 1, 1],
  );
  await first;
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
  t.ok(parts.every(({ requested }) => requested <= 3));
  merged.close();
  t.ok(parts.every(({ closed }) => closed));
});

t.test('trailers are united', async (t) => {
  const trailers = [
    { warnings: ['a', 'b'], infos: [], isPartial: false },
    { warnings: ['b'], infos: ['i'], isPartial: true },
  ];
  const merged = mergeOrdered(
    trailers.map((trailer) => ({ frames: observedStream([], trailer).stream, addLabels: none })),
  );
  t.strictSame((await drain(merged)).trailer, { warnings: ['a', 'b'], infos: ['i'], isPartial: true });
  t.strictSame(unionTrailers([]), EMPTY_TRAILER);
});

t.test('a failing part fails the merge and closes the others, even if one stalls', async (t) => {
  const error = new PromfedError('upstream', 'broken');
  const healthy = observedStream([named('1'), named('2'), named('3')]);
  const stalled = new StalledStream();
  const merged = mergeOrdered(
    [stalled, observedStream([error]).stream, healthy.stream].map((frames) => ({
      frames,
      addLabels: none,
    })),
  );
  await t.rejects(merged.next(), error);
  t.equal(stalled.closed, true);
  t.equal(healthy.closed, true);
  t.equal(await merged.next(), undefined);
});

t.test('closing does not wait for a stalled part', async (t) => {
  const stalled = new StalledStream();
  const merged = mergeOrdered([
    { frames: stalled, addLabels: none },
    { frames: streamOf(named('1')), addLabels: none },
  ]);
  const waiting = merged.next();
  merged.close();
  t.equal(await waiting, undefined);
});

t.test('a part that repeats a series is an error', async (t) => {
  const merged = mergeOrdered([
    { frames: streamOf(named('1'), named('1')), addLabels: none },
    { frames: streamOf(named('2')), addLabels: none },
  ]);
  await t.rejects(drain(merged), { code: 'upstream', message: /duplicate series \{a="1"\}/ });
});

for (const others of [0, 1]) {
  const title = `${others + 1} parts: the trailer of a part is received after its last series, unless a series is lost`;
  t.test(title, async (t) => {
    const read = async (...names: readonly string[]): Promise<unknown> => {
      const trailers: ResponseTrailer[] = [];
      const errors: unknown[] = [];
      const merged = mergeOrdered([
        {
          frames: observedStream(names.length > 0 ? [named(...names)] : [], { infos: ['an info'] }).stream,
          addLabels: none,
          fail: (thrown) => errors.push(thrown),
          end: (trailer) => trailers.push(trailer),
        },
        // This part ends later, so that the first one is read ahead to its end.
        ...[streamOf(named('2'), named('3'))].slice(0, others).map((frames) => ({ frames, addLabels: none })),
      ]);
      await drain(merged);
      return [trailers.map(({ infos }) => infos), errors.length];
    };
    t.strictSame(await read('1', '4'), [[['an info']], 0]);
    t.strictSame(await read(), [[['an info']], 0]);
    t.strictSame(await read('1', '1'), [[], 1]);
  });
}

t.test('two series of a part that become equal are an error', async (t) => {
  const own = [frame({ a: '1' }, ''), frame({ a: '1', region: 'x' }, '')];
  const merged = mergeOrdered([
    { frames: streamOf(own), addLabels: region('eu') },
    { frames: streamOf(named('2')), addLabels: region('us') },
  ]);
  await t.rejects(drain(merged), { code: 'execution', message: /two series become/ });
});

t.test('a small answer is sorted by labels, and a large one keeps its order', async (t) => {
  const frames = [frame({ b: '1' }, 'x'), frame({ a: '1', b: '1' }, 'x'), frame({ a: '1' }, 'x')];
  const read = async (maxBytes?: number): Promise<unknown[]> => {
    const stream = streamOf(...frames.map((frame) => [frame]));
    const { series } = await drain(sortIfSmall(stream, maxBytes === undefined ? {} : { maxBytes }));
    return series.map(({ metric }) => metric);
  };
  const sorted = [{ a: '1' }, { a: '1', b: '1' }, { b: '1' }];
  t.strictSame(await read(), sorted);
  t.strictSame(await read(100), [{ b: '1' }, { a: '1', b: '1' }, { a: '1' }]);
  t.strictSame(
    (await drain(sortIfSmall(observedStream([], { isPartial: true }).stream))).trailer.isPartial,
    true,
  );
});

t.test('sorting reads ahead up to its limit', async (t) => {
  const observed = observedStream(
    Array.from({ length: 100 }, (_, i) => [frame({ i: String(i) }, 'x'.repeat(1000))]),
  );
  const stream = sortIfSmall(observed.stream, { maxBytes: 5000 });
  await stream.next();
  t.equal(observed.requested, 5);
  stream.close();
  t.equal(observed.closed, true);
});

t.test('closing and failing do not wait for a part that cannot be closed', async (t) => {
  const stalled: FrameStream = {
    trailer: EMPTY_TRAILER,
    next: () => new Promise(() => undefined),
    close: () => undefined,
  };
  for (const failing of [false, true]) {
    const error = new PromfedError('upstream', 'broken');
    const other = observedStream([failing ? error : named('1')]);
    const merged = mergeOrdered([stalled, other.stream].map((frames) => ({ frames, addLabels: none })));
    const waiting = merged.next();
    if (failing) {
      await t.rejects(waiting, error);
    } else {
      merged.close();
      t.equal(await waiting, undefined);
    }
  }
});

t.test('closing a merge that was never read closes its parts', async (t) => {
  const closed: number[] = [];
  const parts = [0, 1].map((i) => {
    const frames = streamOf(named('1'));
    frames.close = () => {
      closed.push(i);
    };
    return { frames, addLabels: region(String(i)) };
  });
  mergeOrdered(parts).close();
  t.strictSame(closed, [0, 1]);
});
