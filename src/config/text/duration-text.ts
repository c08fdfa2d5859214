// Durations as configuration files and flags write them: Prometheus' form, and Go's, which promxy reads.

import { parseDuration, PromfedError } from '../../model/index.js';

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

/** What Go's int64 of nanoseconds holds, in milliseconds. */
const MAX_MS = 9_223_372_036_854;

/**
 * Parses `10s`, `1d`, `1h30m` (Prometheus) or `1.5s`, `200us` (Go, as promxy's own keys and flags are read) to
 * milliseconds, which may be fractional. `0` needs no unit.
 *
 * Source: prometheus/common, model/time.go; Go, time.ParseDuration.
 *
 * @throws PromfedError `bad_data` that quotes the text.
 */
export function parseDurationText(text: string): number {
  if (text.length <= 100 && GO_DURATION.test(text)) {
    let ms = 0;
    for (const [, amount, unit] of text.matchAll(GO_PART)) ms += Number(amount) * GO_UNITS_MS[unit!]!;
    if (ms > MAX_MS) throw new PromfedError('bad_data', 'duration out of range');
    // Nanoseconds are the finest unit there is; anything beyond is floating-point dust.
    return Math.round(ms * 1e6) / 1e6;
  }
  if (text.startsWith('-')) throw new PromfedError('bad_data', 'a duration must not be negative');
  if (/^[1-9][0-9]*$/.test(text) && text.length <= 20) {
    throw new PromfedError('bad_data', `the duration ${text} has no unit: write ${text}s for seconds`);
  }
  return parseDuration(text.slice(0, 100));
}

/** As parseDurationText, but undefined for what is not a duration. */
export function tryDurationText(text: string): number | undefined {
  try {
    return parseDurationText(text);
  } catch (error) {
    if (error instanceof PromfedError) return undefined;
    throw error;
  }
}
