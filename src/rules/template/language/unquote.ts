// String and character literals. Source: Go, strconv (`Unquote`, `UnquoteChar`).

const SIMPLE = new Map([
  ['a', 0x07],
  ['b', 0x08],
  ['f', 0x0c],
  ['n', 0x0a],
  ['r', 0x0d],
  ['t', 0x09],
  ['v', 0x0b],
  ['\\', 0x5c],
]);

const HEX_DIGITS = new Map([
  ['x', 2],
  ['u', 4],
  ['U', 8],
]);

/**
 * Returns the content of a literal with double quotes or backquotes; undefined when it is invalid. Bytes that are not
 * valid UTF-8 become U+FFFD.
 */
export function tryUnquote(literal: string): string | undefined {
  const content = literal.slice(1, -1);
  if (literal.startsWith('`')) return content.replaceAll('\r', '');
  if (!content.includes('\\')) return content;
  const bytes: Buffer[] = [];
  for (let i = 0; i < content.length;) {
    const next = content.indexOf('\\', i);
    const end = next === -1 ? content.length : next;
    if (end > i) bytes.push(Buffer.from(content.slice(i, end)));
    if (next === -1) break;
    const escape = tryEscape(content, end, '"');
    if (escape === undefined) return undefined;
    bytes.push(escape.isByte ? Buffer.of(escape.code) : Buffer.from(String.fromCodePoint(escape.code)));
    i = escape.end;
  }
  return Buffer.concat(bytes).toString('utf8');
}

/**
 * Returns the code point at the start of a character literal with single quotes; undefined when it is invalid.
 * `isWhole` is true when the literal has no further characters.
 */
export function tryUnquoteChar(
  literal: string,
): { readonly code: number; readonly isWhole: boolean } | undefined {
  const content = literal.slice(1, -1);
  if (content.startsWith('\\')) {
    const escape = tryEscape(content, 0, "'");
    return escape === undefined ? undefined : { code: escape.code, isWhole: escape.end === content.length };
  }
  const code = content.codePointAt(0);
  if (code === undefined) return undefined;
  return { code, isWhole: String.fromCodePoint(code).length === content.length };
}

interface Escape {
  readonly code: number;
  /** True for `\x` and octal escapes: the code is a byte of UTF-8. */
  readonly isByte: boolean;
  /** Position after the escape. */
  readonly end: number;
}

function tryEscape(text: string, at: number, quote: string): Escape | undefined {
  const letter = text[at + 1] ?? '';
  const simple = letter === quote ? quote.charCodeAt(0) : SIMPLE.get(letter);
  if (simple !== undefined) return { code: simple, isByte: false, end: at + 2 };
  const digits = HEX_DIGITS.get(letter);
  if (digits !== undefined) {
    const hex = text.slice(at + 2, at + 2 + digits);
    if (hex.length < digits || !/^[0-9a-fA-F]+$/.test(hex)) return undefined;
    const code = parseInt(hex, 16);
    if (digits > 2 && (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))) return undefined;
    return { code, isByte: digits === 2, end: at + 2 + digits };
  }
  const octal = /^[0-3][0-7]{2}/.exec(text.slice(at + 1, at + 4));
  return octal === null ? undefined : { code: parseInt(octal[0], 8), isByte: true, end: at + 4 };
}
