// Snappy's block format, with a limit on the decoded size that a block declares.

import { BinaryReader } from '@bufbuild/protobuf/wire';
import { compressSync, uncompress } from 'snappy';

import { invalidAnswer } from '../../json/index.js';
import { PromfedError } from '../../model/index.js';
import { UNCOUNTED_MEMORY, type MemoryAccount } from '../../runtime/index.js';

export function encodeSnappy(content: Uint8Array): Buffer {
  return compressSync(Buffer.from(content));
}

/**
 * Decodes a block into a new buffer.
 *
 * @param maxBytes limit of the decoded size; checked before anything is allocated.
 * @param memory account for the decoded bytes.
 * @throws PromfedError `upstream` when the block is invalid or too large; what `memory` throws.
 */
export async function decodeSnappy(
  block: Uint8Array,
  maxBytes: number,
  memory: MemoryAccount = UNCOUNTED_MEMORY,
): Promise<Buffer> {
  const length = decodedLength(block);
  if (length > maxBytes) {
    throw new PromfedError('upstream', `response too large: ${length} bytes; the limit is ${maxBytes}`);
  }
  // An element decodes to at most 64 bytes for each of its own bytes. A block that declares more is invalid.
  if (length > block.length * 64) throw malformed();
  memory.reserve('remote read', length);
  try {
    return (await uncompress(Buffer.from(block), { asBuffer: true })) as Buffer;
  } catch (thrown) {
    throw malformed(thrown);
  }
}

/** Reads the varint at the beginning of a block. Source: google/snappy, format_description.txt. */
function decodedLength(block: Uint8Array): number {
  try {
    return new BinaryReader(block).uint32();
  } catch (thrown) {
    throw malformed(thrown);
  }
}

function malformed(cause?: unknown): PromfedError {
  return invalidAnswer('malformed snappy block', { cause });
}
