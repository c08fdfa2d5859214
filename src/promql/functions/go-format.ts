// Floats as Go's strconv prints them where Prometheus does not use the API's own form.

function special(value: number): string | undefined {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  return undefined;
}

/** Shortest digits and never an exponent, as `FormatFloat(v, 'f', -1, 64)`: what count_values writes in its label. */
export function formatPlain(value: number): string {
  const named = special(value);
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

/** As `%g`: shortest digits, an exponent of at least two digits below 1e-4 and from 1e6 on. Used in messages. */
export function formatShort(value: number): string {
  const named = special(value);
  if (named !== undefined) return named;
  const [mantissa, exponentText] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 6) return String(value);
  const sign = exponent < 0 ? '-' : '+';
  return `${mantissa!}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** As OpenMetrics has its floats: as `formatShort`, but never without a point or an exponent. */
export function formatOpenMetrics(value: number): string {
  if (value === 0) return '0.0';
  const text = formatShort(value);
  return Number.isFinite(value) && !/[.e]/.test(text) ? `${text}.0` : text;
}

/** As `%f`: six decimals. Used in messages. */
export function formatFixed(value: number): string {
  const named = special(value);
  if (named !== undefined && value !== 0) return named;
  return value.toFixed(6);
}
