// The window of a zstd frame: the memory that decoding it needs.

/** Size of the longest frame header, in bytes. */
export const MAX_ZSTD_HEADER_BYTES = 18;

const MAGIC = Buffer.from('28b52ffd', 'hex');

/** Sizes of the fields of a header by their flags, in bytes. The content size has one byte more in a single segment. */
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;

/**
 * Returns the size of the window of the frame that begins with `head`, in bytes. Undefined when the bytes are not the
 * beginning of a frame with data.
 *
 * Source: RFC 8878, 3.1.1.1.
 */
export function zstdWindowOf(head: Buffer): number | undefined {
  if (head.length <= MAGIC.length || !head.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const descriptor = head[MAGIC.length]!;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  let pos = MAGIC.length + 1;
  if (!isSingleSegment) {
    const window = head[pos];
    if (window === undefined) return undefined;
    const base = 2 ** (10 + (window >> 3));
    return base + (base / 8) * (window & 7);
  }
  // The window of a single segment is its content.
  pos += DICTIONARY_ID_BYTES[(descriptor & 3) as 0 | 1 | 2 | 3];
  const size = CONTENT_SIZE_BYTES[(descriptor >> 6) as 0 | 1 | 2 | 3] || 1;
  if (pos + size > head.length) return undefined;
  if (size === 8) return Number(head.readBigUInt64LE(pos));
  return head.readUIntLE(pos, size) + (size === 2 ? 256 : 0);
}
