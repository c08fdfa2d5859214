// Prometheus durations such as `5m`, `1h30m` or `1d`: parsed to milliseconds, and printed from them.

import { PromfedError } from './errors.js';

/** Units and their milliseconds, largest first. A year has 365 days. */
const UNITS = [
  ['y', 365 * 24 * 3_600_000],
  ['w', 7 * 24 * 3_600_000],
  ['d', 24 * 3_600_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

/** Capture groups are in the order of UNITS. */
const DURATION =
  /^(?:([0-9]+)y)?(?:([0-9]+)w)?(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?(?:([0-9]+)ms)?$/;

/** The longest duration of Go in seconds: 2^63 nanoseconds, about 292 years. */
export const MAX_DURATION_S = 2 ** 63 / 1e9;

/** The longest duration in whole milliseconds. */
export const MAX_DURATION_MS = Math.floor(MAX_DURATION_S * 1000);

/**
 * Parses a Prometheus duration. Returns whole milliseconds. `0` needs no unit.
 *
 * Source: prometheus/common, model/time.go (`ParseDuration`).
 *
 * @throws PromfedError `bad_data`, with Prometheus' text, for an invalid or too long duration.
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
 * Prints milliseconds as Prometheus prints a duration: largest units first. Years and weeks are used only when the
 * rest is a multiple of them. Zero is `0s`; a negative duration has one leading minus.
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
