// Snappy's block format, bounded: a block says how long its content is, and that is believed only within a limit.

import { BinaryReader } from '@bufbuild/protobuf/wire';
import { compressSync, uncompress } from 'snappy';

import { PromfedError } from '../../model/index.js';
import { UNCOUNTED_MEMORY, type MemoryAccount } from '../../runtime/index.js';

export function packSnappy(content: Uint8Array): Buffer {
  return compressSync(Buffer.from(content));
}

/**
 * Unpacks a block. The result is new.
 *
 * @param maxBytes what the content may be at most; checked before anything is allocated.
 * @param memory the content is taken from it.
 * @throws PromfedError `upstream` when the block is none, is cut, or holds more; what the memory throws.
 */
export async function unpackSnappy(
  block: Uint8Array,
  maxBytes: number,
  memory: MemoryAccount = UNCOUNTED_MEMORY,
): Promise<Buffer> {
  const length = contentLength(block);
  if (length > maxBytes) {
    throw new PromfedError(
      'upstream',
      `the answer is too large: ${length} bytes where ${maxBytes} are taken`,
    );
  }
  // No element makes more than 64 bytes of less than two: a length beyond that is a lie.
  if (length > block.length * 64) throw broken();
  memory.reserve('remote read', length);
  try {
    return (await uncompress(Buffer.from(block), { asBuffer: true })) as Buffer;
  } catch (thrown) {
    throw broken(thrown);
  }
}

/** The varint that a block begins with. Source: google/snappy, format_description.txt. */
function contentLength(block: Uint8Array): number {
  try {
    return new BinaryReader(block).uint32();
  } catch (thrown) {
    throw broken(thrown);
  }
}

function broken(cause?: unknown): PromfedError {
  return new PromfedError('upstream', 'the answer is not a valid snappy block', { cause });
}
