// The STREAMED_XOR_CHUNKS response of remote read: series as chunks of the storage.
// Source: Prometheus, prompb/remote.proto (`ChunkedReadResponse`), storage/remote/codec.go.

import { WireType } from '@bufbuild/protobuf/wire';

import { invalidAnswer } from '../../json/index.js';
import type { Labels, RawSeries, TimeWindow } from '../../model/index.js';
import { Pacer, UNCOUNTED_MEMORY } from '../../runtime/index.js';
import { decodeFloatHistogramChunk, decodeHistogramChunk } from './histogram-chunk.js';
import { readMessages } from './message-frames.js';
import { messagesOf, readFields, readLabels, walkFields, type ReadField } from './prompb.js';
import { RawSamplesBuilder, type AddSample } from './raw-samples-builder.js';
import { unchanged, type ReadingOptions } from './reading-options.js';
import { decodeXorChunk } from './xor-chunk.js';

/** Prometheus' own limit, rounded up. It sends frames of about 1 MiB. */
const MAX_FRAME_BYTES = 64 << 20;

/** Prometheus cuts chunks at about 1 KiB, or at ten histograms. A chunk is decoded without a pause. */
const MAX_CHUNK_BYTES = 4 << 20;

/** Size of messages that are read without a pause. */
const SMALL_BYTES = 16 << 10;

/** Adds the samples of a chunk. A generator yields between them, so that the caller may pause. */
type Decoder = (data: Uint8Array, add: AddSample) => Generator<undefined, void> | undefined;

/** Decoders by Chunk.Encoding, whose numbers are those of the storage. Source: Prometheus, tsdb/chunkenc/chunk.go. */
const DECODERS: readonly (Decoder | undefined)[] = [
  undefined,
  decodeXorChunk,
  decodeHistogramChunk,
  decodeFloatHistogramChunk,
];

/** Names of the encodings that are not supported. */
const UNSUPPORTED_ENCODINGS: ReadonlyMap<number, string> = new Map([[4, 'XOR2']]);

/** The series whose chunks are being read. */
interface Current {
  readonly labels: Labels;
  readonly samples: RawSamplesBuilder;
}

/**
 * Yields the series of a response that have samples in the window, each when its last chunk has arrived, with these samples.
 * Runs in time slices.
 *
 * @param reserve called with the weight of each sample before it is kept.
 * @throws PromfedError `upstream` when the response is invalid or has chunks of an unsupported encoding; what `reserve`,
 *   the stream and `Pacer.pause` throw.
 */
export async function* readChunkedSeries(
  stream: AsyncIterable<Uint8Array>,
  window: TimeWindow,
  reserve: (samples: number) => void,
  { signal, memory = UNCOUNTED_MEMORY, labelsIn = unchanged }: ReadingOptions,
): AsyncGenerator<RawSeries, void, undefined> {
  const pacer = new Pacer(signal);
  let current: Current | undefined;
  for await (const message of readMessages(stream, MAX_FRAME_BYTES, pacer, memory)) {
    if (pacer.due) await pacer.pause();
    const query = await readQueryIndex(message, pacer);
    for (const series of messagesOf(message, 1)) {
      if (pacer.due) await pacer.pause();
      if (series === undefined || series.length === 0) continue;
      const labels = labelsIn(await readLabels(series, pacer), query);
      // A series may span several frames.
      if (current?.labels.equals(labels) !== true) {
        if (current?.samples.isEmpty === false) yield await current.samples.build(current.labels, pacer);
        current = { labels, samples: new RawSamplesBuilder(window, reserve) };
      }
      for (const chunk of messagesOf(series, 2)) {
        if (pacer.due) await pacer.pause();
        if (chunk !== undefined) await decodeChunk(chunk, current.samples, pacer);
      }
    }
  }
  if (current?.samples.isEmpty === false) yield await current.samples.build(current.labels, pacer);
}

/** Reads the query that a frame belongs to: field 2 of ChunkedReadResponse. */
async function readQueryIndex(message: Uint8Array, pacer: Pacer): Promise<number> {
  let index = 0;
  const read: ReadField = (number, wireType, reader) => {
    if (number === 2 && wireType === WireType.Varint) index = Number(reader.int64());
    else reader.skip(wireType);
  };
  if (message.length <= SMALL_BYTES) readFields(message, read);
  else await walkFields(message, pacer, read);
  return index;
}

/** Chunk: min_time_ms = 1, max_time_ms = 2, type = 3, data = 4. The times are those of the samples. */
async function decodeChunk(message: Uint8Array, series: RawSamplesBuilder, pacer: Pacer): Promise<void> {
  let encoding = 0;
  let data: Uint8Array | undefined;
  if (message.length > MAX_CHUNK_BYTES)
    throw invalidAnswer(`a chunk is larger than ${MAX_CHUNK_BYTES} bytes`);
  readFields(message, (number, wireType, reader) => {
    if (number === 3 && wireType === WireType.Varint) encoding = reader.int32();
    else if (number === 4 && wireType === WireType.LengthDelimited) data = reader.bytes();
    else reader.skip(wireType);
  });
  const decode = DECODERS[encoding];
  if (decode === undefined) {
    const name = UNSUPPORTED_ENCODINGS.get(encoding) ?? String(encoding);
    throw invalidAnswer(`unsupported chunk encoding ${name}`);
  }
  if (data === undefined) throw invalidAnswer('a chunk has no data');
  series.beginRun();
  const steps = decode(data, (timeMs, sample) => {
    series.add(timeMs, sample);
  });
  if (steps === undefined) return;
  while (steps.next().done !== true) if (pacer.due) await pacer.pause();
}
