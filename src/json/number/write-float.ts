// Writes floats as the HTTP API prints them, without creating strings.

import { formatFloat } from '../../model/index.js';
import { DOT, MINUS, ZERO } from '../byte.js';
import { EXACT_POWERS, MAX_POWER, POWER_STRIDE, POWERS, SPLITTER } from './powers-of-ten.js';
import { FOUR_DIGITS, writeInteger } from './write-integer.js';

/** Upper bound on the bytes that `writeFloat` touches. */
export const MAX_FLOAT_BYTES = 32;

/** The smallest number that is printed without an exponent. */
const MIN_FAST = 1e-6;
/** Exclusive: from this number on, 17 digits are not the product with an exact power of ten. */
const MAX_FAST = 1e16;
const MAX_INT32 = 2 ** 31 - 1;
/** Numbers with up to this many decimals, and up to 15 digits in total, are found by one division. */
const FEW_DECIMALS = 4;
const FEW_DECIMALS_UNIT = 10 ** FEW_DECIMALS;
const MAX_FEW_DIGITS = 1e15;
/** The 17 digits of a double are computed in two parts: the last 8 digits, and the 9 before them. */
const LOW_UNIT = 1e8;
const HIGH_UNIT = 1e9;
/** Bound on the rounding error of a distance that is computed from numbers below 128, by a large margin. */
const MAX_DISTANCE_ERROR = 1e-9;

/** A double and its two halves. */
const double = Float64Array.of(1);
const halves = new Uint32Array(double.buffer);
/** Index of the half with the exponent, which depends on the machine's byte order. */
const HIGH = halves[1] === 0 ? 0 : 1;
const LOW = 1 - HIGH;

/** The binary exponent of `MIN_FAST`, where the tables below start. */
const MIN_EXPONENT = -20;
/** The decimal exponent of 2^e, for each binary exponent e below `MAX_FAST`. */
const DECADES = Int8Array.from({ length: 74 }, (_, i) => decadeOf(2 ** (i + MIN_EXPONENT)));
/** The power of ten above each of those. */
const NEXT_DECADES = Float64Array.from(DECADES, (decade) => Number(`1e${decade + 1}`));

function decadeOf(value: number): number {
  return Number(value.toExponential().split('e')[1]);
}

/**
 * Writes the text that `formatFloat` returns for `value`, and returns the index after it. Up to `MAX_FLOAT_BYTES` from
 * `pos` on may be overwritten.
 *
 * @param view the memory of `bytes`.
 */
export function writeFloat(bytes: Uint8Array, view: DataView, pos: number, value: number): number {
  const start = pos;
  let abs = value;
  if (value < 0) {
    abs = -value;
    bytes[pos++] = MINUS;
  }
  if (!(abs >= MIN_FAST && abs < MAX_FAST)) return writeText(bytes, start, value);
  if (abs <= MAX_INT32 && abs === (abs | 0)) return writeInteger(view, pos, abs | 0);
  // A decimal of up to 15 digits is the shortest one of its double: no two such decimals round to the same double.
  const units = Math.floor(abs * FEW_DECIMALS_UNIT + 0.5);
  if (units < MAX_FEW_DIGITS && units / FEW_DECIMALS_UNIT === abs)
    return writeDecimals(bytes, view, pos, units);
  const end = writeShortest(bytes, view, pos, abs);
  return end < 0 ? writeText(bytes, start, value) : end;
}

/** Writes any float. */
function writeText(bytes: Uint8Array, pos: number, value: number): number {
  if (Object.is(value, 0)) {
    bytes[pos] = ZERO;
    return pos + 1;
  }
  const text = formatFloat(value);
  for (let i = 0; i < text.length; i++) bytes[pos + i] = text.charCodeAt(i);
  return pos + text.length;
}

/** Writes `units` / 10⁴. */
function writeDecimals(bytes: Uint8Array, view: DataView, pos: number, units: number): number {
  const integer = Math.floor(units / FEW_DECIMALS_UNIT);
  const decimals = units - integer * FEW_DECIMALS_UNIT;
  pos = writeInteger(view, pos, integer);
  if (decimals === 0) return pos;
  bytes[pos++] = DOT;
  view.setInt32(pos, FOUR_DIGITS[decimals]!, true);
  pos += FEW_DECIMALS;
  while (bytes[pos - 1] === ZERO) pos--;
  return pos;
}

/**
 * Writes the shortest decimal that rounds to `value`, and of several the nearest one. Returns −1 when rounding errors
 * leave the choice open.
 *
 * `value` · 10^p, with p such that 17 digits stand before the point, is an exact sum of two doubles (Dekker). `halfUlp`,
 * half a unit in the last place of `value` times 10^p, is an exact double in [0.5, 11.2]: every decimal within that
 * distance rounds to `value`. At most one multiple of 100 is that near, which is then the shortest decimal, at most three
 * multiples of 10, and always an integer.
 */
