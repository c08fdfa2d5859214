// Text forms of floats as Go prints them, where Prometheus does not use the form of the HTTP API.

import { formatFloat } from '../../model/index.js';

/** Returns the text of NaN, infinities and zeros; undefined for other values. */
function trySpecial(value: number): string | undefined {
  return Number.isFinite(value) && value !== 0 ? undefined : formatFloat(value);
}

/**
 * Prints the shortest digits without an exponent, as `FormatFloat(v, 'f', -1, 64)` does. Used for the label of
 * count_values.
 */
export function formatPlain(value: number): string {
  const named = trySpecial(value);
  if (named !== undefined) return named;
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
 * Prints the shortest digits as `%g` does: below 1e-4 and from 1e6 on with an exponent of at least two digits. Used in
 * messages.
 */
export function formatShort(value: number): string {
  const named = trySpecial(value);
  if (named !== undefined) return named;
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

/** Prints six decimals as `%f` does. Used in messages. */
export function formatFixed(value: number): string {
  const named = trySpecial(value);
  if (named !== undefined && value !== 0) return named;
  return value.toFixed(6);
}
