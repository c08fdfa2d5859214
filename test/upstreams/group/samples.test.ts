import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import t, { type Test } from 'tap';

import { PromfedError } from '../../../src/model/index.js';
import { SampleBudget, systemClock } from '../../../src/runtime/index.js';
import { createReadRequest, readSeries } from '../../../src/upstreams/api/remote-read.js';
import type { GroupSamples } from '../../../src/upstreams/index.js';
import { encodeSnappy, decodeSnappy } from '../../../src/upstreams/wire/snappy-block.js';
import {
  answers,
  answersWith,
  cutsChunks,
  resets,
  startFaultServer,
  staysSilent,
  type Fault,
  type FaultServer,
} from '../../helpers/upstreams/fault-server.js';
import {
  bearer,
  fetchContext,
  groupSettings,
  openGroup,
  success,
  type GroupOverrides,
  type OpenGroup,
} from '../settings.js';

function bytesField(number: number, content: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(content).finish();
}

function varintField(number: number, value: number): Uint8Array {
  return new BinaryWriter().tag(number, WireType.Varint).int64(value).finish();
}

const MATCHERS = [
  { name: '__name__', op: '=', value: 'up' },
  { name: 'job', op: '!~', value: 'a"b' },
] as const;
const ALWAYS = { afterMs: -Infinity, untilMs: Infinity };
const WINDOW = { afterMs: 40_000, untilMs: 100_500 };

async function setUp(
  t: Test,
  faults: readonly Fault[],
  overrides: GroupOverrides = {},
): Promise<{ group: OpenGroup; servers: readonly FaultServer[] }> {
  const servers = await Promise.all(faults.map((fault) => startFaultServer(fault)));
  const targets = servers.map(({ target }) => target);
  const group = openGroup(groupSettings(targets, overrides), {
    clock: systemClock,
    version: '1.2.3',
  });
  t.teardown(async () => {
    await group.close();
    for (const server of servers) await server.close();
  });
  return { group, servers };
}

function readSamples(
  group: OpenGroup,
  budget = new SampleBudget({ maxSamples: 1000 }),
): Promise<GroupSamples> {
  return group.samples({ matchers: MATCHERS, window: WINDOW, budget }, fetchContext());
}

/** An answer of one series `up` with the given samples. */
function rangeVector(...values: [seconds: number, value: string][]): unknown {
  return success({ resultType: 'matrix', result: [{ metric: { __name__: 'up' }, values }] });
}

function plain({ series }: GroupSamples): unknown {
  return series.map(({ labels, timestamps, values, stale }) => [
    labels.toString(),
    [...timestamps],
    [...values],
    ...(stale === undefined ? [] : [[...stale]]),
  ]);
}

t.test('samples are requested as a range vector at the end of the window', async (t) => {
  const { group, servers } = await setUp(t, [answers(rangeVector([40, '1'], [50, 'NaN'], [100.5, '3']))]);
  const got = await readSamples(group);
  t.same(plain(got), [['up', [50_000, 100_500], [NaN, 3]]], 'open on the left; NaN is a value of Prometheus');
  const { path, form } = servers[0]!.requests[0]!;
  t.equal(path, '/api/v1/query');
  t.equal(form.get('query'), '{__name__="up",job!~"a\\"b"}[60500ms]');
  t.equal(form.get('time'), '100.500');
});

t.test('a NaN in an export of VictoriaMetrics is a stale marker', async (t) => {
  const { group } = await setUp(t, [
    answers(rangeVector([50, '1'], [60, 'NaN']), {
      'content-type': 'application/stream+json; charset=utf-8',
    }),
  ]);
  t.same(plain(await readSamples(group)), [['up', [50_000, 60_000], [1, NaN], [0, 1]]]);
});

t.test('replicas fill the gaps of each other', async (t) => {
  const { group } = await setUp(
    t,
    [answers(rangeVector([50, '1'], [90, '2'], [100, '3'])), answers(rangeVector([51, '9'], [70, '7']))],
    { antiAffinity: { bufferMs: 5_000, isDynamic: false } },
  );
  const budget = new SampleBudget({ maxSamples: 5 });
  t.same(plain(await readSamples(group, budget)), [['up', [50_000, 70_000, 90_000, 100_000], [1, 7, 2, 3]]]);
  budget.reserve(1);
  t.throws(() => {
    budget.reserve(1);
  }, 'what the merge left is taken from the budget, no more and no less');
});

