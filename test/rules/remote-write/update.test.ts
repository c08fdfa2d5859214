// Changes of the receivers of remote write while samples are queued.

import t, { type Test } from 'tap';

import type { RemoteWriteSettings } from '../../../src/config/index.js';
import { DEFAULT_RELABEL, Labels } from '../../../src/model/index.js';
import { NO_LOG } from '../../../src/runtime/index.js';
import { createRemoteWriter, type RemoteWriter } from '../../../src/rules/remote-write/index.js';
import { MemoryReceiver } from '../../helpers/remote-write/receiver.js';
import { RecordingMetrics } from '../../helpers/remote-write/recording-metrics.js';
import { remoteWriteSettings } from '../../helpers/remote-write/settings.js';
import { sample } from '../../helpers/remote-write/writer.js';
import { ManualTimers } from '../../helpers/runtime/manual-timers.js';

interface Setup {
  readonly writer: RemoteWriter;
  readonly timers: ManualTimers;
  readonly metrics: RecordingMetrics;
  /** Receivers in the order of their creation, those with equal URLs included. */
  readonly receivers: readonly MemoryReceiver[];
}

function setUp(t: Test, settings: readonly RemoteWriteSettings[]): Setup {
  const receivers: MemoryReceiver[] = [];
  const timers = new ManualTimers();
  const metrics = new RecordingMetrics();
  const writer = createRemoteWriter(settings, {
    externalLabels: Labels.EMPTY,
    version: '1.2.3',
    background: { timers, log: NO_LOG },
    metrics,
    drainMs: 1000,
    createClient: ({ url }) => {
      const receiver = new MemoryReceiver(url);
      receivers.push(receiver);
      return receiver;
    },
  });
  t.teardown(async () => {
    const closed = writer.close();
    await timers.pass(1000);
    await closed;
  });
  return { writer, timers, metrics, receivers };
}

const ONE = remoteWriteSettings({ name: 'one', url: 'http://one/write' });
const TWO = remoteWriteSettings({ name: 'two', url: 'http://two/write' });

t.test('every receiver gets all samples', async (t) => {
  const { writer, timers, receivers } = setUp(t, [ONE, TWO]);
  receivers[0]!.behave(() => ({ status: 400 }));
  writer.append([sample('a', 1000)]);
  t.equal(writer.pending, 2);
  await timers.pass(5000);
  t.same(receivers[0]!.floats('a'), []);
  t.same(receivers[1]!.floats('a'), ['1000 1']);
});

t.test('a writer without receivers drops samples', async (t) => {
  const { writer } = setUp(t, []);
  writer.append([sample('a', 1000)]);
  t.equal(writer.pending, 0);
  t.equal(await writer.flush(0), true);
});

t.test('unchanged receivers are kept', async (t) => {
  const { writer, timers, receivers, metrics } = setUp(t, [ONE, TWO]);
  writer.append([sample('a', 1000)]);
  await writer.update([structuredClone(TWO), structuredClone(ONE)], Labels.EMPTY);
  t.equal(receivers.length, 2);
  t.same(metrics.removed, []);
  await timers.pass(5000);
  t.same(receivers[1]!.floats('a'), ['1000 1']);
});

const CHANGES: Readonly<Record<string, RemoteWriteSettings>> = {
  'the URL': { ...ONE, url: 'http://three/write' },
  'the name': { ...ONE, name: 'three' },
  'a key of the queue': { ...ONE, queue: { ...ONE.queue, maxSamplesPerSend: 1 } },
};

for (const [name, changed] of Object.entries(CHANGES)) {
  t.test(`a receiver whose settings change keeps its samples, in order: ${name}`, async (t) => {
    const { writer, timers, receivers, metrics } = setUp(t, [ONE]);
    receivers[0]!.behave(() => ({ status: 503 }));
    for (let i = 0; i < 5; i++) {
      writer.append([sample('a', 1000 + i), sample('b', 1000 + i, 'stale')]);
      await timers.pass(3000);
    }
    const done = writer.update([changed], Labels.from({ zone: 'eu' }));
    writer.append([sample('a', 2000)]);
    await done;
    writer.append([sample('a', 3000)]);
    await timers.pass(60_000);
    t.same(receivers[1]!.floats('a'), ['1000 1', '1001 1', '1002 1', '1003 1', '1004 1', '2000 1', '3000 1']);
    t.equal(receivers[1]!.floats('b').length, 5);
    t.same(receivers[1]!.requests[0]!.series[0]!.labels, [
      ['__name__', 'a'],
      ['zone', 'eu'],
    ]);
    t.equal(receivers[0]!.isClosed, true);
    t.same(metrics.removed, ['one http://one/write']);
    t.equal(writer.pending, 0);
  });
}

t.test('a request in progress ends before its queue is replaced', async (t) => {
  const { writer, timers, receivers } = setUp(t, [ONE]);
  receivers[0]!.slowDown(timers, 2000);
  writer.append([sample('a', 1000)]);
  await timers.pass(5000);
  writer.append([sample('a', 2000)]);
  const done = writer.update([{ ...ONE, timeoutMs: 1 }], Labels.EMPTY);
  await timers.pass(2000);
  await done;
  await timers.pass(5000);
  t.same(receivers[0]!.floats('a'), ['1000 1']);
  t.same(receivers[1]!.floats('a'), ['2000 1']);
});

t.test('a removed receiver gets its samples within the deadline', async (t) => {
  const { writer, timers, receivers, metrics } = setUp(t, [ONE, TWO]);
  receivers[1]!.behave(() => ({ status: 503 }));
  writer.append([sample('a', 1000)]);
  await writer.update([], Labels.EMPTY);
  writer.append([sample('a', 2000)]);
  await timers.pass(500);
  t.same(receivers[0]!.floats('a'), ['1000 1']);
  t.equal(receivers[0]!.isClosed, true);
  t.equal(receivers[1]!.isClosed, false);
  await timers.pass(500);
  t.equal(receivers[1]!.isClosed, true);
  t.same(metrics.removed, ['one http://one/write', 'two http://two/write']);
});

t.test('invalid settings change nothing', async (t) => {
  const { writer, timers, receivers } = setUp(t, [ONE]);
  const invalid = { ...TWO, writeRelabel: [{ ...DEFAULT_RELABEL, regex: '(' }] };
  await t.rejects(
    writer.update([remoteWriteSettings({ name: 'three', url: 'http://three/write' }), invalid], Labels.EMPTY),
    { code: 'bad_data' },
  );
  t.equal(receivers[1]!.isClosed, true);
  writer.append([sample('a', 1000)]);
  await timers.pass(5000);
  t.same(receivers[0]!.floats('a'), ['1000 1']);
});
