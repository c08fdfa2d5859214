// Text forms of floats that Prometheus uses outside of the HTTP API, as Go prints them.

import { formatFloat } from '../../model/index.js';

/** Returns the text of NaN, an infinity or a zero; undefined for other values. */
function trySpecial(value: number): string | undefined {
  return Number.isFinite(value) && value !== 0 ? undefined : formatFloat(value);
}

/**
 * Prints the shortest digits without an exponent, as `FormatFloat(v, 'f', -1, 64)` does. Used for numbers in expressions
 * and for the label of count_values.
 */
export function formatPlain(value: number): string {
  const special = trySpecial(value);
  if (special !== undefined) return special;
  const text = String(value);
  const e = text.indexOf('e');
  if (e < 0) return text;
  const sign = text.startsWith('-') ? '-' : '';
  const digits = text.slice(sign.length, e).replace('.', '');
  const point = Number(text.slice(e + 1)) + 1;
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return `${sign}${digits.padEnd(point, '0')}`;
}

/**
 * Prints the shortest digits as `%g` and `%v` do: magnitudes below 1e-4 and from 1e6 on have an exponent of at least two
 * digits. Used in messages and for fill values in expressions.
 */
export function formatShort(value: number): string {
  const special = trySpecial(value);
  if (special !== undefined) return special;
  const [mantissa, exponentText] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 6) return String(value);
  const sign = exponent < 0 ? '-' : '+';
  return `${mantissa!}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** Prints a float as OpenMetrics does: as `formatShort`, but always with a point or an exponent. */
export function formatOpenMetrics(value: number): string {
  if (value === 0) return '0.0';
  const text = formatShort(value);
  return Number.isFinite(value) && !/[.e]/.test(text) ? `${text}.0` : text;
}

/** Prints six decimals as `%f` does. Used in error texts. */
export function formatFixed(value: number): string {
  if (!Number.isFinite(value)) return formatFloat(value);
  if (Object.is(value, -0)) return '-0.000000';
  // From 1e21 on `toFixed` prints an exponent; these values are integers.
  return Math.abs(value) < 1e21 ? value.toFixed(6) : `${BigInt(value)}.000000`;
}
