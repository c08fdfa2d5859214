// Times in configuration files and flags: timestamps, and durations before or after now.

import { parseConfigDuration } from './parse-duration.js';

const TIMESTAMP =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:[Tt]|[ \t]+)(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9}))?[ \t]*(Z|z|[+-]\d{1,2}(?::\d{2})?)?)?$/;

/**
 * Parses a YAML timestamp to milliseconds since the epoch, fractions kept. A date without a time is midnight, a time
 * without a zone is UTC. Returns undefined when the text is not a timestamp.
 *
 * Source: the timestamps that Go's yaml package accepts.
 */
export function tryParseYamlTimestamp(text: string): number | undefined {
  const parts = TIMESTAMP.exec(text.trim());
  if (parts === null) return undefined;
  const [year, month, day, hour, minute, second] = parts
    .slice(1, 7)
    .map((part: string | undefined) => Number(part ?? 0)) as [number, number, number, number, number, number];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const isDate = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!isDate || hour > 23 || minute > 59 || second > 59) return undefined;
  const fractionMs = Number(`0.${parts[7] ?? '0'}`) * 1000;
  const zone = /^([+-])(\d{1,2})(?::(\d{2}))?$/.exec(parts[8] ?? '');
  const zoneMinutes =
    zone === null ? 0 : Number(`${zone[1]!}1`) * (Number(zone[2]) * 60 + Number(zone[3] ?? 0));
  return date.getTime() + (hour * 60 + minute - zoneMinutes) * 60_000 + second * 1000 + fractionMs;
}

/** Go's zero time, 0001-01-01T00:00:00Z, which promxy treats as unset. */
export const GO_ZERO_TIME_MS = -62_135_596_800_000;

/**
 * Parses a duration with an optional sign: `-72h` is negative.
 *
 * @throws PromfedError `bad_data` that quotes the text.
 */
export function parseSignedDuration(text: string): number {
  const trimmed = text.trim();
  if (trimmed.startsWith('-')) return 0 - parseConfigDuration(trimmed.slice(1));
  return parseConfigDuration(trimmed.startsWith('+') ? trimmed.slice(1) : trimmed);
}