function writeShortest(bytes: Uint8Array, view: DataView, pos: number, value: number): number {
  double[0] = value;
  const highHalf = halves[HIGH]!;
  const exponent = (highHalf >>> 20) - 1023;
  const isPowerOfTwo = (highHalf & 0xfffff) === 0 && halves[LOW] === 0;
  let decade = DECADES[exponent - MIN_EXPONENT]!;
  if (value >= NEXT_DECADES[exponent - MIN_EXPONENT]!) decade++;
  const power = EXACT_POWERS[16 - decade]!;
  const entry = (16 - decade + MAX_POWER) * POWER_STRIDE;
  const product = value * power;
  const spread = SPLITTER * value;
  const top = spread - (spread - value);
  const bottom = value - top;
  const powerTop = POWERS[entry + 2]!;
  const powerBottom = POWERS[entry + 3]!;
  const rest = top * powerTop - product + top * powerBottom + bottom * powerTop + bottom * powerBottom;
  // 2^(exponent − 53)
  halves[LOW] = 0;
  halves[HIGH] = (exponent - 53 + 1023) << 20;
  const halfUlp = double[0] * power;

  // The product is an integer below 2⁵³ times a power of two, hence exact, and so is the difference.
  let high = Math.floor(product / LOW_UNIT);
  let low = product - high * LOW_UNIT;
  if (low < 0) {
    high--;
    low += LOW_UNIT;
  } else if (low >= LOW_UNIT) {
    high++;
    low -= LOW_UNIT;
  }
  const lastTwo = (low | 0) % 100;
  const nearest = roundLastTwo(lastTwo + rest, halfUlp, isPowerOfTwo);
  if (Number.isNaN(nearest)) return -1;
  low = (low | 0) - lastTwo + nearest;
  if (low >= LOW_UNIT) {
    low -= LOW_UNIT;
    high++;
    if (high === HIGH_UNIT) {
      high = LOW_UNIT;
      decade++;
    }
  } else if (low < 0) {
    low += LOW_UNIT;
    high--;
  }
  return writeDigits(bytes, view, pos, high, low, decade);
}

/**
 * Returns the multiple of 100 nearest to `last`, the last two of 17 digits with their fraction, if it is within
 * `halfUlp`; else the multiple of 10, else the integer. Returns NaN when rounding errors leave the choice open.
 *
 * @param isPowerOfTwo true when the next double below is only half as far away, so that `halfUlp` does not apply to it.
 */
function roundLastTwo(last: number, halfUlp: number, isPowerOfTwo: boolean): number {
  const hundred = last < 50 ? 0 : 100;
  const distance = Math.abs(last - hundred);
  if (isPowerOfTwo) return distance > MAX_DISTANCE_ERROR ? NaN : hundred;
  if (Math.abs(distance - halfUlp) < MAX_DISTANCE_ERROR) return NaN;
  if (distance <= halfUlp) return hundred;
  const ten = Math.floor(last / 10 + 0.5) * 10;
  const tenDistance = Math.abs(last - ten);
  if (Math.abs(tenDistance - halfUlp) < MAX_DISTANCE_ERROR) return NaN;
  if (tenDistance < halfUlp) return tenDistance > 5 - MAX_DISTANCE_ERROR ? NaN : ten;
  const one = Math.floor(last + 0.5);
  return Math.abs(last - one) > 0.5 - MAX_DISTANCE_ERROR ? NaN : one;
}

/** Writes (`high` · 10⁸ + `low`) · 10^(decade − 16), which has 17 digits, without trailing zeros. */
function writeDigits(
  bytes: Uint8Array,
  view: DataView,
  pos: number,
  high: number,
  low: number,
  decade: number,
): number {
  if (decade < 0) {
    bytes[pos++] = ZERO;
    bytes[pos++] = DOT;
    for (let i = decade; i < -1; i++) bytes[pos++] = ZERO;
  }
  // One byte is left free for the point.
  const digits = decade < 0 ? pos : pos + 1;
  const first = (high / LOW_UNIT) | 0;
  const highRest = high - first * LOW_UNIT;
  const second = (highRest / 1e4) | 0;
  bytes[digits] = ZERO + first;
  view.setInt32(digits + 1, FOUR_DIGITS[second]!, true);
  view.setInt32(digits + 5, FOUR_DIGITS[highRest - second * 1e4]!, true);
  let end = digits + 9;
  if (low !== 0) {
    const third = (low / 1e4) | 0;
    view.setInt32(digits + 9, FOUR_DIGITS[third]!, true);
    view.setInt32(digits + 13, FOUR_DIGITS[low - third * 1e4]!, true);
    end = digits + 17;
  } else if (decade > 8) {
    // The integer part has more digits than `high`.
    bytes.fill(ZERO, end, digits + 17);
    end = digits + 17;
  }
  const integerEnd = digits + Math.max(decade, 0) + 1;
  while (end > integerEnd && bytes[end - 1] === ZERO) end--;
  if (decade < 0) return end;
  for (let i = pos; i <= pos + decade; i++) bytes[i] = bytes[i + 1]!;
  if (end === integerEnd) return end - 1;
  bytes[pos + decade + 1] = DOT;
  return end;
}
