// Remote write to receivers that fail, refuse, limit or speak another version.

import t from 'tap';

import { createHistogram, CUSTOM_BUCKETS, Labels, PromfedError } from '../../../src/model/index.js';
import { CONFIRM, writtenHeaders, type Behaviour } from '../../helpers/remote-write/receiver.js';
import { sample, samplesAt, setUpWriter } from '../../helpers/remote-write/writer.js';

const OUTAGES: Readonly<Record<string, Behaviour>> = {
  'status 503': () => ({ status: 503 }),
  'a refused connection': () => new PromfedError('upstream', 'connection refused'),
  'a timeout': () => new PromfedError('timeout', 'no response within 30000 ms'),
};

for (const [name, outage] of Object.entries(OUTAGES)) {
  t.test(`an outage of five minutes loses nothing: ${name}`, async (t) => {
    const { writer, receiver, timers, metrics, messages } = setUpWriter(t);
    const times: number[] = [];
    const evaluate = async (): Promise<void> => {
      times.push(timers.now());
      writer.append(samplesAt(timers.now(), 300));
      await timers.pass(5000);
    };
    await evaluate();
    receiver.behave(outage);
    for (let i = 0; i < 60; i++) await evaluate();
    t.equal(metrics.pending, 60 * 300);
    receiver.accept();
    for (let i = 0; i < 3; i++) await evaluate();
    await timers.pass(15_000);
    t.match(metrics, { pending: 0, failed: 0, dropped: {} });
    for (let i = 0; i < 300; i++) {
      t.same(
        receiver.floats(`m${i}`),
        times.map((timeMs) => `${timeMs} ${i}`),
      );
    }
    t.ok(metrics.retried >= 60 * 300, 'retries are counted');
    const retries = messages.filter(({ message }) => message.includes('sending it again'));
    t.ok(retries.length <= 6, `${retries.length} messages: one a minute`);
  });
}

t.test('the backoff doubles up to its maximum, and attempts are numbered', async (t) => {
  const { writer, receiver, timers } = setUpWriter(t, { queue: { minBackoffMs: 100, maxBackoffMs: 400 } });
  const times: number[] = [];
  receiver.behave(() => {
    times.push(timers.now());
    return { status: 500 };
  });
  writer.append([sample('a', 1000)]);
  await timers.pass(5000 + 1100);
  // Each delay is three quarters of the backoff: the random number is a half.
  t.same(
    times.slice(1).map((timeMs, i) => timeMs - times[i]!),
    [75, 150, 300, 300],
  );
  t.same(
    receiver.requests.map(({ headers }) => headers['retry-attempt']),
    [undefined, '1', '2', '3', '4'],
  );
});

t.test('Retry-After', async (t) => {
  const now = 1_000_000 + 5000;
  const table: readonly {
    name: string;
    status: number;
    retryAfter: string;
    retryOnRateLimit?: boolean;
    /** Undefined when the samples are dropped. */
    expected: number | undefined;
  }[] = [
    { name: '429 waits', status: 429, retryAfter: '7', expected: 7000 },
    { name: '503 waits', status: 503, retryAfter: '7', expected: 7000 },
    { name: 'a date', status: 429, retryAfter: new Date(now + 7000).toUTCString(), expected: 7000 },
    { name: 'a date in the past', status: 429, retryAfter: new Date(0).toUTCString(), expected: 75 },
    { name: 'an invalid text', status: 503, retryAfter: 'soon', expected: 75 },
    { name: 'a delay of a year', status: 503, retryAfter: '31536000', expected: 600_000 },
    {
      name: '429 without retry_on_http_429',
      status: 429,
      retryAfter: '7',
      retryOnRateLimit: false,
      expected: undefined,
    },
  ];
  for (const { name, status, retryAfter, retryOnRateLimit = true, expected } of table) {
    t.test(name, async (t) => {
      const { writer, receiver, timers, metrics } = setUpWriter(t, {
        queue: { retryOnRateLimit, minBackoffMs: 100 },
      });
      receiver.behave(() => ({ status, headers: { 'retry-after': retryAfter } }));
      writer.append([sample('a', 1000)]);
      await timers.pass(5000);
      t.equal(receiver.requests.length, 1);
      receiver.accept();
      if (expected === undefined) {
        await timers.pass(60_000);
        t.match(metrics, { failed: 1, retried: 0, pending: 0 });
        return;
      }
      await timers.pass(expected - 1);
      t.equal(receiver.requests.length, 1);
      await timers.pass(1);
      t.same(receiver.floats('a'), ['1000 1']);
      t.match(metrics, { failed: 0, retried: 1, pending: 0 });
    });
  }
});

