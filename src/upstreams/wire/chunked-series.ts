// The STREAMED_XOR_CHUNKS answer of remote read: series as chunks of the storage.
// Source: Prometheus, prompb/remote.proto (`ChunkedReadResponse`), storage/remote/codec.go.

import { WireType } from '@bufbuild/protobuf/wire';

import { PromfedError, type RawSeries, type TimeWindow } from '../../model/index.js';
import { UNCOUNTED_MEMORY, type MemoryAccount } from '../../runtime/index.js';
import { decodeFloatHistogramChunk, decodeHistogramChunk } from './histogram-chunk.js';
import { readMessages } from './message-frames.js';
import { invalidAnswer, labelsOf, messagesOf, readFields } from './prompb.js';
import { RawSamplesBuilder, type AddSample } from './raw-samples-builder.js';
import { decodeXorChunk } from './xor-chunk.js';

/** What Prometheus itself takes at most, rounded up; it sends frames of about a mebibyte. */
const MAX_FRAME_BYTES = 64 << 20;

/** Prometheus cuts chunks at about a kilobyte, or at ten histograms; and a chunk is decoded in one go. */
const MAX_CHUNK_BYTES = 4 << 20;

/** So many bytes are decoded between two turns of the event loop. */
const PAUSE_BYTES = 1 << 18;

/** Chunk.Encoding, which is the storage's own. Source: Prometheus, tsdb/chunkenc/chunk.go. */
const DECODERS: readonly (((data: Uint8Array, add: AddSample) => void) | undefined)[] = [
  undefined,
  decodeXorChunk,
  decodeHistogramChunk,
  decodeFloatHistogramChunk,
];

/** What encodings are called that are known but not read. */
const FOREIGN_ENCODINGS: ReadonlyMap<number, string> = new Map([[4, 'XOR2']]);

/**
 * The series of an answer, one after the other, each once its last chunk has arrived. The samples are those in the
 * window, whatever else their chunks hold.
 *
 * @param take told what each sample amounts to before it is kept.
 * @param memory what is held of a frame that is not whole yet is taken from it.
 * @throws PromfedError `upstream` when the answer is not one, or has chunks of an encoding that is not read; what
 *   `take` and the stream throw.
 */
export async function* readChunkedSeries(
  stream: AsyncIterable<Uint8Array>,
  window: TimeWindow,
  reserve: (samples: number) => void,
  memory: MemoryAccount = UNCOUNTED_MEMORY,
): AsyncGenerator<RawSeries, void, undefined> {
  let current: RawSamplesBuilder | undefined;
  let bytes = 0;
  for await (const message of readMessages(stream, MAX_FRAME_BYTES, memory)) {
    for (const series of messagesOf(message, 1)) {
      const labels = labelsOf(series);
      // A series goes on in the next frame where one is not enough for it.
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
    const name = FOREIGN_ENCODINGS.get(encoding) ?? String(encoding);
    throw new PromfedError(
      'upstream',
      `answered chunks of the encoding ${name}, which promfed does not read`,
    );
  }
  if (data === undefined) throw invalidAnswer('a chunk without data');
  if (data.length > MAX_CHUNK_BYTES) throw invalidAnswer(`a chunk of more than ${MAX_CHUNK_BYTES} bytes`);
  series.beginRun();
  decode(data, (timeMs, sample) => {
    series.add(timeMs, sample);
  });
}
