// Labels of answers that PromQL does not allow are removed, and series that become equal are joined or rejected.

import t from 'tap';

import type { SeriesFrame } from '../../src/json/index.js';
import { correctBufferedLabels, correctLabels } from '../../src/merge/index.js';
import { LabelRule, METADATA_LABELS } from '../../src/model/index.js';
import { UNCOUNTED_MEMORY, type MemoryAccount } from '../../src/runtime/index.js';
import { cpuTimeMs } from '../helpers/cpu-time.js';
import { frame, observedStream } from '../helpers/frame-streams.js';
import { onEagerClock, turnsOf } from '../helpers/runtime/event-loop-turns.js';
import { RecordedMemory } from '../helpers/runtime/recorded-memory.js';

const SAME_LABELSET = { code: 'execution', message: 'vector cannot contain metrics with the same labelset' };
const { signal } = new AbortController();
const nameless = LabelRule.ANY.without(METADATA_LABELS);
const colliding = nameless.colliding(true, true);

async function streamed(
  frames: readonly (readonly SeriesFrame[])[],
  rule: LabelRule,
  memory: MemoryAccount = UNCOUNTED_MEMORY,
): Promise<string[]> {
  const stream = correctLabels(observedStream(frames).stream, rule, { memory, signal });
  const lines: string[] = [];
  for (let batch = await stream.next(); batch !== undefined; batch = await stream.next()) {
    lines.push(
      ...batch.map(({ labels, samples }) => `${labels.toString()} ${Buffer.from(samples).toString()}`),
    );
  }
  return lines;
}

t.test('an answer that is correct is not changed', async (t) => {
  const frames = [frame({ pod: 'a' }, '"value":[1,"1"]'), frame({ pod: 'b' }, '"value":[1,"2"]')];
  t.equal(correctBufferedLabels(frames, nameless), frames);
  t.equal(correctBufferedLabels(frames, colliding), frames);
  t.equal(await correctLabels(observedStream([frames]).stream, nameless, { signal }).next(), frames);
  t.equal(await correctLabels(observedStream([frames]).stream, colliding, { signal }).next(), frames);
});

t.test('names are removed from series that have them', async (t) => {
  const frames = [frame({ pod: 'a' }, '1'), frame({ __name__: 'x', pod: 'b' }, '2')];
  t.same(await streamed([frames], nameless), ['{pod="a"} 1', '{pod="b"} 2']);
});

t.test('labels outside of the grouping are removed', async (t) => {
  const rule = LabelRule.ANY.keeping(['pod', 'node']);
  t.same(await streamed([[frame({ __name__: 'x', pod: 'a', job: 'j' }, '1')]], rule), ['{pod="a"} 1']);
});

t.test('series that may become equal are returned in the order of labels', async (t) => {
  const batches = [
    [frame({ __name__: 'x', pod: 'b' }, '"values":[[1,"1"]]')],
    [frame({ __name__: 'y', pod: 'a' }, '"values":[[1,"2"]]')],
  ];
  t.same(await streamed(batches, colliding), [
    '{pod="a"} "values":[[1,"2"]]',
    '{pod="b"} "values":[[1,"1"]]',
  ]);
});

t.test('series that become equal are joined when they have no step in common', async (t) => {
  const batches = [
    [frame({ __name__: 'x', pod: 'a' }, '"values":[[1,"1"],[3,"3"]]')],
    [frame({ __name__: 'y', pod: 'a' }, '"values":[[2,"2"]]')],
  ];
  t.same(await streamed(batches, colliding), ['{pod="a"} "values":[[1,"1"],[2,"2"],[3,"3"]]']);
  await t.rejects(streamed(batches, nameless.colliding(true, false)), SAME_LABELSET);
});

t.test('series that become equal at the same step are an error', async (t) => {
  for (const [first, second] of [
    ['"value":[1,"1"]', '"value":[1,"2"]'],
    ['"values":[[1,"1"]]', '"values":[[1,"2"]]'],
    ['"values":[[1,"1"]]', '"values":[[1,"1"]]'],
  ] as const) {
    const frames = [frame({ __name__: 'x', pod: 'a' }, first), frame({ __name__: 'y', pod: 'a' }, second)];
    await t.rejects(streamed([frames], colliding), SAME_LABELSET);
    t.throws(() => correctBufferedLabels(frames, colliding), SAME_LABELSET);
  }
});

t.test('series without samples are equal to any other one', async (t) => {
  const samples = ['"values":[]', '"values":[[1,"1"]]', '"values":[]', '"values":[]'];
  const frames = samples.map((text, i) => frame({ __name__: `m${i}`, pod: 'a' }, text));
  t.same(await streamed([frames], colliding), ['{pod="a"} "values":[[1,"1"]]']);
});

t.test('many equal series are joined in linear time, apart from a logarithm', async (t) => {
  const joinMany = (count: number): number => {
    const frames = Array.from({ length: count }, (_, i) =>
      frame({ __name__: `m${i}`, pod: 'a' }, `"values":[[${i},"1"]]`),
    );
    return cpuTimeMs(() => t.equal(correctBufferedLabels(frames, colliding).length, 1));
  };
  joinMany(1000);
  const few = joinMany(1000);
  // One after the other, the time is that of 144 joins of 1000 series.
  t.ok(joinMany(12_000) < 50 * Math.max(few, 5));
});

t.test('held series are joined and sorted in turns with the event loop', async (t) => {
  const count = 6000;
  const frames = Array.from({ length: count }, (_, i) =>
    frame({ __name__: `m${i}`, pod: String(i % 3000) }, `"values":[[${i},"1"]]`),
  );
  const turns = await onEagerClock(() =>
    turnsOf(async () => t.equal((await streamed([frames], colliding)).length, 3000)),
  );
  t.ok(turns > count, `${turns} turns`);
  const controller = new AbortController();
  const stream = correctLabels(observedStream([frames]).stream, colliding, { signal: controller.signal });
  controller.abort();
  await onEagerClock(() => t.rejects(stream.next(), { code: 'canceled' }));
});

t.test('the memory of held series is released, also after an error', async (t) => {
  const memory = new RecordedMemory();
  for (const pods of [
    ['a', 'b'],
    ['a', 'a'],
  ]) {
    memory.peakBytes = 0;
    const batches = pods.map((pod, i) => [frame({ __name__: `m${i}`, pod }, '"value":[1,"1"]')]);
    await streamed(batches, colliding, memory).catch(() => undefined);
    t.ok(memory.peakBytes > 0);
    t.equal(memory.heldBytes, 0);
  }
});
