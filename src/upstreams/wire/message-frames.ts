// Messages in a stream of frames: length, checksum, message. Source: Prometheus, storage/remote/chunked.go.

import { invalidAnswer } from '../../json/index.js';
import { UNCOUNTED_MEMORY, type MemoryAccount } from '../../runtime/index.js';
import { crc32c } from './crc32c.js';

const CHECKSUM_BYTES = 4;
const MAX_LENGTH_BYTES = 10;

/**
 * Yields the messages as their frames arrive. Up to one frame of the stream is buffered.
 *
 * @param maxBytes size limit of a message; checked when its length has arrived.
 * @param memory account for the bytes of an incomplete frame.
 * @throws PromfedError `upstream` when a frame is too large, incomplete or does not match its checksum; what the stream
 *   throws.
 */
export async function* readMessages(
  stream: AsyncIterable<Uint8Array>,
  maxBytes: number,
  memory: MemoryAccount = UNCOUNTED_MEMORY,
): AsyncGenerator<Uint8Array, void, undefined> {
  /** Received but unread chunks. */
  let waiting: Uint8Array[] = [];
  /** Total size of `waiting`. */
  let bytes = 0;
  /** Size of the current frame; 0 while it is unknown. */
  let needed = 0;
  /** Bytes reserved in `memory`. */
  let heldBytes = 0;
  for await (const chunk of stream) {
    waiting.push(chunk);
    bytes += chunk.length;
    if (bytes < needed) {
      // Held as chunks, and once more as one buffer.
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
      if (crc32c(message) !== frame.checksum) throw invalidAnswer('a frame does not match its checksum');
      yield message;
      rest = rest.subarray(frame.end);
    }
    memory.release('remote read', heldBytes);
    heldBytes = 0;
    waiting = rest.length === 0 ? [] : [rest];
    bytes = rest.length;
  }
  if (bytes > 0) throw invalidAnswer('the stream ends within a frame');
}

interface Frame {
  readonly checksum: number;
  /** Range of the message. */
  readonly start: number;
  readonly end: number;
}

/** Returns the frame at the beginning; undefined when its length and checksum have not arrived. */
function tryFrame(bytes: Uint8Array, maxBytes: number): Frame | undefined {
  let length = 0;
  let pos = 0;
  for (;;) {
    if (pos >= MAX_LENGTH_BYTES) throw invalidAnswer('a frame has an invalid length');
    if (pos >= bytes.length) return undefined;
    const byte = bytes[pos]!;
    length += (byte & 0x7f) * 2 ** (7 * pos);
    pos++;
    if (byte < 0x80) break;
  }
  if (length > maxBytes) {
    throw invalidAnswer(`a frame has ${length} bytes; the limit is ${maxBytes}`);
  }
  const start = pos + CHECKSUM_BYTES;
  if (start > bytes.length) return undefined;
  const checksum = new DataView(bytes.buffer, bytes.byteOffset + pos, CHECKSUM_BYTES).getUint32(0);
  return { checksum, start, end: start + length };
}
