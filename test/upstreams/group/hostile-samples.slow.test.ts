// Hostile answers to requests for raw samples: the event loop turns, and the deadline ends the reading.

import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import t, { type Test } from 'tap';

import { PromfedError } from '../../../src/model/index.js';
import { MemoryBudget, SampleBudget, systemClock } from '../../../src/runtime/index.js';
import { crc32c } from '../../../src/upstreams/wire/crc32c.js';
import { encodeSnappy } from '../../../src/upstreams/wire/snappy-block.js';
import { longestTurn } from '../../helpers/runtime/longest-turn.js';
import { startFaultServer } from '../../helpers/upstreams/fault-server.js';
import { fetchContext, groupSettings, openGroup, type OpenGroup } from '../settings.js';

const MB = 2 ** 20;
/** Turns of the event loop in calibration units of about 20 ms. */
const MAX_TURN = 8;
const WINDOW = { afterMs: 0, untilMs: 1e12 };
const ALL = [{ name: '__name__', op: '=', value: 'up' }] as const;

async function setUp(t: Test, contentType: string, body: Uint8Array): Promise<OpenGroup> {
  const server = await startFaultServer((response) => {
    response.writeHead(200, { 'content-type': contentType });
    response.end(body);
  });
  const remoteRead = contentType.includes('json') ? 'never' : 'always';
  const settings = groupSettings([server.target], { remoteRead });
  const group = openGroup(settings, { clock: systemClock, version: '1.2.3' });
  t.teardown(async () => {
    await group.close();
    await server.close();
  });
  return group;
}

/** Reads until the end, or until the signal aborts after `timeoutMs`. */
async function read(group: OpenGroup, timeoutMs = 60_000): Promise<{ series: number; samples: number }> {
  const memory = new MemoryBudget({ budgetBytes: 512 * MB, perQueryBytes: 512 * MB }).tryOpen(0)!;
  const budget = new SampleBudget({ maxSamples: 20_000_000 }, memory);
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(new PromfedError('timeout', 'query timed out in expression evaluation'));
  }, timeoutMs);
  try {
    const context = { ...fetchContext(), signal: controller.signal, memory };
    const { series } = await group.samples({ matchers: ALL, window: WINDOW, budget }, context);
    return { series: series.length, samples: series.reduce((sum, one) => sum + one.timestamps.length, 0) };
  } finally {
    clearTimeout(timer);
  }
}

function field(number: number, content: Uint8Array): Buffer {
  return Buffer.from(new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(content).finish());
}

function varint(number: number, value: number): Buffer {
  return Buffer.from(new BinaryWriter().tag(number, WireType.Varint).int64(value).finish());
}

/** Repeats bytes up to about `bytes`. */
function repeated(piece: Uint8Array, bytes: number): Buffer {
  return Buffer.alloc(Math.floor(bytes / piece.length) * piece.length, piece);
}

/** A SAMPLES response. */
function samplesBody(result: Uint8Array): Buffer {
  return encodeSnappy(field(1, result));
}

/** A frame of a streamed response. */
function frame(message: Uint8Array): Buffer {
  const head = Buffer.from(new BinaryWriter().uint32(message.length).finish());
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32c(message));
  return Buffer.concat([head, checksum, message]);
}

const NAME = field(1, Buffer.concat([field(1, Buffer.from('__name__')), field(2, Buffer.from('up'))]));
const LABELLED = field(1, NAME);
const SAMPLE = field(2, varint(2, 5));
const UNKNOWN = varint(9, 1);
/** An XOR chunk of 65,535 equal floats at equal steps, two bits each. */
const LONG_CHUNK = Buffer.concat([
  Buffer.from([0xff, 0xff, 2, ...Array<number>(8).fill(0), 1, 0]),
  Buffer.alloc(16_384),
]);
const STREAMED = 'application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse';
const SAMPLES = 'application/x-protobuf';

/** A response, and whether its content is an answer. */
interface Case {
  readonly name: string;
  readonly contentType: string;
  readonly body: () => Uint8Array;
  readonly expected: RegExp | { readonly series: number; readonly samples?: number };
}

