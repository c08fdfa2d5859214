// Remote write to a receiver that works: batches, labels, order, limits of the queue, and the end.

import t from 'tap';

import { createHistogram, DEFAULT_RELABEL, Labels } from '../../../src/model/index.js';
import { turn } from '../../helpers/runtime/manual-timers.js';
import { sample, samplesAt, setUpWriter } from '../../helpers/remote-write/writer.js';

t.test('samples wait for the deadline and are sent in one request', async (t) => {
  const { writer, receiver, timers, metrics } = setUpWriter(t);
  writer.append([sample('a', 1000, 1), sample('b', 1000, 2)]);
  await timers.pass(3000);
  writer.append([sample('a', 4000, 'stale')]);
  await timers.pass(1999);
  t.equal(receiver.requests.length, 0);
  t.equal(metrics.pending, 3);
  await timers.pass(1);
  t.same(receiver.floats('a'), ['1000 1', '4000 stale']);
  t.same(receiver.floats('b'), ['1000 2']);
  t.equal(receiver.requests.length, 1);
  t.equal(receiver.requests[0]!.series.length, 2, 'a series is sent once');
  t.match(receiver.requests[0]!.headers, {
    'content-type': 'application/x-protobuf',
    'content-encoding': 'snappy',
    'x-prometheus-remote-write-version': '0.1.0',
  });
  t.match(metrics, { pending: 0, attempted: 3, failed: 0, retried: 0, highestSentMs: 4000 });
  t.ok(metrics.bytes > 0);
  t.equal(writer.pending, 0);
});

t.test('a full batch is sent at once', async (t) => {
  const { writer, receiver, timers } = setUpWriter(t, { queue: { maxSamplesPerSend: 10 } });
  writer.append(samplesAt(1000, 25));
  await timers.pass(0);
  t.same(
    receiver.requests.map(({ size }) => size),
    [10, 10],
  );
  await timers.pass(5000);
  t.same(
    receiver.requests.map(({ size }) => size),
    [10, 10, 5],
  );
});

t.test('a batch ends before it exceeds 32 MiB', async (t) => {
  const { writer, receiver, timers } = setUpWriter(
    t,
    { queue: { maxShards: 1 } },
    { maxQueueBytes: 1 << 30 },
  );
  const long = 'x'.repeat(7 << 20);
  writer.append(Array.from({ length: 6 }, (_, i) => sample(`m${i}`, 1000, 1, { long })));
  await timers.pass(5000);
  while (receiver.requests.length < 2) {
    await turn();
    await timers.pass(5000);
  }
  t.same(
    receiver.requests.map(({ size }) => size),
    [4, 2],
  );
});

t.test('external labels do not override labels of a series and are relabelled', async (t) => {
  const { writer, receiver, timers, metrics } = setUpWriter(
    t,
    {
      writeRelabel: [
        { ...DEFAULT_RELABEL, sourceLabels: ['__name__'], regex: 'secret', action: 'drop' },
        { ...DEFAULT_RELABEL, sourceLabels: ['source'], targetLabel: 'origin' },
      ],
    },
    { externalLabels: Labels.from({ source: 'promfed', zone: 'eu' }) },
  );
  writer.append([sample('a', 1000, 1, { zone: 'us' }), sample('secret', 1000)]);
  await timers.pass(5000);
  t.same(
    receiver.requests.flatMap(({ series }) => series.map(({ labels }) => labels)),
    [
      [
        ['__name__', 'a'],
        ['origin', 'promfed'],
        ['source', 'promfed'],
        ['zone', 'us'],
      ],
    ],
  );
  t.same(metrics.dropped, { dropped_series: 1 });
});

