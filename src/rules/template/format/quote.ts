// Quoted strings and characters, as Go's strconv writes them.

/** Reports whether a character is printable. Source: Go, strconv (`IsPrint`). */
export function isPrintable(char: string): boolean {
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(char);
}

const ESCAPES = new Map([
  ['\x07', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
]);

function quoteWith(text: string, quote: '"' | "'", isAscii: boolean): string {
  let quoted = quote as string;
  for (const char of text) quoted += escapeChar(char, quote, isAscii);
  return quoted + quote;
}

function escapeChar(char: string, quote: string, isAscii: boolean): string {
  if (char === quote || char === '\\') return `\\${char}`;
  const code = char.codePointAt(0)!;
  if (code < 0x7f ? code >= 0x20 : !isAscii && isPrintable(char)) return char;
  const escape = ESCAPES.get(char);
  if (escape !== undefined) return escape;
  if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}

/** Quotes a string with double quotes. Source: Go, strconv (`Quote`, `QuoteToASCII`). */
export function quoteString(text: string, isAscii = false): string {
  return quoteWith(text, '"', isAscii);
}

/** Quotes a character with single quotes. Source: Go, strconv (`QuoteRune`). */
export function quoteRune(code: number, isAscii = false): string {
  const isValid = code >= 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  return quoteWith(isValid ? String.fromCodePoint(code) : '\ufffd', "'", isAscii);
}

/** Reports whether a string can stand between backquotes unchanged. Source: Go, strconv (`CanBackquote`). */
export function canBackquote(text: string): boolean {
  // eslint-disable-next-line no-control-regex
  return !/[\u0000-\u0008\u000a-\u001f`\u007f\ufeff\ufffd]/.test(text);
}

/** Prints a character as `U+0041 'A'`, as Go's `%#U` does. */
export function describeRune(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  const point = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return isPrintable(char) ? `${point} '${char}'` : point;
}
