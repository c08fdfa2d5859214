// Quoted strings and characters in Go's notation, for error messages and printed expressions.

const ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
};

/** Go's `strconv.IsPrint`: letters, marks, numbers, punctuation, symbols and the ASCII space. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** ASCII text that needs no escapes in double quotes. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** Quotes a string as Go's `%q` and `strconv.Quote` do. All PromQL parsers accept the result. */
export function quote(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  let quoted = '"';
  for (const character of text) quoted += escape(character, '"');
  return `${quoted}"`;
}

/** Quotes a character as Go's `%q` quotes a rune. `undefined`, the end of the text, is quoted as U+FFFD. */
export function quoteRune(character: string | undefined): string {
  return `'${escape(character ?? '\ufffd', "'")}'`;
}

/** Prints a character as Go's `%#U` prints a rune: `U+0021 '!'`. */
export function formatRune(character: string): string {
  const name = `U+${hex(character.codePointAt(0)!, 4).toUpperCase()}`;
  return PRINTABLE.test(character) ? `${name} '${character}'` : name;
}

function escape(character: string, delimiter: string): string {
  if (character === delimiter) return `\\${delimiter}`;
  const short = ESCAPES[character];
  if (short !== undefined) return short;
  if (PRINTABLE.test(character)) return character;
  const code = character.codePointAt(0)!;
  // A byte that is not UTF-8, encoded by `unquote`.
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${hex(code - 0xdc00, 2)}`;
  // A lone surrogate, which Go would have decoded to U+FFFD.
  if (code >= 0xd800 && code <= 0xdfff) return '\ufffd';
  if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`;
  return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
