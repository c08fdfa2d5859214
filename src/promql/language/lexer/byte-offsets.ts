/**
 * Returns the UTF-8 byte offset of each UTF-16 code unit, followed by the length in bytes, or `undefined` for ASCII
 * text, where both offsets are equal.
 */
export function byteOffsets(text: string): Uint32Array | undefined {
  if (!/[\u0080-\uffff]/.test(text)) return undefined;
  const offsets = new Uint32Array(text.length + 1);
  let bytes = 0;
  for (let i = 0; i < text.length;) {
    const code = text.codePointAt(i)!;
    offsets[i] = bytes;
    if (code > 0xffff) {
      offsets[i + 1] = bytes;
      i += 2;
      bytes += 4;
    } else {
      i += 1;
      bytes += code > 0x7ff ? 3 : code > 0x7f ? 2 : 1;
    }
  }
  offsets[text.length] = bytes;
  return offsets;
}
