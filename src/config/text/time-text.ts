// Times as configuration files write them: points in time, and durations before or after now.

import { parseDurationText } from './duration-text.js';

const TIMESTAMP =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:[Tt]|[ \t]+)(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,9}))?[ \t]*(Z|z|[+-]\d{1,2}(?::\d{2})?)?)?$/;

/**
 * Milliseconds since the epoch, fractions kept; undefined for what is not a point in time. A date alone is its
 * midnight, and a time without a zone is in UTC.
 *
 * Source: the YAML timestamps that Go's yaml package reads.
 */
export function tryTimestampMs(text: string): number | undefined {
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

/** What Go takes for "no time given". */
export const GO_ZERO_TIME_MS = -62_135_596_800_000;

/**
 * Milliseconds after now; negative for a time before now, as `-72h` is.
 *
 * @throws PromfedError `bad_data` that quotes the text.
 */
export function parseRelativeMs(text: string): number {
  const trimmed = text.trim();
  if (trimmed.startsWith('-')) return 0 - parseDurationText(trimmed.slice(1));
  return parseDurationText(trimmed.startsWith('+') ? trimmed.slice(1) : trimmed);
}