for (const status of [400, 401, 404, 302]) {
  t.test(`samples refused with ${status} are dropped, counted and logged once a minute`, async (t) => {
    const { writer, receiver, timers, metrics, messages } = setUpWriter(t);
    receiver.behave(() => ({ status, text: 'no such tenant' }));
    for (let i = 0; i < 10; i++) {
      writer.append(samplesAt(1000 + i, 5));
      await timers.pass(5000);
    }
    t.match(metrics, { failed: 50, retried: 0, pending: 0 });
    t.equal(receiver.requests.length, 10);
    t.match(messages, [
      {
        level: 'error',
        message: 'remote write receiver refused samples; dropping them',
        fields: {
          reason: `status ${status}`,
          response: 'no such tenant',
          samples: 5,
          url: receiver.endpoint,
        },
      },
    ]);
    receiver.accept();
    writer.append([sample('a', 9000)]);
    await timers.pass(5000);
    t.same(receiver.floats('a'), ['9000 1'], 'later samples are sent');
  });
}

t.test('a batch refused because of single samples is split', async (t) => {
  const { writer, receiver, timers, metrics } = setUpWriter(t);
  const isRefused = ({
    series,
  }: {
    series: readonly { labels: readonly (readonly string[])[] }[];
  }): boolean =>
    series.some(({ labels }) => labels.some(([, value]) => value === 'm700' || value === 'm701'));
  receiver.behave((request) =>
    isRefused(request) ? { status: 400, text: 'duplicate sample for timestamp' } : { status: 204 },
  );
  writer.append(samplesAt(1000, 2000));
  await timers.pass(0);
  t.match(metrics, { failed: 2, pending: 0 });
  t.equal(
    receiver.accepted.reduce((sum, { size }) => sum + size, 0),
    1998,
  );
  t.ok(receiver.requests.length < 50, `${receiver.requests.length} requests`);
});

t.test('a request that is too large is split', async (t) => {
  const { writer, receiver, timers, metrics } = setUpWriter(t);
  receiver.behave(({ size }) => ({ status: size > 300 ? 413 : 204 }));
  writer.append(samplesAt(1000, 2000));
  await timers.pass(0);
  t.match(metrics, { failed: 0, pending: 0 });
  t.same(
    receiver.accepted.map(({ size }) => size),
    Array.from({ length: 8 }, () => 250),
  );
});

t.test('splits are limited over time', async (t) => {
  const { writer, receiver, timers, metrics } = setUpWriter(t, { queue: { maxSamplesPerSend: 1000 } });
  receiver.behave(() => ({ status: 400, text: 'out of order sample' }));
  const requestsOf = async (timeMs: number): Promise<number> => {
    const before = receiver.requests.length;
    writer.append(samplesAt(timeMs, 1000));
    await timers.pass(0);
    return receiver.requests.length - before;
  };
  t.equal(await requestsOf(1000), 1999, 'down to single samples');
  t.equal(await requestsOf(2000), 1999);
  t.equal(await requestsOf(3000), 5, 'two of 2,000 splits are left');
  await timers.pass(3000);
  t.equal(await requestsOf(4000), 61, '30 splits after three seconds');
  t.match(metrics, { failed: 4000, pending: 0 });
});

