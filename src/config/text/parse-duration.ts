// Durations in configuration files and flags: in Prometheus' notation, or in Go's, which promxy reads.

import { MAX_DURATION_MS, parseDuration, PromfedError } from '../../model/index.js';

const GO_UNITS_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const GO_DURATION = /^(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
const GO_PART = /([0-9]*\.?[0-9]*)(ns|us|µs|μs|ms|s|m|h)/g;

/** Longest text that is read. Longer ones are cut, also in the error. */
const MAX_LENGTH = 100;

/**
 * Parses `10s`, `1d`, `1h30m` (Prometheus) or `1.5s`, `200us`, `30m1h` (Go) to milliseconds, which may be fractional.
 * `0` needs no unit. The value is never negative.
 *
 * @throws PromfedError `bad_data` that quotes the text.
 */
export function parseConfigDuration(text: string): number {
  if (text.startsWith('-')) throw new PromfedError('bad_data', 'duration must not be negative');
  if (/^[1-9][0-9]{0,19}$/.test(text)) {
    throw new PromfedError('bad_data', `missing unit in duration "${text}"; write ${text}s for seconds`);
  }
  try {
    return parseDuration(text.slice(0, MAX_LENGTH));
  } catch (error) {
    const durationMs = tryParseGoDuration(text);
    if (durationMs === undefined) throw error;
    if (durationMs > MAX_DURATION_MS) throw new PromfedError('bad_data', 'duration out of range');
    return durationMs;
  }
}

/** Same as parseConfigDuration, but returns undefined for an invalid duration. */
export function tryParseConfigDuration(text: string): number | undefined {
  try {
    return parseConfigDuration(text);
  } catch (error) {
    if (error instanceof PromfedError) return undefined;
    throw error;
  }
}

/** Milliseconds, rounded to whole nanoseconds. Source: Go, time.ParseDuration. */
function tryParseGoDuration(text: string): number | undefined {
  if (text.length > MAX_LENGTH || !GO_DURATION.test(text)) return undefined;
  let durationMs = 0;
  for (const [, amount, unit] of text.matchAll(GO_PART)) durationMs += Number(amount) * GO_UNITS_MS[unit!]!;
  return Math.round(durationMs * 1e6) / 1e6;
}
