// Chunks as Prometheus wrote them, and invalid bytes.

import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import t from 'tap';

import { PromfedError, type RawSeries } from '../../../src/model/index.js';
import { Pacer } from '../../../src/runtime/index.js';
import { readChunkedSeries } from '../../../src/upstreams/wire/chunked-series.js';
import { crc32c } from '../../../src/upstreams/wire/crc32c.js';
import { readMessages } from '../../../src/upstreams/wire/message-frames.js';
import type { WireSample } from '../../../src/upstreams/wire/raw-samples-builder.js';
import {
  decodeFloatHistogramChunk,
  decodeHistogramChunk,
} from '../../../src/upstreams/wire/histogram-chunk.js';
import { decodeXorChunk } from '../../../src/upstreams/wire/xor-chunk.js';
import { histogramSet } from '../../helpers/series/histogram-set.js';

const XOR = 1;
const HISTOGRAM = 2;
const FLOAT_HISTOGRAM = 3;
const DECODERS = {
  [XOR]: decodeXorChunk,
  [HISTOGRAM]: decodeHistogramChunk,
  [FLOAT_HISTOGRAM]: decodeFloatHistogramChunk,
};
const startMs = 1_700_000_000_000;
const { signal } = new AbortController();

/** Chunks that Prometheus 3.5.3 wrote for the first nine samples of `histogramSet`, and for a few floats. */
const CHUNKS = [
  {
    name: 'integers in custom buckets',
    encoding: HISTOGRAM,
    data: 'AAkAAO5doooooolbcZfH0+nF+CcR/gABi8/laADGkBRCAAAAAAApvBifg6mOOTUdM28Je7fCHY4jTOyaAiO7fCru1j9xmmFRvO3eFxW2LIdsG2xWIblAYANy4RNCP4TcfhdYXZJAj42OIw+a2myaxBh8bPHaXP4g',
    metric: 'bounded',
    shape: 'integers',
  },
  {
    name: 'floats in custom buckets',
    encoding: FLOAT_HISTOGRAM,
    data: 'AAkAAO5dYoooolF/8AAAAAAAAD/UGy92nPDg8fSQc3NZQAAAAD+AAGLz+VoAEARVVVVVVVVAAAAAAAAAABAUQgAAAAAAD/1VVVVVVVVAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAgAAAAAAAD4OpjTvUf///////ajpm3Cd/34f4BCqqqqqqqrh+gEFVVVVVVVcP0AKqqqqqqqrq1oqqqqqqqqgZVVVVVVVSAiEABf///////wgNVVVVVVVSN5zbn////////xDqqqqqqqqkO2BDVVVVVVVVQAqqqqqqqpAYAQFVVVVVVVUGKqqqqqqqaEfwm69c////////wAVqqqqqqqqCOdVVVVVVVIEfCAAiqqqqqqqusWaWqqqqqqqqgqAAAAAAACDD4gAB///////+1bU////////7c4qqqqqqqqA',
    metric: 'bounded',
    shape: 'floats',
  },
  {
    name: 'integers on both sides of zero',
    encoding: HISTOGRAM,
    data: 'AAkAdI46O6iiiiiiiiiiiiix0d5FFFFFFFFFFFFF/AADF5/K0AGPIChyAAAAAABitsACUrAAj8HUxyHjqOm3TE2x252Q0GqltCMp33Yw9q2dw0RkG3lss1u8VtsL3by2GyRe1aSlbC7SWFwruy0I//5BrcnG+7wrcYoFZytu8KscK4wJgAyWubbFU3mUr3fCdRG9G5aS8H6MNdlLXjvMpr9pjQrS+8pem7SZ2MNC9hqbZoO8DD7nYVx9Epbxhd2xG4rFJwjbjLh8Pttzm93s4tzm9YJ7yuJ3kbNxirB3FttM1J3OW2urwuv4SbnE6PKCtI7mm8w18LuZAA==',
    metric: 'latency',
    shape: 'signed',
  },
  {
    name: 'floats around a wide zero bucket',
    encoding: FLOAT_HISTOGRAM,
    data: 'AAkA/z9QYk3S8an8ljI7qKKKKKKKKKKJ/AADF5/K0ACARAAAAAAAAH/gAAAAAAAAgJOwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIBAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAHwdTGkffhL//qNrGsJ0AqwoQEGANY0KSJgYiv/GFCAh8JsA1qJ27Qh4qOEuALCbAJgARGsS2E2APABDpH6tZObQOMtJGygAIwmwCzSP/BKmADBDfqE0axZ4TYBeE//g7g+NgvULNgOHK1AWsWcAA4EABBFvUH9psSlDOkfu0keKABjCfAMTWP1aDP6Ww7FTNgsUJ7gbWPnahrQ',
    metric: 'latency',
    shape: 'threshold',
  },
  {
    name: 'floats',
    encoding: XOR,
    data: 'AAmAoKv++WI/8AAAAAAAAJh1MJv/1g//72ZmZmZmZqwY59pRGZ7AcADx8V8h5EADrOv/Jww1PH/YAAAAAAAFH/wAAAAAAAE=',
    metric: '',
    shape: '',
  },
] as const;

