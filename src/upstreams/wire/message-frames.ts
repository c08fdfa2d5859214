// Messages out of a stream of frames: a length, a checksum, a message. Source: Prometheus, storage/remote/chunked.go.

import { UNCOUNTED_MEMORY, type MemoryAccount } from '../../runtime/index.js';
import { crc32c } from './crc32c.js';
import { invalidAnswer } from './prompb.js';

const CHECKSUM_BYTES = 4;
const MAX_LENGTH_BYTES = 10;

/**
 * The messages of the frames, as they arrive; of the stream no more is held than one frame.
 *
 * @param memory what is held of a frame that is not whole yet is taken from it.
 * @param maxBytes what a message may have at most; checked before it is waited for.
 * @throws PromfedError `upstream` when a frame is longer, is cut or is not what its checksum says; what the stream
 *   throws.
 */
export async function* readMessages(
  stream: AsyncIterable<Uint8Array>,
  maxBytes: number,
  memory: MemoryAccount = UNCOUNTED_MEMORY,
): AsyncGenerator<Uint8Array, void, undefined> {
  /** What arrived and is not read, in its order, and how many bytes it has. */
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  /** The bytes that the frame under way has, once that is known. */
  let needed = 0;
  /** Taken from the memory. */
  let heldBytes = 0;
  for await (const chunk of stream) {
    waiting.push(chunk);
    bytes += chunk.length;
    if (bytes < needed) {
      // Once as it came, and once in one piece.
      memory.reserve('remote read', 2 * chunk.length);
      heldBytes += 2 * chunk.length;
      continue;
    }
    let rest = waiting.length === 1 ? waiting[0]! : Buffer.concat(waiting, bytes);
    for (;;) {
      const frame = tryFrame(rest, maxBytes);
      needed = frame?.end ?? 0;
      if (frame === undefined || frame.end > rest.length) break;
      const message = rest.subarray(frame.start, frame.end);
      if (crc32c(message) !== frame.checksum)
        throw invalidAnswer('a frame that is not what its checksum says');
      yield message;
      rest = rest.subarray(frame.end);
    }
    memory.release('remote read', heldBytes);
    heldBytes = 0;
    waiting = rest.length === 0 ? [] : [rest];
    bytes = rest.length;
  }
  if (bytes > 0) throw invalidAnswer('the stream ends in the middle of a frame');
}

interface Frame {
  readonly checksum: number;
  /** Where the message begins and ends. */
  readonly start: number;
  readonly end: number;
}

/** The frame at the beginning; undefined when not even its length and checksum are there. */
function tryFrame(bytes: Uint8Array, maxBytes: number): Frame | undefined {
  let length = 0;
  let pos = 0;
  for (;;) {
    if (pos >= MAX_LENGTH_BYTES) throw invalidAnswer('a frame without a length');
    if (pos >= bytes.length) return undefined;
    const byte = bytes[pos]!;
    length += (byte & 0x7f) * 2 ** (7 * pos);
    pos++;
    if (byte < 0x80) break;
  }
  if (length > maxBytes) {
    throw invalidAnswer(`a frame of ${length} bytes where at most ${maxBytes} are taken`);
  }
  const start = pos + CHECKSUM_BYTES;
  if (start > bytes.length) return undefined;
  const checksum = new DataView(bytes.buffer, bytes.byteOffset + pos, CHECKSUM_BYTES).getUint32(0);
  return { checksum, start, end: start + length };
}
