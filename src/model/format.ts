// Text form of floats and times in the Prometheus HTTP API.

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
