// Times as the HTTP API receives them.

import { Instant } from './instant.js';
import { tryParseFloat } from './parse-float.js';

/** The earliest and the latest time of a Prometheus client, in the form in which it sends them: `all time`. */
const BOUNDARIES: ReadonlyMap<string, Instant> = new Map([
  ['-292273086-05-16T16:47:06Z', new Instant(-9_223_309_901_257_974n, 0n)],
  ['292277025-08-18T07:12:54.999999999Z', new Instant(9_223_309_901_257_974n, 999_999_999n)],
]);

/** Groups: year, month, day, hour, minute, second, digits of the fraction, sign, hours and minutes of the offset. */
const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{1,2}):(\d{2}):(\d{2})(?:[.,](\d+))?(?:Z|([+-])(\d{2}):(\d{2}))$/;

/**
 * Parses a time: seconds since the epoch, RFC 3339 or one of the boundaries. Returns undefined for any other text.
 *
 * Source: Prometheus, web/api/v1/api.go (`parseTime`).
 */
export function tryParseInstant(text: string): Instant | undefined {
  const seconds = tryParseFloat(text);
  return seconds === undefined ? (tryParseRfc3339(text) ?? BOUNDARIES.get(text)) : Instant.ofSeconds(seconds);
}

/**
 * Parses a time of the configuration or the command line, in the syntax of the API, to whole milliseconds since the
 * epoch. Returns undefined for an invalid time and for one that a JavaScript `Date` cannot represent.
 */
export function tryParseTime(text: string): number | undefined {
  const seconds = tryParseFloat(text);
  if (seconds !== undefined && !(Math.abs(seconds) <= 8.64e12)) return undefined;
  return tryParseInstant(text)?.unixMs;
}

/**
 * Accepts hours of one digit and a comma before the fraction, and offsets up to 24:60, as Go does. Digits after the
 * ninth of a fraction are ignored.
 *
 * Source: Go, time (`Parse`).
 */
function tryParseRfc3339(text: string): Instant | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const [offsetHours, offsetMinutes] = [Number(match[9] ?? 0), Number(match[10] ?? 0)];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59 || offsetHours > 24 || offsetMinutes > 60) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const offsetS = (offsetHours * 3600 + offsetMinutes * 60) * (match[8] === '-' ? -1 : 1);
  const seconds = date.getTime() / 1000 + hour * 3600 + minute * 60 + second - offsetS;
  return new Instant(BigInt(seconds), BigInt((match[7] ?? '').slice(0, 9).padEnd(9, '0')));
}

function daysIn(year: number, month: number): number {
  const lastDay = new Date(0);
  lastDay.setUTCFullYear(year, month, 0);
  return lastDay.getUTCDate();
}
