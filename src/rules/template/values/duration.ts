// Go's durations. Source: Go, time (`Duration.String`, `Duration.Seconds`).

/** Prints a duration in nanoseconds: `1h2m3.5s`, `1.5ms`, `0s`. */
export function durationText(ns: bigint): string {
  if (ns === 0n) return '0s';
  const sign = ns < 0n ? '-' : '';
  const abs = ns < 0n ? -ns : ns;
  if (abs < 1_000n) return `${sign}${abs}ns`;
  if (abs < 1_000_000n) return `${sign}${decimals(abs, 3)}µs`;
  if (abs < 1_000_000_000n) return `${sign}${decimals(abs, 6)}ms`;
  const minutes = abs / 60_000_000_000n;
  const seconds = `${decimals(abs % 60_000_000_000n, 9)}s`;
  if (minutes === 0n) return sign + seconds;
  const hours = minutes / 60n;
  return hours === 0n ? `${sign}${minutes}m${seconds}` : `${sign}${hours}h${minutes % 60n}m${seconds}`;
}

/** Prints `value / 10^digits` without trailing zeros. */
function decimals(value: bigint, digits: number): string {
  const text = value.toString().padStart(digits + 1, '0');
  const fraction = text.slice(-digits).replace(/0+$/, '');
  return text.slice(0, -digits) + (fraction === '' ? '' : `.${fraction}`);
}

/**
 * Returns a duration in units. Go divides the whole units and the rest apart, which may differ from one division in the
 * last bit.
 */
export function inUnits(ns: bigint, unit: bigint): number {
  return Number(ns / unit) + Number(ns % unit) / Number(unit);
}