t.test('samples that become too old during retries are dropped, and others are sent', async (t) => {
  const { writer, receiver, timers, metrics } = setUpWriter(t, { queue: { sampleAgeLimitMs: 60_000 } });
  receiver.behave(() => ({ status: 503 }));
  const nowMs = timers.now();
  writer.append([sample('a', nowMs - 30_000), sample('a', nowMs)]);
  await timers.pass(35_000);
  t.same(metrics.dropped, { too_old: 1 });
  t.equal(receiver.requests.at(-1)!.size, 1);
  receiver.accept();
  await timers.pass(5000);
  t.same(receiver.floats('a'), [`${nowMs} 1`]);
  t.equal(metrics.pending, 0);
});

t.test('version 2.0 is used when it is configured and confirmed', async (t) => {
  const { writer, receiver, timers, metrics, messages } = setUpWriter(t, { protocol: '2.0' });
  receiver.behave(CONFIRM);
  writer.append([sample('a', 1000), sample('b', 1000, 'stale')]);
  await timers.pass(5000);
  t.match(receiver.requests, [
    {
      protocol: '2.0',
      headers: {
        'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
        'x-prometheus-remote-write-version': '2.0.0',
      },
    },
  ]);
  t.same([...receiver.floats('a'), ...receiver.floats('b')], ['1000 1', '1000 stale']);
  t.match(metrics, { failed: 0, retried: 0 });
  t.same(messages, []);
});

const REFUSALS_OF_V2: Readonly<Record<string, Behaviour>> = {
  'status 415': ({ protocol }) => ({ status: protocol === '2.0' ? 415 : 204 }),
  'a missing confirmation': () => ({ status: 204 }),
};

for (const [name, behaviour] of Object.entries(REFUSALS_OF_V2)) {
  t.test(`version 1.0 is used after ${name}`, async (t) => {
    const { writer, receiver, timers, metrics, messages } = setUpWriter(t, { protocol: '2.0' });
    receiver.behave(behaviour);
    writer.append([sample('a', 1000)]);
    await timers.pass(5000);
    writer.append([sample('a', 2000)]);
    await timers.pass(5000);
    t.same(
      receiver.requests.map(({ protocol }) => protocol),
      ['2.0', '1.0', '1.0'],
    );
    t.match(metrics, { failed: 0, retried: 1, pending: 0 });
    t.match(messages, [{ message: 'remote write receiver does not support version 2.0; using version 1.0' }]);
  });
}

t.test('samples that a receiver reports as not written are failed', async (t) => {
  for (const status of [204, 400]) {
    const { writer, receiver, timers, metrics, messages } = setUpWriter(t, { protocol: '2.0' });
    receiver.behave(() => ({ status, headers: writtenHeaders(3), text: 'out of order sample' }));
    writer.append(samplesAt(1000, 5));
    await timers.pass(5000);
    t.equal(receiver.requests.length, 1);
    t.match(metrics, { failed: 2, pending: 0 });
    t.match(messages, [{ level: 'error', fields: { samples: 2 } }]);
  }
});

t.test('native histograms with custom buckets are sent by version 2.0 only', async (t) => {
  const custom = createHistogram({ schema: CUSTOM_BUCKETS, customValues: [1] });
  const samples = [{ labels: Labels.from({ __name__: 'h' }), timeMs: 1000, value: custom, isStale: false }];
  for (const { protocol, behaviour, expected } of [
    { protocol: '1.0', behaviour: CONFIRM, expected: [1] },
    { protocol: '2.0', behaviour: CONFIRM, expected: [2] },
    { protocol: '2.0', behaviour: REFUSALS_OF_V2['status 415']!, expected: [2, 1] },
  ] as const) {
    const { writer, receiver, timers, metrics } = setUpWriter(t, { protocol });
    receiver.behave(behaviour);
    writer.append([...samples, sample('a', 1000)]);
    await timers.pass(5000);
    t.same(
      receiver.requests.map(({ size }) => size),
      expected,
    );
    t.same(metrics.dropped, expected.at(-1) === 1 ? { nhcb_in_rw1_not_supported: 1 } : {});
    t.equal(metrics.pending, 0);
  }
});
