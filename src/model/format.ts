// Text form of floats and times in the Prometheus HTTP API: printing and parsing.

/**
 * Prints a float as the HTTP API does, with the fewest digits that identify it. Magnitudes below 1e-6 and from 1e21 on
 * have an exponent of at least two digits. Special values are `+Inf`, `-Inf`, `NaN` and `-0`.
 *
 * Source: Prometheus, util/jsonutil (`MarshalFloat`).
 */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const text = String(value);
  // JavaScript writes 1e-7 where Go writes 1e-07.
  return text.length > 3 && text.charCodeAt(text.length - 3) === 0x65 /* e */
    ? `${text.slice(0, -1)}0${text.slice(-1)}`
    : text;
}

/**
 * Prints a timestamp in seconds as the HTTP API does: without decimals when they are zero, else with three.
 *
 * @param timeMs whole milliseconds since the epoch.
 *
 * Source: Prometheus, util/jsonutil (`MarshalTimestamp`).
 */
export function formatTimestamp(timeMs: number): string {
  const sign = timeMs < 0 ? '-' : '';
  const abs = Math.abs(timeMs);
  const seconds = Math.floor(abs / 1000);
  const rest = abs - seconds * 1000;
  return rest === 0 ? `${sign}${seconds}` : `${sign}${seconds}.${String(rest).padStart(3, '0')}`;
}

/** Prints a float with an exponent of at least two digits, as Go's `FormatFloat(v, 'e', -1, 64)` does. */
export function formatExponent(value: number): string {
  if (!Number.isFinite(value)) return formatFloat(value);
  const [mantissa, exponent] = (Object.is(value, -0) ? '-0e+0' : value.toExponential()).split('e');
  return `${mantissa}e${exponent!.slice(0, 1)}${exponent!.slice(1).padStart(2, '0')}`;
}

/**
 * Prints a time in UTC without trailing zeros, as Go prints RFC 3339 with fractions of a second.
 *
 * @param ns whole nanoseconds after `timeMs`, less than a million.
 */
export function formatRfc3339(timeMs: number, ns = 0): string {
  const text = new Date(timeMs).toISOString().slice(0, -1);
  return `${text}${String(ns).padStart(6, '0')}Z`.replace(/\.?0*Z$/, 'Z');
}

const DECIMAL = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;

/**
 * Parses a decimal float, an infinity or NaN. Returns undefined for any other text, and for a number that overflows.
 *
 * Source: Go, strconv (`ParseFloat`), without hexadecimal floats.
 */
export function tryParseFloat(text: string): number | undefined {
  if (DECIMAL.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? value : undefined;
  }
  switch (text.toLowerCase()) {
    case '+inf':
    case 'inf':
    case '+infinity':
    case 'infinity':
      return Infinity;
    case '-inf':
    case '-infinity':
      return -Infinity;
    case 'nan':
      return NaN;
    default:
      return undefined;
  }
}

const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

/** Largest distance from the epoch that a JavaScript `Date` can represent. */
const MAX_TIME_MS = 8.64e15;

/**
 * Parses a time parameter of the HTTP API, seconds since the epoch or RFC 3339, to whole milliseconds since the epoch.
 * Returns undefined for an invalid time and for one that a JavaScript `Date` cannot represent.
 *
 * Source: Prometheus, web/api/v1/api.go (`parseTime`).
 */
export function tryParseTime(text: string): number | undefined {
  const seconds = tryParseFloat(text);
  const timeMs = seconds === undefined ? parseRfc3339(text) : Math.round(seconds * 1000);
  return Math.abs(timeMs) <= MAX_TIME_MS ? timeMs : undefined;
}

/** Returns milliseconds since the epoch; NaN when the text is not a valid date. */
function parseRfc3339(text: string): number {
  const match = RFC3339.exec(text);
  if (match === null) return NaN;
  const [year, month, day, hour] = match.slice(1).map(Number) as [number, number, number, number];
  const lastDay = new Date(0);
  lastDay.setUTCFullYear(year, month, 0);
  // Date.parse accepts February 30 as March 2, and hour 24 as the next day.
  return day > lastDay.getUTCDate() || hour > 23 ? NaN : Date.parse(text);
}
