// Number and string literals in Go's notation, which PromQL shares.

const OCTAL = /^0[0-7_]+$/;
const INTEGER = /^[0-9_]+$/;
const HEXADECIMAL = /^0[xX][0-9a-fA-F_]+$/;
const FLOAT = /^[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]+)?$/;
const MAX_INT64 = 2n ** 63n - 1n;

/** A parsed number, or the reason why the text is not a number. */
export type NumberResult =
  { readonly value: number } | { readonly problem: 'invalid syntax' | 'value out of range' };

/**
 * Parses the text of a number token: decimal with fraction and exponent, hexadecimal (`0x1f`), octal (`017`), digits
 * separated by underscores, `Inf` and `NaN` in any letter case.
 *
 * Source: Prometheus, promql/parser/parse.go (`number`): a 64-bit integer in Go's notation where possible, otherwise
 * a float. Therefore `010` is 8, and `0.10` is 0.1.
 */
export function parseNumber(text: string): NumberResult {
  const lower = text.toLowerCase();
  if (lower === 'inf') return { value: Infinity };
  if (lower === 'nan') return { value: NaN };
  if (text.includes('_') && !hasValidUnderscores(text)) return { problem: 'invalid syntax' };
  const digits = text.replaceAll('_', '');
  if (HEXADECIMAL.test(text) && digits.length > 2) {
    const integer = BigInt(digits);
    // Larger numbers are not floats either: Go's hexadecimal floats require an exponent.
    return integer <= MAX_INT64 ? { value: Number(integer) } : { problem: 'invalid syntax' };
  }
  if (OCTAL.test(text)) {
    const integer = BigInt(`0o${digits}`);
    if (integer <= MAX_INT64) return { value: Number(integer) };
  }
  if (!INTEGER.test(text) && !FLOAT.test(text)) return { problem: 'invalid syntax' };
  if (!/^\.?[0-9]/.test(digits)) return { problem: 'invalid syntax' };
  const value = Number(digits);
  if (Number.isNaN(value)) return { problem: 'invalid syntax' };
  return Number.isFinite(value) ? { value } : { problem: 'value out of range' };
}

/** Underscores must separate two digits, or a prefix and a digit. Source: Go, strconv (`underscoreOK`). */
function hasValidUnderscores(text: string): boolean {
  return !/(?:^|[^0-9a-fA-FxX])_|_(?:[^0-9a-fA-F]|$)/.test(text);
}

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([^]))/y;

/** Added to a byte that is not part of a UTF-8 sequence. The sum is a lone surrogate, which valid text never has. */
const STRAY_BYTE = 0xdc00;

/**
 * Returns the value of a string token, whose escapes the lexer has validated. Bytes that are not valid UTF-8, which
 * escapes can produce, become lone surrogates from U+DC80 to U+DCFF. `quote` prints them as bytes again.
 *
 * Source: Prometheus, util/strutil (`Unquote`).
 */
export function unquote(token: string): string {
  const body = token.slice(1, -1);
  if (token.startsWith('`') || !body.includes('\\')) return body;
  const bytes: Buffer[] = [];
  let position = 0;
  while (position < body.length) {
    const escapeAt = body.indexOf('\\', position);
    if (escapeAt !== position) {
      const end = escapeAt === -1 ? body.length : escapeAt;
      bytes.push(Buffer.from(body.slice(position, end), 'utf8'));
      position = end;
      continue;
    }
    ESCAPE.lastIndex = position;
    const [escape, byte, short, long, octal, simple] = ESCAPE.exec(body)!;
    position += escape.length;
    if (byte !== undefined) bytes.push(Buffer.of(parseInt(byte, 16)));
    else if (octal !== undefined) bytes.push(Buffer.of(parseInt(octal, 8)));
    else if (simple !== undefined) bytes.push(Buffer.from(SIMPLE_ESCAPES[simple] ?? simple));
    else bytes.push(Buffer.from(String.fromCodePoint(parseInt(short ?? long!, 16)), 'utf8'));
  }
  return decodeWithStrayBytes(Buffer.concat(bytes));
}

function decodeWithStrayBytes(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  if (Buffer.from(text, 'utf8').equals(bytes)) return text;
  let decoded = '';
  for (let i = 0; i < bytes.length;) {
    const sequence = bytes.subarray(i, i + sequenceLength(bytes[i]!));
    const character = sequence.toString('utf8');
    if (Buffer.from(character, 'utf8').equals(sequence)) {
      decoded += character;
      i += sequence.length;
    } else {
      decoded += String.fromCharCode(STRAY_BYTE + bytes[i]!);
      i++;
    }
  }
  return decoded;
}

/** Returns the number of bytes of a UTF-8 sequence that starts with a byte. */
function sequenceLength(first: number): number {
  if (first < 0xe0) return first < 0xc0 ? 1 : 2;
  return first < 0xf0 ? 3 : 4;
}

const STRAY = /[\udc80-\udcff]/u;

/** Reports whether a text that `unquote` returned was valid UTF-8. */
export function isUtf8(text: string): boolean {
  return !STRAY.test(text);
}
