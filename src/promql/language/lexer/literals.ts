// Numbers and strings as PromQL writes them, which is as Go writes them: read from text, and numbers back to it.

const OCTAL = /^0[0-7_]+$/;
const INTEGER = /^[0-9_]+$/;
const HEXADECIMAL = /^0[xX][0-9a-fA-F_]+$/;
const FLOAT = /^[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]+)?$/;
const MAX_INT64 = 2n ** 63n - 1n;

/** The number of a text, or why it is none. */
export type NumberResult =
  { readonly value: number } | { readonly problem: 'invalid syntax' | 'value out of range' };

/**
 * Reads the text of a number token: decimal with fraction and exponent, hexadecimal (`0x1f`), octal (`017`), digits
 * parted by underscores, Inf and NaN in any letter case.
 *
 * Source: Prometheus, promql/parser/parse.go (`number`): an integer of 64 bits in Go's notation if it is one,
 * else a float. So `010` is 8, and `0.10` is 0.1.
 */
export function parseNumber(text: string): NumberResult {
  const lower = text.toLowerCase();
  if (lower === 'inf') return { value: Infinity };
  if (lower === 'nan') return { value: NaN };
  if (text.includes('_') && !hasGoodUnderscores(text)) return { problem: 'invalid syntax' };
  const digits = text.replaceAll('_', '');
  if (HEXADECIMAL.test(text) && digits.length > 2) {
    const integer = BigInt(digits);
    // Go has no hexadecimal floats without an exponent, so that there is nothing beyond the integers.
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

/** Each underscore must part two digits, or a prefix from the first digit. Source: Go, strconv (`underscoreOK`). */
function hasGoodUnderscores(text: string): boolean {
  return !/(?:^|[^0-9a-fA-FxX])_|_(?:[^0-9a-fA-F]|$)/.test(text);
}

/**
 * A number as Prometheus prints it in a query: plain digits, never an exponent; `+Inf`, `-Inf`, `NaN`.
 *
 * Source: Go's `strconv.FormatFloat(v, 'f', -1, 64)`.
 */
export function printNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  if (Object.is(value, -0)) return '-0';
  const text = String(value);
  const e = text.indexOf('e');
  if (e === -1) return text;
  const sign = value < 0 ? '-' : '';
  const [whole = '', fraction = ''] = text.slice(sign.length, e).split('.');
  const exponent = Number(text.slice(e + 1));
  return exponent < 0
    ? `${sign}0.${'0'.repeat(-exponent - 1)}${whole}${fraction}`
    : `${sign}${whole}${fraction}${'0'.repeat(exponent - fraction.length)}`;
}

/** A number as Go's `%v` prints a float: the shortest digits, with an exponent below 1e-4 and from 1e21 on. */
export function printShortNumber(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || size === 0 || (size >= 1e-4 && size < 1e21)) return printNumber(value);
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  return `${mantissa}e${exponent.slice(0, 1)}${exponent.slice(1).padStart(2, '0')}`;
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

/** Stands for a byte from 0x80 on that is no part of a UTF-8 sequence, the byte added to it: no text has such halves. */
const STRAY_BYTE = 0xdc00;

/**
 * The text of a string token, quotes and all, without quotes and escapes. Escapes can spell bytes that are not UTF-8,
 * which no string of JavaScript can hold: each such byte becomes a lone surrogate, U+DC80 to U+DCFF, that `quote`
 * writes as the byte again.
 *
 * The lexer has checked that every escape is a good one. Source: Prometheus, util/strutil (`Unquote`).
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
  return decodeLoosely(Buffer.concat(bytes));
}

function decodeLoosely(bytes: Buffer): string {
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

/** How many bytes a sequence has that begins with the byte. */
function sequenceLength(first: number): number {
  if (first < 0xe0) return first < 0xc0 ? 1 : 2;
  return first < 0xf0 ? 3 : 4;
}

const STRAY = /[\udc80-\udcff]/u;

/** Whether an unquoted text is UTF-8. */
export function isUtf8(text: string): boolean {
  return !STRAY.test(text);
}
