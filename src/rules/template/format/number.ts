// Integers and floats with a verb. Source: Go, fmt/format.go.

import { checkTextLength } from '../limits.js';
import { formatDecimal, splitFloat } from './decimal.js';
import type { Flags } from './flags.js';
import { quoteRune } from './quote.js';

const RADIX = new Map([
  ['d', 10],
  ['b', 2],
  ['o', 8],
  ['O', 8],
  ['x', 16],
  ['X', 16],
]);

/** Formats an integer; undefined when integers lack the verb. */
export function tryFormatInteger(value: bigint, verb: string, flags: Flags): string | undefined {
  const radix = RADIX.get(verb);
  if (radix !== undefined) return formatRadix(value, radix, verb, flags);
  switch (verb) {
    case 'c':
      return flags.pad(charOf(value));
    case 'q':
      return flags.pad(quoteRune(isRune(value) ? Number(value) : 0xfffd, flags.plus));
    case 'U':
      return formatUnicode(value, flags);
    default:
      return undefined;
  }
}

function isRune(value: bigint): boolean {
  return value >= 0n && value <= 0x10ffffn;
}

function charOf(value: bigint): string {
  const isValid = isRune(value) && !(value >= 0xd800n && value <= 0xdfffn);
  return isValid ? String.fromCodePoint(Number(value)) : '\ufffd';
}

function formatUnicode(value: bigint, flags: Flags): string {
  const unsigned = BigInt.asUintN(64, value);
  const digits = Math.max(flags.precision ?? 4, 4);
  checkTextLength(digits);
  const point = `U+${unsigned.toString(16).toUpperCase().padStart(digits, '0')}`;
  const char = charOf(value);
  const shown = flags.sharp && isRune(value) && quoteRune(Number(value)) === `'${char}'` ? ` '${char}'` : '';
  return flags.pad(point + shown, false);
}

function formatRadix(value: bigint, radix: number, verb: string, flags: Flags): string {
  const isNegative = value < 0n;
  let minDigits = 0;
  if (flags.precision !== undefined) {
    minDigits = flags.precision;
    if (minDigits === 0 && value === 0n) return ' '.repeat(flags.width ?? 0);
  } else if (flags.zero && !flags.minus && flags.width !== undefined) {
    minDigits = flags.width;
    if (isNegative || flags.plus || flags.space) minDigits--;
  }
  checkTextLength(minDigits);
  let digits = (isNegative ? -value : value).toString(radix).padStart(minDigits, '0');
  if (verb === 'X') digits = digits.toUpperCase();
  if (flags.sharp) {
    if (verb === 'b') digits = `0b${digits}`;
    else if (radix === 8 && !digits.startsWith('0')) digits = `0${digits}`;
    else if (radix === 16) digits = `0${verb}${digits}`;
  }
  if (verb === 'O') digits = `0o${digits}`;
  const sign = isNegative ? '-' : flags.plus ? '+' : flags.space ? ' ' : '';
  return flags.pad(sign + digits, false);
}

/** Formats a float; undefined when floats lack the verb. */
export function tryFormatFloat(value: number, verb: string, flags: Flags): string | undefined {
  switch (verb) {
    case 'v':
      return formatFloatWith(value, 'g', -1, flags);
    case 'e':
    case 'E':
    case 'f':
      return formatFloatWith(value, verb, 6, flags);
    case 'F':
      return formatFloatWith(value, 'f', 6, flags);
    case 'g':
    case 'G':
    case 'b':
    case 'x':
    case 'X':
      return formatFloatWith(value, verb, -1, flags);
    default:
      return undefined;
  }
}

function formatFloatWith(value: number, verb: string, defaultPrecision: number, flags: Flags): string {
  const precision = flags.precision ?? defaultPrecision;
  checkTextLength(precision);
  const text = printFloat(value, verb, precision);
  const isSigned = text.startsWith('-') || text.startsWith('+');
  let sign = isSigned ? text[0]! : '+';
  let digits = isSigned ? text.slice(1) : text;
  if (flags.space && sign === '+' && !flags.plus) sign = ' ';
  if (!Number.isFinite(value)) {
    const isBare = Number.isNaN(value) && !flags.space && !flags.plus;
    return flags.pad(isBare ? digits : sign + digits, false);
  }
  if (flags.sharp && verb !== 'b') digits = withTrailingZeros(digits, verb, precision);
  if (!flags.plus && sign === '+') return flags.pad(digits);
  const { width } = flags;
  if (flags.zero && !flags.minus && width !== undefined && width > 1 + digits.length) {
    checkTextLength(width);
    return sign + digits.padStart(width - 1, '0');
  }
  return flags.pad(sign + digits);
}

/** Adds the point and the zeros that `#` keeps. */
function withTrailingZeros(text: string, verb: string, precision: number): string {
  const isHexadecimal = verb === 'x' || verb === 'X';
  const [, head, tail] = (isHexadecimal ? /^([^pP]*)(.*)$/ : /^([^eE]*)(.*)$/).exec(text)!;
  let missing = 0;
  // Go adds no zeros to `%#X`.
  if (verb === 'x' || verb === 'g' || verb === 'G') {
    missing = precision === -1 ? 6 : precision;
    missing -= head!.replace('.', '').replace(/^0*/, '').length;
    if (head === '0') missing--;
  }
  return `${head!}${head!.includes('.') ? '' : '.'}${'0'.repeat(Math.max(missing, 0))}${tail!}`;
}

function printFloat(value: number, verb: string, precision: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value < 0 ? '-Inf' : '+Inf';
  switch (verb) {
    case 'E':
    case 'G':
      return formatDecimal(value, verb === 'E' ? 'e' : 'g', precision).toUpperCase();
    case 'b':
      return printBinary(value);
    case 'x':
      return printHexadecimal(value, precision);
    case 'X':
      return printHexadecimal(value, precision).toUpperCase();
    default:
      return formatDecimal(value, verb as 'e' | 'f' | 'g', precision);
  }
}

function printBinary(value: number): string {
  const { mantissa, exponent } = splitFloat(Math.abs(value));
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  return `${sign}${mantissa}p${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`;
}

/** Prints `0x1.8p+01`. Source: Go, strconv (`%x`). */
function printHexadecimal(value: number, precision: number): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  let mantissa = 0n;
  let exponent = 0;
  if (value !== 0) {
    ({ mantissa, exponent } = splitFloat(Math.abs(value)));
    // One bit before the point, 52 after it.
    while (mantissa < 1n << 52n) {
      mantissa <<= 1n;
      exponent--;
    }
    exponent += 52;
  }
  if (precision >= 0 && precision < 13) {
    const dropped = BigInt(4 * (13 - precision));
    const half = 1n << (dropped - 1n);
    const rest = mantissa & ((1n << dropped) - 1n);
    mantissa >>= dropped;
    if (rest > half || (rest === half && (mantissa & 1n) === 1n)) mantissa++;
    mantissa <<= dropped;
    if (mantissa >= 1n << 53n) {
      mantissa >>= 1n;
      exponent++;
    }
  }
  let fraction = (mantissa & ((1n << 52n) - 1n)).toString(16).padStart(13, '0');
  fraction =
    precision < 0 ? fraction.replace(/0+$/, '') : fraction.slice(0, precision).padEnd(precision, '0');
  const power = `${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  return `${sign}0x${(mantissa >> 52n).toString()}${fraction === '' ? '' : `.${fraction}`}p${power}`;
}
