// The protobuf wire format, as far as remote write needs it.

/** A field with a length before its content: a message, a string, or packed numbers. */
export function lengthDelimited(field: number, content: Buffer): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(content.length), content]);
}

/** Base-128, least significant group first; for integers from 0 to 2^53. */
export function varint(value: number): Buffer {
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`not a time or a length: ${value}`);
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** A field of an integer from 0 to 2^53. */
export function integer(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

/** An integer that may be negative, for `sint32` and `sint64`. */
export function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

/** A field of a double. */
export function double(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8 + 1), doubles([value])]);
}

/** Doubles one after another, as they are packed. */
export function doubles(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8);
  values.forEach((value, i) => bytes.writeDoubleLE(value, i * 8));
  return bytes;
}
