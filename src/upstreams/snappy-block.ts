// Snappy's block format: packing without compression, and unpacking what others compressed.

import { PromfedError } from '../model/index.js';

const MAX_LITERAL_BYTES = 1 << 16;

/**
 * The content as one block of literals, which every reader of the format takes. What is packed here is short.
 *
 * Source: google/snappy, format_description.txt.
 */
export function packSnappy(content: Uint8Array): Buffer {
  const parts: Uint8Array[] = [lengthOf(content.length)];
  for (let at = 0; at < content.length; at += MAX_LITERAL_BYTES) {
    const literal = content.subarray(at, at + MAX_LITERAL_BYTES);
    const last = literal.length - 1;
    // A literal whose length stands in the two bytes behind its tag.
    parts.push(Uint8Array.of(61 << 2, last & 0xff, last >>> 8), literal);
  }
  return Buffer.concat(parts);
}

function lengthOf(length: number): Uint8Array {
  const bytes: number[] = [];
  let rest = length;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Uint8Array.from([...bytes, rest]);
}

/**
 * Unpacks a block. The result is new.
 *
 * @param maxBytes what the content may be at most; checked before anything is allocated.
 * @throws PromfedError `upstream` when the block is none, is cut, or holds more. Source: as for `packSnappy`.
 */
export function unpackSnappy(block: Uint8Array, maxBytes: number): Buffer {
  let at = 0;
  let length = 0;
  for (let shift = 1; ; shift *= 128) {
    const byte = block[at++];
    if (byte === undefined || at > 5) throw broken();
    length += (byte & 0x7f) * shift;
    if (byte < 0x80) break;
  }
  if (length > maxBytes) {
    throw new PromfedError(
      'upstream',
      `the answer is too large: ${length} bytes where ${maxBytes} are taken`,
    );
  }
  // No element makes more than 64 bytes of less than two.
  if (length > block.length * 64) throw broken();
  const content = Buffer.allocUnsafe(length);
  let end = 0;
  while (at < block.length) {
    const tag = block[at++]!;
    if ((tag & 3) === 0) {
      const extra = Math.max(0, (tag >>> 2) - 59);
      const size = (extra === 0 ? tag >>> 2 : littleEndian(block, at, extra)) + 1;
      at += extra;
      if (size > block.length - at || size > length - end) throw broken();
      content.set(block.subarray(at, at + size), end);
      at += size;
      end += size;
      continue;
    }
    const short = (tag & 3) === 1;
    const extra = short ? 1 : (tag & 3) === 2 ? 2 : 4;
    const size = short ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    const offset = littleEndian(block, at, extra) + (short ? (tag >>> 5) * 256 : 0);
    at += extra;
    if (offset === 0 || offset > end || size > length - end) throw broken();
    if (offset >= size) content.copyWithin(end, end - offset, end - offset + size);
    // A copy of what it is itself writing repeats it.
    else for (let i = 0; i < size; i++) content[end + i] = content[end - offset + i]!;
    end += size;
  }
  if (end !== length) throw broken();
  return content;
}

function littleEndian(block: Uint8Array, at: number, count: number): number {
  if (at + count > block.length) throw broken();
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = value * 256 + block[at + i]!;
  return value;
}

function broken(): PromfedError {
  return new PromfedError('upstream', 'the answer is not a valid snappy block');
}