t.test('a replica that fails is a warning, the last one to fail an error', async (t) => {
  const cut = cutsChunks(JSON.stringify(rangeVector([50, '1'], [60, '2'])).slice(0, -12));
  for (const [fault, reason] of [
    [resets, 'connection reset'],
    [cut, 'incomplete response'],
    [answers(success({ resultType: 'vector', result: [] })), 'returned a vector instead of a matrix'],
    [answers(rangeVector([60, '1'], [50, '1'])), 'go back in time'],
    [
      answers(
        success({
          resultType: 'matrix',
          result: [
            { metric: {}, values: [[50, '1']] },
            { metric: {}, values: [[50, '1']] },
          ],
        }),
      ),
      'duplicate series',
    ],
  ] as const) {
    const { group } = await setUp(t, [fault, answers(rangeVector([50, '1']))]);
    const budget = new SampleBudget({ maxSamples: 4 });
    const got = await readSamples(group, budget);
    t.same(plain(got), [['up', [50_000], [1]]], reason);
    t.equal(got.trailer.warnings.length, 1);
    t.match(got.trailer.warnings[0], reason);
    budget.reserve(3);
    const { group: alone } = await setUp(t, [fault]);
    await t.rejects(readSamples(alone), {
      code: 'upstream',
      message: new RegExp(`^server group "eu": target .*${reason}`),
    });
  }
});

t.test('more samples than the budget allows are an error, whichever replica sends them', async (t) => {
  const many = answers(rangeVector(...Array.from({ length: 30 }, (_, i): [number, string] => [50 + i, '1'])));
  const { group } = await setUp(t, [many, staysSilent]);
  await t.rejects(readSamples(group, new SampleBudget({ maxSamples: 29 })), {
    code: 'limit',
    message: /query processing would load too many samples into memory/,
  });
});

t.test('native histograms in JSON are an error that says how to read complete ones', async (t) => {
  const histograms = [[50, { count: '1', sum: '1', buckets: [] }]];
  const { group } = await setUp(t, [
    answers(success({ resultType: 'matrix', result: [{ metric: {}, histograms }] })),
  ]);
  await t.rejects(readSamples(group), {
    code: 'unsupported',
    message: /^server group "eu": target .*: native histograms .* remote_read: true .*allow_lossy/,
  });
});

t.test('a canceled query closes its connection', async (t) => {
  const { group, servers } = await setUp(t, [staysSilent]);
  const abort = new AbortController();
  const budget = new SampleBudget({ maxSamples: 10 });
  const pending = group.samples(
    { matchers: MATCHERS, window: WINDOW, budget },
    fetchContext({ signal: abort.signal }),
  );
  pending.catch(() => undefined);
  await servers[0]!.untilRequests(1);
  abort.abort(new PromfedError('canceled', 'gone'));
  await t.rejects(pending, { code: 'canceled' });
  await servers[0]!.untilHungUp();
});

const double = (number: number, bits: bigint): Buffer => {
  const bytes = Buffer.alloc(9);
  bytes[0] = number * 8 + 1;
  bytes.writeBigUInt64LE(bits, 1);
  return bytes;
};
const STALE = 0x7ff0000000000002n;
const NAN = 0x7ff8000000000001n;
const ONE = 0x3ff0000000000000n;

function timeSeries(...samples: [timeMs: number, bits: bigint][]): Buffer {
  const label = Buffer.concat([bytesField(1, Buffer.from('__name__')), bytesField(2, Buffer.from('up'))]);
  return Buffer.concat([
    bytesField(1, label),
    ...samples.map(([timeMs, bits]) =>
      bytesField(2, Buffer.concat([double(1, bits), varintField(2, timeMs)])),
    ),
  ]);
}

const READ_HEADERS = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };

function readAnswer(...series: Buffer[]): Buffer {
  const result = Buffer.concat(series.map((one) => bytesField(1, one)));
  return encodeSnappy(bytesField(1, result));
}

