// Numbers for people. Source: Prometheus, template/template.go; prometheus/common, helpers/templates.

import { parseGoFloat } from '../language/float.js';
import { formatDecimal } from '../format/decimal.js';
import { quoteString } from '../format/quote.js';
import { inUnits } from '../values/duration.js';
import { typeName, type Value } from '../values/value.js';
import { CallError } from './function.js';

const LARGE = ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'] as const;
const LARGE_BINARY = ['ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'Zi', 'Yi'] as const;
const SMALL = ['m', 'u', 'n', 'p', 'f', 'a', 'z', 'y'] as const;

/** Converts a number, the text of one, or a duration to a float. */
export function toFloat(value: Value): number {
  if (value.kind === 'float') return value.value;
  if (value.kind === 'string' && value.type === 'string') return parseFloatOrThrow(value.value);
  if (value.kind === 'int') {
    const { type } = value;
    if (type === 'int' || type === 'int64' || type === 'uint64') return Number(value.value);
    if (type === 'time.Duration') return inUnits(value.value, 1_000_000_000n);
  }
  const isNil = value.kind === 'invalid' || value.kind === 'nil';
  throw new CallError(`can't convert ${isNil ? '<nil>' : typeName(value)} to float`);
}

function parseFloatOrThrow(text: string): number {
  const value = parseGoFloat(text, { overflow: true });
  const prefix = `strconv.ParseFloat: parsing ${quoteString(text)}`;
  if (value === undefined) throw new CallError(`${prefix}: invalid syntax`);
  if (!Number.isFinite(value) && /[0-9]/.test(text)) throw new CallError(`${prefix}: value out of range`);
  return value;
}

/** Prints a float like `%.4g`. */
export function fourDigits(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value < 0 ? '-Inf' : '+Inf';
  return formatDecimal(value, 'g', 4);
}

function scaled(
  value: number,
  prefixes: readonly string[],
  step: (value: number) => number | undefined,
): string {
  let prefix = '';
  let rest = value;
  for (const next of prefixes) {
    const stepped = step(rest);
    if (stepped === undefined) break;
    prefix = next;
    rest = stepped;
  }
  return fourDigits(rest) + prefix;
}

const shrink =
  (base: number) =>
  (value: number): number | undefined =>
    Math.abs(value) < base ? undefined : value / base;

const grow = (value: number): number | undefined => (Math.abs(value) >= 1 ? undefined : value * 1000);

export function humanize(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return fourDigits(value);
  return Math.abs(value) >= 1 ? scaled(value, LARGE, shrink(1000)) : scaled(value, SMALL, grow);
}

export function humanize1024(value: number): string {
  if (Math.abs(value) <= 1 || !Number.isFinite(value)) return fourDigits(value);
  return scaled(value, LARGE_BINARY, shrink(1024));
}

export function humanizePercentage(value: number): string {
  return `${fourDigits(value * 100)}%`;
}

const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);

/** Converts a float to int64 as amd64 does: every value out of range becomes the smallest one. */
export function toInt64(value: number): bigint {
  if (!Number.isFinite(value)) return MIN_INT64;
  const truncated = BigInt(Math.trunc(value));
  return truncated > MAX_INT64 || truncated < MIN_INT64 ? MIN_INT64 : truncated;
}

/** @param value seconds. */
export function humanizeDuration(value: number): string {
  if (!Number.isFinite(value)) return fourDigits(value);
  if (value === 0) return `${fourDigits(value)}s`;
  if (Math.abs(value) < 1) return `${scaled(value, SMALL, grow)}s`;
  const sign = value < 0 ? '-' : '';
  const total = toInt64(Math.abs(value));
  const seconds = total % 60n;
  const minutes = (total / 60n) % 60n;
  const hours = (total / 3600n) % 24n;
  const days = total / 86_400n;
  if (days !== 0n) return `${sign}${days}d ${hours}h ${minutes}m ${seconds}s`;
  if (hours !== 0n) return `${sign}${hours}h ${minutes}m ${seconds}s`;
  if (minutes !== 0n) return `${sign}${minutes}m ${seconds}s`;
  return `${sign}${fourDigits(Math.abs(value))}s`;
}

/**
 * Converts seconds since the epoch to nanoseconds, truncated to milliseconds.
 *
 * @throws CallError for a time that int64 nanoseconds cannot represent.
 */
export function timeOf(seconds: number): bigint {
  if (!Number.isFinite(seconds)) throw new CallError('value is NaN or Inf');
  const ns = seconds * 1e9;
  if (ns > 2 ** 63 || ns < -(2 ** 63)) {
    const text = formatDecimal(seconds, 'g', -1);
    throw new CallError(`${text} cannot be represented as a nanoseconds timestamp since it overflows int64`);
  }
  return (toInt64(ns) / 1_000_000n) * 1_000_000n;
}