const CASES: readonly Case[] = [
  {
    name: 'empty series',
    contentType: SAMPLES,
    body: () => samplesBody(repeated(field(1, new Uint8Array()), 10 * MB)),
    expected: { series: 0 },
  },
  {
    name: 'series with labels and without samples',
    contentType: SAMPLES,
    body: () => samplesBody(repeated(LABELLED, 10 * MB)),
    expected: { series: 0 },
  },
  {
    name: 'equal series',
    contentType: SAMPLES,
    body: () => samplesBody(repeated(field(1, Buffer.concat([NAME, SAMPLE])), 10 * MB)),
    expected: /duplicate series/,
  },
  {
    name: 'unknown fields beside the results',
    contentType: SAMPLES,
    body: () => encodeSnappy(repeated(UNKNOWN, 20 * MB)),
    expected: { series: 0 },
  },
  {
    name: 'unknown fields of one series',
    contentType: SAMPLES,
    body: () => samplesBody(field(1, Buffer.concat([NAME, repeated(UNKNOWN, 20 * MB), SAMPLE]))),
    expected: { series: 1, samples: 1 },
  },
  {
    name: 'labels of one series',
    contentType: SAMPLES,
    body: () => samplesBody(field(1, Buffer.concat([repeated(NAME, 10 * MB), SAMPLE]))),
    expected: /a series has more than 10000 labels/,
  },
  {
    name: 'spans of one histogram',
    contentType: SAMPLES,
    body: () =>
      samplesBody(field(1, Buffer.concat([NAME, field(4, repeated(field(11, new Uint8Array()), 10 * MB))]))),
    expected: /more than 65536 spans/,
  },
  {
    name: 'deltas of one histogram',
    contentType: SAMPLES,
    body: () => samplesBody(field(1, Buffer.concat([NAME, field(4, field(12, Buffer.alloc(10 * MB)))]))),
    expected: /too many buckets/,
  },
  {
    name: 'empty chunks',
    contentType: STREAMED,
    body: () =>
      frame(
        field(
          1,
          Buffer.concat([
            NAME,
            repeated(field(2, Buffer.concat([varint(3, 1), field(4, Buffer.alloc(2))])), 10 * MB),
          ]),
        ),
      ),
    expected: { series: 0 },
  },
  {
    name: 'empty series in one frame',
    contentType: STREAMED,
    body: () => frame(repeated(field(1, new Uint8Array()), 10 * MB)),
    expected: { series: 0 },
  },
  {
    name: 'labelled series in one frame',
    contentType: STREAMED,
    body: () => frame(repeated(LABELLED, 10 * MB)),
    expected: { series: 0 },
  },
  {
    name: 'empty frames',
    contentType: STREAMED,
    body: () => repeated(frame(new Uint8Array()), 10 * MB),
    expected: { series: 0 },
  },
  {
    name: 'frames of an unknown field',
    contentType: STREAMED,
    body: () => repeated(frame(UNKNOWN), MB),
    expected: { series: 0 },
  },
  {
    name: 'chunks of many samples',
    contentType: STREAMED,
    body: () => {
      const chunk = field(2, Buffer.concat([varint(3, 1), field(4, LONG_CHUNK)]));
      return frame(field(1, Buffer.concat([NAME, repeated(chunk, MB)])));
    },
    expected: { series: 1 },
  },
  {
    name: 'spans of a chunk',
    contentType: STREAMED,
    body: () => {
      // Zero threshold 0, schema 0, 2^21 spans.
      const layout = Buffer.from([0, 0b0_1111111, 0b0_0000000, 0, 0, 0b00010000, 0, 0]);
      const data = Buffer.concat([Buffer.from([0, 1, 0]), layout, Buffer.alloc(3 * MB)]);
      return frame(field(1, Buffer.concat([NAME, field(2, Buffer.concat([varint(3, 2), field(4, data)]))])));
    },
    expected: /spans|chunk ends too early|integer/,
  },
  {
    name: 'JSON series without samples',
    contentType: 'application/json',
    body: () => matrix(repeated(Buffer.from('{"metric":{"a":"b"},"values":[]},'), 10 * MB)),
    expected: { series: 0 },
  },
  {
    name: 'a JSON series of many samples',
    contentType: 'application/json',
    body: () =>
      matrix(
        Buffer.concat([
          Buffer.from('{"metric":{"a":"b"},"values":[[5,"1"]'),
          repeated(Buffer.from(',[6,"1"]'), 40 * MB),
          Buffer.from(']},'),
        ]),
      ),
    expected: { series: 1, samples: 2 },
  },
];

/** @param series each with a comma. */
function matrix(series: Uint8Array): Buffer {
  return Buffer.concat([
    Buffer.from('{"status":"success","data":{"resultType":"matrix","result":['),
    series,
    Buffer.from('{"metric":{"last":"1"},"values":[]}]}}'),
  ]);
}

for (const { name, contentType, body, expected } of CASES) {
  t.test(`megabytes of ${name} do not hold up the event loop`, async (t) => {
    const group = await setUp(t, contentType, body());
    const turn = await longestTurn(async () => {
      if (expected instanceof RegExp) await t.rejects(read(group), { message: expected });
      else t.match(await read(group), expected);
    });
    t.ok(turn < MAX_TURN, `a turn took ${turn.toFixed(1)} units`);
  });
}

t.test('the deadline ends the reading of a message that has arrived', async (t) => {
  const group = await setUp(t, SAMPLES, samplesBody(repeated(LABELLED, 120 * MB)));
  const before = process.cpuUsage();
  await t.rejects(read(group, 300), { code: 'timeout' });
  const { user } = process.cpuUsage(before);
  t.ok(user < 3_000_000, `it took ${(user / 1e6).toFixed(1)} s of CPU time`);
});