t.test('shards send at the same time and keep the order of each series', async (t) => {
  const { writer, receiver, timers } = setUpWriter(t, {
    queue: { minShards: 4, maxSamplesPerSend: 3, batchSendDeadlineMs: 100 },
  });
  receiver.slowDown(timers, 100);
  const times = Array.from({ length: 40 }, (_, i) => 1000 + i);
  for (const timeMs of times) writer.append(samplesAt(timeMs, 12));
  await timers.pass(10_000);
  t.equal(receiver.maxOpen, 4);
  for (let i = 0; i < 12; i++) {
    t.same(
      receiver.floats(`m${i}`),
      times.map((timeMs) => `${timeMs} ${i}`),
    );
  }
});

t.test('the number of shards follows the load and keeps the order of each series', async (t) => {
  const { writer, receiver, timers, metrics } = setUpWriter(t, {
    queue: { maxShards: 8, maxSamplesPerSend: 5, batchSendDeadlineMs: 100 },
  });
  // Each request takes a second: one shard sends 5 samples per second of 20.
  receiver.slowDown(timers, 1000);
  const times = Array.from({ length: 60 }, (_, i) => timers.now() + i * 1000);
  let highestShards = 0;
  for (const timeMs of times) {
    writer.append(samplesAt(timeMs, 20));
    await timers.pass(1000);
    highestShards = Math.max(highestShards, metrics.shards);
  }
  await timers.pass(120_000);
  t.ok(highestShards >= 4, `${highestShards} shards`);
  t.equal(metrics.pending, 0);
  for (let i = 0; i < 20; i++) {
    t.same(
      receiver.floats(`m${i}`),
      times.map((timeMs) => `${timeMs} ${i}`),
    );
  }
});

t.test('native histograms are dropped unless they are enabled', async (t) => {
  for (const sendNativeHistograms of [true, false]) {
    const { writer, receiver, timers, metrics } = setUpWriter(t, { sendNativeHistograms });
    const labels = Labels.from({ __name__: 'h' });
    writer.append([
      { labels, timeMs: 1000, value: createHistogram({ count: 1 }), isStale: false },
      { labels, timeMs: 2000, value: createHistogram(), isStale: true },
    ]);
    await timers.pass(5000);
    const [series] = receiver.requests[0]!.series;
    t.equal(series!.histograms.length, sendNativeHistograms ? 1 : 0);
    t.same(receiver.floats('h'), ['2000 stale']);
    t.same(metrics.dropped, sendNativeHistograms ? {} : { native_histograms_not_sent: 1 });
  }
});

t.test('samples that do not fit into the queue are dropped, counted and logged once a minute', async (t) => {
  const { writer, receiver, timers, metrics, messages } = setUpWriter(t, {
    queue: { capacity: 10, maxShards: 2 },
  });
  receiver.behave(() => ({ status: 503 }));
  writer.append(samplesAt(1000, 15));
  writer.append(samplesAt(2000, 15));
  writer.append(samplesAt(3000, 15));
  t.same(metrics.dropped, { queue_full: 25 });
  t.equal(metrics.pending, 20);
  const dropped = messages.filter(({ message }) => message === 'remote write samples dropped');
  t.match(dropped, [{ level: 'warn', fields: { reason: 'queue_full', samples: 10, remote_name: 'test' } }]);
  receiver.accept();
  await timers.pass(60_000);
  t.same(receiver.floats('m0'), ['1000 0', '2000 0']);
  t.equal(metrics.pending, 0);
});

t.test('the memory of queued samples is bounded, with the labels of a series counted once', async (t) => {
  const { writer, timers, metrics } = setUpWriter(t, {}, { maxQueueBytes: 200 << 10 });
  const long = 'x'.repeat(64 << 10);
  for (let i = 0; i < 1000; i++) writer.append([sample('a', 1000 + i, 1, { long })]);
  t.same(metrics.dropped, {});
  writer.append([sample('b', 1000, 1, { long })]);
  writer.append([sample('c', 1000, 1, { long })]);
  t.same(metrics.dropped, { queue_full: 1 });
  await timers.pass(5000);
  while (metrics.pending > 0) {
    await turn();
    await timers.pass(5000);
  }
  writer.append([sample('c', 2000, 1, { long })]);
  t.same(metrics.dropped, { queue_full: 1 });
});