type Sample = [timeMs: number, sample: WireSample];

function decode(encoding: 1 | 2 | 3, data: Uint8Array): Sample[] {
  const samples: Sample[] = [];
  const steps = DECODERS[encoding](data, (timeMs, sample) => samples.push([timeMs, sample]));
  while (steps !== undefined && steps.next().done !== true);
  return samples;
}

t.test('chunks of Prometheus are decoded to the samples that were written', async (t) => {
  const set = histogramSet({ region: 'eu', startMs, intervalMs: 15_000, count: 9 });
  for (const { name, encoding, data, metric, shape } of CHUNKS) {
    const got = decode(encoding, Buffer.from(data, 'base64'));
    if (encoding === XOR) {
      t.same(got, [
        ...[1, 1, 2.5, -0.1, 1e300].map((value, i): Sample => [startMs + i * 15_000, value]),
        [startMs + 75_007, 7],
        [startMs + 90_000, 7],
        [startMs + 205_000, 'stale'],
        [startMs + 320_000, 3],
      ]);
      continue;
    }
    const written = set.find(({ labels }) => labels['__name__'] === metric && labels['shape'] === shape)!;
    const expected = written.values.map((value, i): Sample => {
      if (typeof value !== 'object') throw new Error('a histogram was expected');
      return [startMs + i * 15_000, { ...value.histogram, hint: i === 0 ? 'unknown' : 'not_reset' }];
    });
    t.same(got, expected, name);
  }
});

t.test('arbitrary bytes in place of a chunk are samples or an upstream error', async (t) => {
  const outcomes = { samples: 0, errors: 0 };
  const run = (encoding: 1 | 2 | 3, data: Uint8Array): void => {
    try {
      outcomes.samples += decode(encoding, data).length;
    } catch (thrown) {
      if (!(thrown instanceof PromfedError) || thrown.code !== 'upstream') throw thrown;
      outcomes.errors++;
    }
  };
  for (const { encoding, data } of CHUNKS) {
    const good = Buffer.from(data, 'base64');
    for (let end = 0; end < good.length; end++) run(encoding, good.subarray(0, end));
  }
  const encoding = fc.constantFrom<1 | 2 | 3>(XOR, HISTOGRAM, FLOAT_HISTOGRAM);
  fc.assert(
    fc.property(encoding, fc.uint8Array({ maxLength: 300 }), (of, data) => {
      run(of, data);
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.constantFrom(...CHUNKS), fc.nat(), fc.nat(7), ({ encoding: of, data }, at, bit) => {
      const bad = Buffer.from(data, 'base64');
      bad[at % bad.length]! ^= 1 << bit;
      run(of, bad);
    }),
    { numRuns: 3000 },
  );
  t.ok(outcomes.samples > 1000 && outcomes.errors > 1000, JSON.stringify(outcomes));
});

t.test('a chunk with an invalid size allocates nothing', async (t) => {
  // One span of 2^32 buckets: zero threshold 0, schema 0, one span.
  const bits = `0000000001000111111110${(2 ** 32).toString(2).padStart(56, '0')}0`;
  const bytes = bits.match(/.{1,8}/g)!.map((byte) => parseInt(byte.padEnd(8, '0'), 2));
  for (const of of [HISTOGRAM, FLOAT_HISTOGRAM] as const) {
    t.throws(() => decode(of, Uint8Array.from([255, 255, 0, ...bytes, 0, 0])), { code: 'upstream' });
  }
});

async function* stream(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Promise.resolve(chunk);
}

function frame(message: Uint8Array): Buffer {
  const head = new BinaryWriter().uint32(message.length).finish();
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32c(message));
  return Buffer.concat([head, checksum, message]);
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

t.test('the checksum is that of RFC 3720', async (t) => {
  t.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  t.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
});

t.test('messages do not depend on how the stream is split', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }),
      fc.array(fc.nat(1000), { maxLength: 12 }),
      async (messages, cuts) => {
        const whole = Buffer.concat(messages.map(frame));
        const at = [0, ...cuts.map((cut) => cut % (whole.length + 1)), whole.length].sort((a, b) => a - b);
        const pieces = at.slice(1).map((end, i) => whole.subarray(at[i], end));
        const got = await all(readMessages(stream(...pieces), 200, new Pacer(signal)));
        const expected = messages.filter(({ length }) => length > 0);
        if (JSON.stringify(got.map((one) => [...one])) !== JSON.stringify(expected.map((one) => [...one]))) {
          throw new Error('other messages');
        }
      },
    ),
  );
  t.pass();
});