t.test('samples are requested by remote read, which distinguishes stale markers from NaN', async (t) => {
  const body = readAnswer(timeSeries([50_000, ONE], [60_000, NAN], [70_000, STALE]));
  const { group, servers } = await setUp(t, [answersWith(200, READ_HEADERS, body)], {
    pathPrefix: '/prom',
    remoteRead: 'always',
    queryParams: [['tenant', '7']],
    httpClient: { authentication: bearer('secret-token') },
  });
  t.same(plain(await readSamples(group)), [['up', [50_000, 60_000, 70_000], [1, NaN, NaN], [0, 0, 1]]]);
  const { path, url, headers } = servers[0]!.requests[0]!;
  t.equal(path, '/prom/api/v1/read');
  t.equal(url.get('tenant'), '7');
  t.match(headers, {
    authorization: 'Bearer secret-token',
    'content-type': 'application/x-protobuf',
    'content-encoding': 'snappy',
    'x-prometheus-remote-read-version': '0.1.0',
  });
});

t.test('times before the epoch are encoded and decoded', async (t) => {
  const message = await decodeSnappy(createReadRequest([[]], { afterMs: -5_000, untilMs: -1 }), 1000);
  t.same(
    [...message],
    [
      ...[0x0a, 22, 0x08, 0xf9, 0xd8, ...Array<number>(7).fill(0xff), 1, 0x10],
      ...[...Array<number>(9).fill(0xff), 1, 0x12, 2, 1, 0],
    ],
  );
  const read = [];
  for await (const one of readSeries(
    readAnswer(timeSeries([-(2 ** 40), ONE], [-1, ONE], [0, ONE])),
    ALWAYS,
    () => undefined,
    { signal: new AbortController().signal },
  )) {
    read.push([...one.timestamps]);
  }
  t.same(read, [[-(2 ** 40), -1, 0]]);
});

t.test('invalid responses to a remote read are failures of the target', async (t) => {
  const span = bytesField(11, varintField(2, 1));
  const histogram = Buffer.concat([timeSeries(), bytesField(4, span)]);
  for (const { name, fault, expected } of [
    {
      name: 'JSON',
      fault: answers(rangeVector([50, '1'])),
      expected: { code: 'upstream', message: /instead of protobuf/ },
    },
    {
      name: 'invalid snappy',
      fault: answersWith(200, READ_HEADERS, 'hello'),
      expected: { code: 'upstream', message: /malformed snappy block/ },
    },
    {
      name: 'invalid protobuf',
      fault: answersWith(200, READ_HEADERS, encodeSnappy(Buffer.from([0x0a, 5, 1]))),
      expected: { code: 'upstream', message: /malformed protocol buffer/ },
    },
    {
      name: 'samples out of order',
      fault: answersWith(200, READ_HEADERS, readAnswer(timeSeries([60_000, ONE], [50_000, ONE]))),
      expected: { code: 'upstream', message: /not in the order of time/ },
    },
    {
      name: 'an error as text',
      fault: answersWith(400, {}, 'exceeded sample limit (50000000)'),
      expected: {
        code: 'region_limit',
        message: /HTTP 400: limit of the region exceeded: exceeded sample limit/,
      },
    },
    {
      name: 'an invalid native histogram',
      fault: answersWith(200, READ_HEADERS, readAnswer(histogram)),
      expected: { code: 'upstream', message: /native histogram/ },
    },
    {
      name: 'more than the budget',
      fault: answersWith(
        200,
        READ_HEADERS,
        readAnswer(
          timeSeries(...Array.from({ length: 1001 }, (_, i): [number, bigint] => [50_000 + i, ONE])),
        ),
      ),
      expected: { code: 'limit' },
    },
  ]) {
    const { group } = await setUp(t, [fault], { remoteRead: 'always' });
    await t.rejects(readSamples(group), expected, name);
  }
});

t.test('arbitrary bytes in place of a response are series or an upstream error', async (t) => {
  let read = 0;
  const { signal } = new AbortController();
  const good = timeSeries([50_000, ONE], [60_000, STALE]);
  await fc.assert(
    fc.asyncProperty(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), async (at, byte, end) => {
      const bad = Buffer.from(good);
      bad[at] = byte;
      try {
        for await (const one of readSeries(readAnswer(bad.subarray(0, end)), ALWAYS, () => undefined, {
          signal,
        }))
          read += one.timestamps.length;
      } catch (thrown) {
        if (!(thrown instanceof PromfedError) || !['upstream', 'unsupported'].includes(thrown.code))
          throw thrown;
      }
    }),
    { numRuns: 1000 },
  );
  t.ok(read > 0, 'some of them are series');
});