t.test('a sample that alone exceeds the size of a request is dropped', async (t) => {
  const { writer, receiver, timers, metrics } = setUpWriter(t, {}, { maxQueueBytes: 1 << 30 });
  writer.append([sample('a', 1000, 1, { long: 'x'.repeat(33 << 20) }), sample('b', 1000)]);
  await timers.pass(5000);
  t.same(metrics.dropped, { too_large: 1 });
  t.same(receiver.floats('b'), ['1000 1']);
});

t.test('a large append is queued in several turns of the event loop', async (t) => {
  const { writer, receiver, timers, metrics } = setUpWriter(t, {
    queue: { capacity: 12_000, maxShards: 2, maxSamplesPerSend: 100_000 },
  });
  writer.append(samplesAt(1000, 25_000));
  writer.append([sample('m0', 2000)]);
  t.equal(writer.pending, 24_000);
  t.ok(metrics.pending < 24_000);
  const flushed = writer.flush(1000);
  while (receiver.accepted.reduce((sum, { size }) => sum + size, 0) < 24_000) await timers.pass(0);
  t.equal(await flushed, true);
  t.same(metrics.dropped, { queue_full: 1001 });
});

t.test('samples over the age limit are not queued', async (t) => {
  const { writer, receiver, timers, metrics } = setUpWriter(t, { queue: { sampleAgeLimitMs: 60_000 } });
  const nowMs = timers.now();
  writer.append([sample('a', nowMs - 60_001, 1), sample('a', nowMs - 55_000, 2)]);
  await timers.pass(5000);
  t.same(receiver.floats('a'), [`${nowMs - 55_000} 2`]);
  t.same(metrics.dropped, { too_old: 1 });
});

t.test('flush does not wait for full batches', async (t) => {
  const { writer, receiver, timers } = setUpWriter(t, { queue: { maxSamplesPerSend: 10 } });
  writer.append(samplesAt(1000, 25));
  const flushed = writer.flush(1000);
  await timers.pass(0);
  t.equal(await flushed, true);
  t.same(
    receiver.requests.map(({ size }) => size),
    [10, 10, 5],
  );
  t.equal(await writer.flush(1000), true, 'an empty queue needs no time');
});

t.test('flush returns false after its limit', async (t) => {
  const { writer, receiver, timers } = setUpWriter(t);
  receiver.behave(() => ({ status: 500 }));
  writer.append([sample('a', 1000)]);
  const flushed = writer.flush(1000);
  await timers.pass(1000);
  t.equal(await flushed, false);
});

t.test('close sends what is queued and drops later samples', async (t) => {
  const { writer, receiver, timers, metrics } = setUpWriter(t, {}, { drainMs: 1000 });
  writer.append([sample('a', 1000)]);
  const closed = writer.close();
  await timers.pass(0);
  await closed;
  t.same(receiver.floats('a'), ['1000 1']);
  t.equal(receiver.isClosed, true);
  writer.append([sample('a', 2000)]);
  await timers.pass(5000);
  t.equal(receiver.requests.length, 1);
  t.equal(timers.pending, 0);
  t.equal(metrics.failed, 0);
});

t.test('close cancels requests at its deadline and counts their samples as failed', async (t) => {
  const { writer, receiver, timers, metrics, messages } = setUpWriter(t, {}, { drainMs: 1000 });
  receiver.behave(() => undefined);
  writer.append(samplesAt(1000, 7));
  const closed = writer.close();
  await timers.pass(1000);
  await closed;
  t.equal(metrics.failed, 7);
  t.match(messages.at(-1), {
    level: 'error',
    message: 'remote write queue closed before all samples were sent',
    fields: { samples: 7, histograms: 0 },
  });
  t.equal(timers.pending, 0);
});