t.test('incomplete, oversized and damaged frames are rejected', async (t) => {
  const good = frame(Buffer.from('hello'));
  const damaged = Buffer.from(good);
  damaged[7]! ^= 1;
  for (const { bytes, message } of [
    { bytes: good.subarray(0, -1), message: /stream ends within a frame/ },
    { bytes: good.subarray(0, 1), message: /stream ends within a frame/ },
    { bytes: damaged, message: /does not match its checksum/ },
    { bytes: frame(Buffer.alloc(11)), message: /a frame has 11 bytes; the limit is 10/ },
    { bytes: Buffer.alloc(12, 0xff), message: /a frame has an invalid length/ },
  ]) {
    await t.rejects(all(readMessages(stream(bytes), 10, new Pacer(signal))), { code: 'upstream', message });
  }
});

function field(number: number, content: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(content).finish();
}

function message(name: string, ...chunks: readonly { encoding: number; data: Uint8Array }[]): Uint8Array {
  const label = Buffer.concat([field(1, Buffer.from('__name__')), field(2, Buffer.from(name))]);
  const encoded = chunks.map(({ encoding, data }) =>
    field(
      2,
      Buffer.concat([new BinaryWriter().tag(3, WireType.Varint).int32(encoding).finish(), field(4, data)]),
    ),
  );
  return field(1, Buffer.concat([field(1, label), ...encoded]));
}

function chunkedSeries(...given: Parameters<typeof message>): Buffer {
  return frame(message(...given));
}

const ALWAYS = { afterMs: -Infinity, untilMs: Infinity };

function read(bytes: Uint8Array, window = ALWAYS, take = (): void => undefined): Promise<RawSeries[]> {
  return all(readChunkedSeries(stream(bytes), window, take, { signal }));
}

t.test('a series may span frames, and overlapping chunks are merged within the window', async (t) => {
  const [xor, histogram] = [CHUNKS[4], CHUNKS[2]].map(({ encoding, data }) => ({
    encoding,
    data: Buffer.from(data, 'base64'),
  }));
  const bytes = Buffer.concat([
    chunkedSeries('a', xor!),
    chunkedSeries('a', histogram!),
    chunkedSeries('b', xor!),
  ]);
  const [a, b, ...more] = await read(bytes);
  t.equal(more.length, 0);
  t.equal(b!.timestamps.length, 9);
  // Both chunks have samples at the first five times and at 90 s. The samples of the first chunk are kept.
  t.same(
    Array.from(a!.timestamps, (timeMs) => (timeMs - startMs) / 1000),
    [0, 15, 30, 45, 60, 75, 75.007, 90, 105, 120, 205, 320],
  );
  t.same(
    a!.histograms!.map((one) => one?.hint ?? '-'),
    ['-', '-', '-', '-', '-', 'unknown', '-', '-', 'unknown', 'not_reset', '-', '-'],
    'the hint is unknown after a sample of another chunk',
  );
  t.same([...a!.stale!], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
  let taken = 0;
  const window = { afterMs: startMs + 15_000, untilMs: startMs + 60_000 };
  const cut = await read(bytes, window, () => taken++);
  t.same(
    cut.map(({ timestamps }) => timestamps.length),
    [3, 3],
  );
  t.equal(taken, 9, 'samples outside of the window are not counted');
});

t.test('an unsupported chunk encoding is an error that names it', async (t) => {
  const data = Buffer.from(CHUNKS[4].data, 'base64');
  await t.rejects(read(chunkedSeries('a', { encoding: 4, data })), {
    code: 'upstream',
    message: /unsupported chunk encoding XOR2/,
  });
  await t.rejects(read(chunkedSeries('a', { encoding: 9, data })), { message: /encoding 9/ });
  await t.rejects(read(chunkedSeries('a', { encoding: XOR, data: Buffer.alloc(5 << 20) })), {
    message: /a chunk is larger than/,
  });
});

t.test('arbitrary bytes in place of a streamed response are series or an upstream error', async (t) => {
  const good = Buffer.concat(
    CHUNKS.map(({ encoding, data }) =>
      message(`x${encoding}`, { encoding, data: Buffer.from(data, 'base64') }),
    ),
  );
  let series = 0;
  await fc.assert(
    fc.asyncProperty(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), async (at, byte, end) => {
      const bad = Buffer.from(good);
      bad[at] = byte;
      try {
        series += (await read(frame(bad.subarray(0, end)))).length;
      } catch (thrown) {
        if (!(thrown instanceof PromfedError) || thrown.code !== 'upstream') throw thrown;
      }
    }),
    { numRuns: 1000 },
  );
  t.ok(series > 0);
});
