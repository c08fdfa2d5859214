// Prometheus' durations. Source: prometheus/common, model/time.go (`ParseDurationAllowNegative`).

import { parseDuration, PromfedError } from '../../../model/index.js';
import { quoteString } from '../format/quote.js';
import { CallError } from './function.js';

/** Units from the largest to the smallest one. */
const UNITS = ['y', 'w', 'd', 'h', 'm', 's', 'ms'];

/** Parses a duration, which may be negative, to seconds. */
export function durationSeconds(text: string): number {
  const isNegative = text.startsWith('-');
  const magnitude = isNegative ? text.slice(1) : text;
  try {
    // The quotient of nanoseconds, as in Go, may differ from `ms / 1000` in the last bit.
    const seconds = (parseDuration(magnitude) * 1e6) / 1e9;
    return isNegative && seconds !== 0 ? -seconds : seconds;
  } catch (error) {
    if (!(error instanceof PromfedError)) throw error;
    const unit = tryUnknownUnit(magnitude);
    throw new CallError(
      unit === undefined
        ? error.message
        : `unknown unit ${quoteString(unit)} in duration ${quoteString(magnitude)}`,
    );
  }
}

/** Returns the first unknown unit; undefined when another error comes first. */
function tryUnknownUnit(text: string): string | undefined {
  const part = /([0-9]+)([^0-9]+)/y;
  let last = -1;
  for (let match = part.exec(text); match !== null; match = part.exec(text)) {
    const unit = match[2]!;
    const position = UNITS.indexOf(unit);
    if (position === -1) return unit;
    if (position <= last) return undefined;
    last = position;
  }
  return undefined;
}
