// Maps a character of a decoded YAML string to its place in the file.

import type { Scalar } from 'yaml';

const SPACE = /\s/;

/** Number of hexadecimal digits after the letter of an escape. */
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/**
 * Returns the offset in `text` of the character at `offset` of the scalar's value, both in UTF-16 units. Line folding,
 * indentation, quotes and escapes are followed by counting the characters that are not white space: these are the same
 * in both texts, in the same order. The end of the value is the offset after its last character.
 */
export function sourceOffset(text: string, scalar: Scalar, offset: number): number {
  const value = String(scalar.value);
  const [start, end] = scalar.range ?? [0, 0, 0];
  let toSkip = 0;
  for (const char of value.slice(0, offset)) if (!SPACE.test(char)) toSkip++;

  let i = contentStart(text, scalar, start, end);
  let lastEnd = i;
  while (i < end) {
    const [length, isSpace] = nextCharacter(text, i, scalar.type);
    if (!isSpace) {
      if (toSkip === 0) return i;
      toSkip--;
      lastEnd = i + length;
    }
    i += length;
  }
  return lastEnd;
}

/** Start of the first character of the value, after quotes and the header of a block. */
function contentStart(text: string, { type }: Scalar, start: number, end: number): number {
  if (type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE') return start + 1;
  if (type !== 'BLOCK_LITERAL' && type !== 'BLOCK_FOLDED') return start;
  const newline = text.indexOf('\n', start);
  return newline < 0 ? end : newline + 1;
}

/** Length in the file of the character at `i`, and true when its value is white space. */
function nextCharacter(text: string, i: number, type: Scalar['type']): [length: number, isSpace: boolean] {
  const char = String.fromCodePoint(text.codePointAt(i)!);
  if (type === 'QUOTE_SINGLE' && char === "'") return [2, false];
  if (type !== 'QUOTE_DOUBLE' || char !== '\\') return [char.length, SPACE.test(char)];
  const escape = text[i + 1] ?? '';
  const digits = HEX_DIGITS[escape];
  if (digits === undefined) return [2, /[\stnrvfLP_]/.test(escape)];
  const escaped = Number.parseInt(text.slice(i + 2, i + 2 + digits), 16);
  return [2 + digits, SPACE.test(String.fromCodePoint(Math.min(escaped, 0x10_ffff)))];
}
