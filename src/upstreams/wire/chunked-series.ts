// The STREAMED_XOR_CHUNKS response of remote read: series as chunks of the storage.
// Source: Prometheus, prompb/remote.proto (`ChunkedReadResponse`), storage/remote/codec.go.

import { WireType } from '@bufbuild/protobuf/wire';

import { invalidAnswer } from '../../json/index.js';
import type { Labels, RawSeries, TimeWindow } from '../../model/index.js';
import { UNCOUNTED_MEMORY, type MemoryAccount } from '../../runtime/index.js';
import { decodeFloatHistogramChunk, decodeHistogramChunk } from './histogram-chunk.js';
import { readMessages } from './message-frames.js';
import { labelsOf, messagesOf, readFields } from './prompb.js';
import { RawSamplesBuilder, type AddSample } from './raw-samples-builder.js';
import { decodeXorChunk } from './xor-chunk.js';

/** Prometheus' own limit, rounded up. It sends frames of about 1 MiB. */
const MAX_FRAME_BYTES = 64 << 20;

/** Prometheus cuts chunks at about 1 KiB, or at ten histograms. A chunk is decoded without a pause. */
const MAX_CHUNK_BYTES = 4 << 20;

/** Bytes that are decoded before the event loop gets a turn. */
const PAUSE_BYTES = 1 << 18;

/** Decoders by Chunk.Encoding, whose numbers are those of the storage. Source: Prometheus, tsdb/chunkenc/chunk.go. */
const DECODERS: readonly (((data: Uint8Array, add: AddSample) => void) | undefined)[] = [
  undefined,
  decodeXorChunk,
  decodeHistogramChunk,
  decodeFloatHistogramChunk,
];

/** Names of the encodings that are not supported. */
const UNSUPPORTED_ENCODINGS: ReadonlyMap<number, string> = new Map([[4, 'XOR2']]);

/**
 * Yields the series of a response, each when its last chunk has arrived, with their samples in the window.
 *
 * @param reserve called with the weight of each sample before it is kept.
 * @param memory account for the bytes of an incomplete frame.
 * @param labelsIn returns the labels of a series from those in the response and the index of its query. Default: the same.
 * @throws PromfedError `upstream` when the response is invalid or has chunks of an unsupported encoding; what `reserve`
 *   and the stream throw.
 */
export async function* readChunkedSeries(
  stream: AsyncIterable<Uint8Array>,
  window: TimeWindow,
  reserve: (samples: number) => void,
  memory: MemoryAccount = UNCOUNTED_MEMORY,
  labelsIn: (labels: Labels, query: number) => Labels = (labels) => labels,
): AsyncGenerator<RawSeries, void, undefined> {
  let current: RawSamplesBuilder | undefined;
  let bytes = 0;
  for await (const message of readMessages(stream, MAX_FRAME_BYTES, memory)) {
    const query = queryIndexOf(message);
    for (const series of messagesOf(message, 1)) {
      const labels = labelsIn(labelsOf(series), query);
      // A series may span several frames.
      if (current?.labels.equals(labels) !== true) {
        if (current !== undefined) yield current.build();
        current = new RawSamplesBuilder(labels, window, reserve);
      }
      for (const chunk of messagesOf(series, 2)) {
        bytes += chunk.length;
        if (bytes >= PAUSE_BYTES) {
          bytes = 0;
          await new Promise<void>((resolve) => setImmediate(resolve));
        }
        decodeChunk(chunk, current);
      }
    }
  }
  if (current !== undefined) yield current.build();
}

/** The query that a frame belongs to: field 2 of ChunkedReadResponse. */
function queryIndexOf(message: Uint8Array): number {
  let index = 0;
  readFields(message, (number, wireType, reader) => {
    if (number === 2 && wireType === WireType.Varint) index = Number(reader.int64());
    else reader.skip(wireType);
  });
  return index;
}

/** Chunk: min_time_ms = 1, max_time_ms = 2, type = 3, data = 4. The times are those of the samples. */
function decodeChunk(message: Uint8Array, series: RawSamplesBuilder): void {
  let encoding = 0;
  let data: Uint8Array | undefined;
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
  if (data.length > MAX_CHUNK_BYTES) throw invalidAnswer(`a chunk is larger than ${MAX_CHUNK_BYTES} bytes`);
  series.beginRun();
  decode(data, (timeMs, sample) => {
    series.add(timeMs, sample);
  });
}
