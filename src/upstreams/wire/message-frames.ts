// Messages in a stream of frames: length, checksum, message. Source: Prometheus, storage/remote/chunked.go.

import { invalidAnswer } from '../../json/index.js';
import { type MemoryAccount, type Pacer, UNCOUNTED_MEMORY } from '../../runtime/index.js';
import { CHUNK_BYTES } from '../http/response-body.js';
import { crc32c } from './crc32c.js';

const CHECKSUM_BYTES = 4;
const MAX_LENGTH_BYTES = 10;

/** Number of bytes that enter a checksum between two checks of the pacer. */
const CHECKED_BYTES = 1 << 20;

/**
 * Yields the messages as their frames arrive, without empty ones. Up to one frame of the stream is buffered.
 *
 * @param maxBytes size limit of a message; checked when its length has arrived.
 * @param memory account for the bytes of an incomplete frame.
 * @throws PromfedError `upstream` when a frame is too large, incomplete or does not match its checksum; what the stream
 *   throws.
 */
export async function* readMessages(
  stream: AsyncIterable<Uint8Array>,
  maxBytes: number,
  pacer: Pacer,
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
      const held = 2 * chunk.length + CHUNK_BYTES;
      memory.reserve('remote read', held);
      heldBytes += held;
      continue;
    }
    const all = waiting.length === 1 ? waiting[0]! : Buffer.concat(waiting, bytes);
    let pos = 0;
    for (;;) {
      const frame = tryFrame(all, pos, maxBytes);
      needed = frame === undefined ? 0 : frame.end - pos;
      if (frame === undefined || frame.end > all.length) break;
      const message = all.subarray(frame.start, frame.end);
      const isSmall = message.length <= CHECKED_BYTES;
      const checksum = isSmall ? crc32c(message) : await checksumOf(message, pacer);
      if (checksum !== frame.checksum) throw invalidAnswer('a frame does not match its checksum');
      pos = frame.end;
      if (message.length > 0) yield message;
      else if (pacer.due) await pacer.pause();
    }
    const rest = all.subarray(pos);
    memory.release('remote read', heldBytes);
    heldBytes = 0;
    waiting = rest.length === 0 ? [] : [rest];
    bytes = rest.length;
  }
  if (bytes > 0) throw invalidAnswer('the stream ends within a frame');
}

async function checksumOf(message: Uint8Array, pacer: Pacer): Promise<number> {
  let checksum = 0;
  for (let from = 0; from < message.length; from += CHECKED_BYTES) {
    checksum = crc32c(message.subarray(from, from + CHECKED_BYTES), checksum);
    if (pacer.due) await pacer.pause();
  }
  return checksum;
}

interface Frame {
  readonly checksum: number;
  /** Range of the message. */
  readonly start: number;
  readonly end: number;
}

/** Returns the frame that begins at `from`; undefined when its length and checksum have not arrived. */
function tryFrame(bytes: Uint8Array, from: number, maxBytes: number): Frame | undefined {
  let length = 0;
  let pos = from;
  for (;;) {
    if (pos - from >= MAX_LENGTH_BYTES) throw invalidAnswer('a frame has an invalid length');
    if (pos >= bytes.length) return undefined;
    const byte = bytes[pos]!;
    length += (byte & 0x7f) * 2 ** (7 * (pos - from));
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
