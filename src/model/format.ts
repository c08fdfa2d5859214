// Numbers as text: floats and timestamps as the Prometheus HTTP API prints them.

/**
 * A float as the HTTP API prints it: shortest digits, exponents of at least two digits outside 1e-6 … 1e21,
 * `+Inf`, `-Inf`, `NaN`, `-0`.
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
 * Milliseconds as the HTTP API prints a timestamp in seconds: an integer when whole, else three decimals.
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

/** Parses a float as the HTTP API prints it; `undefined` when it is none. */
export function tryParseFloat(text: string): number | undefined {
  switch (text) {
    case '+Inf':
    case 'Inf':
      return Infinity;
    case '-Inf':
      return -Infinity;
    case 'NaN':
      return NaN;
    case '':
      return undefined;
    default: {
      const value = Number(text);
      return Number.isNaN(value) || text.trim() !== text ? undefined : value;
    }
  }
}
