// The bytes of JSON tokens.

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
export const QUOTE = 0x22;
export const PLUS = 0x2b;
export const COMMA = 0x2c;
export const MINUS = 0x2d;
export const DOT = 0x2e;
export const ZERO = 0x30;
export const NINE = 0x39;
export const COLON = 0x3a;
export const UPPER_E = 0x45;
export const UPPER_N = 0x4e;
export const OPEN_BRACKET = 0x5b;
export const BACKSLASH = 0x5c;
export const CLOSE_BRACKET = 0x5d;
export const LOWER_E = 0x65;
export const LOWER_F = 0x66;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;

/** Reports whether a byte is white space between JSON tokens. */
export function isSpace(byte: number): boolean {
  return byte === SPACE || byte === LF || byte === CR || byte === TAB;
}

/** Returns the first index in `[pos, end)` that does not hold white space, or `end`. */
export function skipSpace(bytes: Uint8Array, pos: number, end: number): number {
  while (pos < end && isSpace(bytes[pos]!)) pos++;
  return pos;
}

/** Reports whether `bytes` contain `expected` at `pos`, before `end`. */
export function holdsAt(bytes: Uint8Array, pos: number, end: number, expected: Uint8Array): boolean {
  const length = expected.length;
  if (end - pos < length) return false;
  for (let i = 0; i < length; i++) if (bytes[pos + i] !== expected[i]) return false;
  return true;
}
