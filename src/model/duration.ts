// Prometheus durations: `5m`, `1h30m`, `1d`. Parsed to and printed from milliseconds.

import { PromfedError } from './errors.js';

const UNITS = [
  ['y', 365 * 24 * 3_600_000],
  ['w', 7 * 24 * 3_600_000],
  ['d', 24 * 3_600_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

const DURATION =
  /^(?:([0-9]+)y)?(?:([0-9]+)w)?(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?(?:([0-9]+)ms)?$/;

/** The largest duration, as in Prometheus: 2^63−1 nanoseconds, about 292 years, in whole milliseconds. */
export const MAX_DURATION_MS = 9_223_372_036_854;

/**
 * Parses a Prometheus duration to milliseconds. `0` needs no unit.
 *
 * Source: prometheus/common, model/time.go (`ParseDuration`).
 *
 * @throws PromfedError `bad_data` with Prometheus' wording.
 */
export function parseDuration(text: string): number {
  if (text === '0') return 0;
  if (text === '') throw new PromfedError('bad_data', 'empty duration string');
  const match = DURATION.exec(text);
  if (match === null)
    throw new PromfedError('bad_data', `not a valid duration string: ${JSON.stringify(text)}`);
  let ms = 0;
  UNITS.forEach(([, unitMs], i) => {
    ms += Number(match[i + 1] ?? 0) * unitMs;
  });
  if (ms > MAX_DURATION_MS) throw new PromfedError('bad_data', 'duration out of range');
  return ms;
}

/**
 * Prints milliseconds as Prometheus prints a duration: the largest units first, weeks and years only when the whole
 * is a multiple of them; `0s` for zero. Negative durations carry one leading minus.
 *
 * Source: prometheus/common, model/time.go (`Duration.String`).
 */
export function printDuration(durationMs: number): string {
  if (durationMs === 0) return '0s';
  let rest = Math.abs(durationMs);
  let text = durationMs < 0 ? '-' : '';
  for (const [unit, unitMs] of UNITS) {
    const wholeOnly = unit === 'y' || unit === 'w';
    if (wholeOnly && rest % unitMs !== 0) continue;
    const amount = Math.floor(rest / unitMs);
    if (amount === 0) continue;
    text += `${amount}${unit}`;
    rest -= amount * unitMs;
  }
  return text;
}
