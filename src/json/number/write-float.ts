// Writes floats as the HTTP API prints them, without making a string of any.

import { formatFloat } from '../../model/index.js';
import { DOT, MINUS, ZERO } from '../byte.js';
import { EXACT_POWERS, MAX_POWER, POWER_STRIDE, POWERS, SPLITTER } from './powers-of-ten.js';
import { FOUR_DIGITS, writeInteger } from './write-integer.js';

/** `writeFloat` touches at most so many bytes. */
export const MAX_FLOAT_BYTES = 32;

/** Smaller numbers have exponents. */
const MIN_USUAL = 1e-6;
/** From here on, 17 digits are no longer of a product with an exact power of ten. */
const MAX_USUAL = 1e16;
const MAX_INT32 = 2 ** 31 - 1;
/** Numbers with at most so many decimals, and at most 15 digits with them, are told by one division. */
const FEW_DECIMALS = 4;
const FEW_DECIMALS_UNIT = 10 ** FEW_DECIMALS;
const MAX_FEW_DIGITS = 1e15;
/** Digits of the double's 17 that stand in the low part, and those in the high one. */
const LOW_UNIT = 1e8;
const HIGH_UNIT = 1e9;
/** Far more than what rounding can make of a distance that is computed from numbers below 128. */
const DOUBT = 1e-9;

/** A double and its bits, in two halves. */
const double = Float64Array.of(1);
const halves = new Uint32Array(double.buffer);
/** Where the half with the exponent is: the machine's order of bytes decides. */
const HIGH = halves[1] === 0 ? 0 : 1;
const LOW = 1 - HIGH;

/** For the exponent of two of each usual number: the decimal exponent of the least such number… */
const MIN_EXPONENT = -20;
const DECADES = Int8Array.from({ length: 74 }, (_, i) => decadeOf(2 ** (i + MIN_EXPONENT)));
/** … and the power of ten above it. */
const NEXT_DECADES = Float64Array.from(DECADES, (decade) => Number(`1e${decade + 1}`));

function decadeOf(value: number): number {
  return Number(value.toExponential().split('e')[1]);
}

/**
 * Writes what `formatFloat` makes of `value`; returns the index behind it. The bytes must have room for
 * `MAX_FLOAT_BYTES` from `pos` on, and may be overwritten so far.
 *
 * @param bytes and `view` are of the same memory.
 */
export function writeFloat(bytes: Uint8Array, view: DataView, pos: number, value: number): number {
  const start = pos;
  let abs = value;
  if (value < 0) {
    abs = -value;
    bytes[pos++] = MINUS;
  }
  if (!(abs >= MIN_USUAL && abs < MAX_USUAL)) return writeText(bytes, start, value);
  if (abs <= MAX_INT32 && abs === (abs | 0)) return writeInteger(view, pos, abs | 0);
  // A decimal of up to 15 digits is the shortest of its double: no two such decimals are of one double.
  const units = Math.floor(abs * FEW_DECIMALS_UNIT + 0.5);
  if (units < MAX_FEW_DIGITS && units / FEW_DECIMALS_UNIT === abs)
    return writeDecimals(bytes, view, pos, units);
  const end = writeShortest(bytes, view, pos, abs);
  return end < 0 ? writeText(bytes, start, value) : end;
}

/** Any float. */
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
  const whole = Math.floor(units / FEW_DECIMALS_UNIT);
  const decimals = units - whole * FEW_DECIMALS_UNIT;
  pos = writeInteger(view, pos, whole);
  if (decimals === 0) return pos;
  bytes[pos++] = DOT;
  view.setInt32(pos, FOUR_DIGITS[decimals]!, true);
  pos += FEW_DECIMALS;
  while (bytes[pos - 1] === ZERO) pos--;
  return pos;
}

/**
 * The shortest decimal that is nearer to `value` than to any other double, and of those the one nearest to it; −1 where
 * rounding leaves a doubt.
 *
 * `value` · 10^p, with p such that 17 digits stand before the point, is an exact sum of two doubles (Dekker), and half
 * a unit in the last place of `value`, times 10^p, an exact double: at least 0.5, at most 11.2. So among what reads back
 * as `value` there is at most one multiple of 100, which then is shorter than all others, at most three multiples of
 * 10, and an integer at all times. What is no such multiple exactly is told from the bounds and from the middle between
 * two by comparisons that hold in spite of rounding, or else not at all.
 */
function writeShortest(bytes: Uint8Array, view: DataView, pos: number, value: number): number {
  double[0] = value;
  const highHalf = halves[HIGH]!;
  const exponent = (highHalf >>> 20) - 1023;
  // Below a power of two the next double is only half as far away.
  const isPower = (highHalf & 0xfffff) === 0 && halves[LOW] === 0;
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
  const reach = double[0] * power;

  // A product of integers below 2⁵³ but for a power of two, hence exact, and so is the difference.
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
  const last = lastTwo + rest;
  let nearest = last < 50 ? 0 : 100;
  let distance = Math.abs(last - nearest);
  if (isPower ? distance > DOUBT : Math.abs(distance - reach) < DOUBT) return -1;
  if (distance > reach) {
    nearest = Math.floor(last / 10 + 0.5) * 10;
    distance = Math.abs(last - nearest);
    if (Math.abs(distance - reach) < DOUBT) return -1;
    if (distance < reach) {
      if (distance > 5 - DOUBT) return -1;
    } else {
      nearest = Math.floor(last + 0.5);
      distance = Math.abs(last - nearest);
      if (distance > 0.5 - DOUBT) return -1;
    }
  }
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

/** Writes (`high` · 10⁸ + `low`) · 10^(decade − 16), which has 17 digits, without zeros at the end. */
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
  // A place is left for the point.
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
    // The integer goes on.
    bytes.fill(ZERO, end, digits + 17);
    end = digits + 17;
  }
  const least = digits + Math.max(decade, 0) + 1;
  while (end > least && bytes[end - 1] === ZERO) end--;
  if (decade < 0) return end;
  for (let i = pos; i <= pos + decade; i++) bytes[i] = bytes[i + 1]!;
  if (end === least) return end - 1;
  bytes[pos + decade + 1] = DOT;
  return end;
}
