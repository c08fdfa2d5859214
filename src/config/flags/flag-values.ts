// The values of flags, parsed: each function throws a PromfedError `bad_data` that says what is wrong.

import { PromfedError, tryNearest } from '../../model/index.js';
import { parseExternalUrl } from '../text/addresses.js';
import { parseDurationText } from '../text/duration-text.js';
import { quote } from '../file/formats.js';

export type LogLevelFlag = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

const LEVELS: Readonly<Record<string, LogLevelFlag>> = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  fatal: 'fatal',
  panic: 'fatal',
};

export function featuresOf<Feature extends string>(
  values: readonly string[],
  known: readonly Feature[],
  problems: string[],
): Set<Feature> {
  const features = new Set<Feature>();
  for (const text of values.flatMap((value) => value.split(','))) {
    const written = text.trim();
    const feature = known.find((candidate) => candidate === written);
    if (feature !== undefined) {
      features.add(feature);
    } else if (written === '') {
      problems.push('--enable-feature: the name of a feature is empty');
    } else {
      const nearest = tryNearest(written, known);
      const hint =
        nearest === undefined ? `; there are ${known.join(', ')}` : `; did you mean ${quote(nearest)}?`;
      problems.push(`--enable-feature: unknown feature ${quote(written)}${hint}`);
    }
  }
  return features;
}

export function parsePath(text: string): string {
  if (text === '') throw new PromfedError('bad_data', 'the path is empty');
  if (text.includes('\0')) throw new PromfedError('bad_data', 'a path must not contain a NUL character');
  return text;
}

export function parseLevel(text: string): LogLevelFlag {
  const name = text.toLowerCase();
  const level = Object.hasOwn(LEVELS, name) ? LEVELS[name] : undefined;
  if (level !== undefined) return level;
  const levels = [...new Set(Object.values(LEVELS))].join(', ');
  throw new PromfedError('bad_data', `${quote(text)} is not a log level; there are ${levels}`);
}

export function parseFormat(text: string): 'text' | 'json' {
  if (text === 'text' || text === 'json') return text;
  throw new PromfedError('bad_data', `${quote(text)} is not a log format; there are text and json`);
}

export function parseOnOff(text: string): boolean {
  if (text === 'on' || text === 'off') return text === 'on';
  throw new PromfedError('bad_data', `${quote(text)} is neither on nor off`);
}

export function parseOptionalUrl(text: string): ReturnType<typeof parseExternalUrl> {
  return text === '' ? { url: undefined, path: '' } : parseExternalUrl(text);
}

/** What a timer of the runtime can hold: 2^31 − 1 milliseconds. */
const MAX_TIMEOUT_MS = 2_147_483_647;

export function parseTimeout(text: string): number {
  const ms = parsePositiveDuration(text);
  if (ms > MAX_TIMEOUT_MS) throw new PromfedError('bad_data', 'a timeout may be 24 days at most');
  return ms;
}

export function parsePositiveDuration(text: string): number {
  const ms = parseDurationText(text);
  if (ms > 0) return ms;
  throw new PromfedError('bad_data', 'the duration must be above zero');
}

export function parseCount(text: string): number {
  const count = /^[0-9]{1,16}$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new PromfedError('bad_data', `${quote(text)} is not a whole number above zero`);
}

/** An amount of memory: in bytes, or as a part of what there is, above 0 and at most 1. */
export interface MemoryFlag {
  readonly unit: 'bytes' | 'share';
  readonly value: number;
}

/** Powers of 1024, as Prometheus takes `512MB`; `MiB` says the same. */
const MEMORY_UNITS = ['', 'K', 'M', 'G', 'T'];

/** Source: Prometheus, which reads sizes by alecthomas/units (`ParseBase2Bytes`); a percentage is ours. */
export function parseMemory(text: string): MemoryFlag {
  const match = /^([0-9]{1,15}(?:\.[0-9]{1,6})?)(%|([KMGT]?)i?B)?$/i.exec(text.trim());
  const amount = Number(match?.[1] ?? NaN);
  if (match?.[2] === '%') {
    if (amount > 0 && amount <= 100) return { unit: 'share', value: amount / 100 };
    throw new PromfedError('bad_data', `${quote(text)} is not a percentage above 0 and up to 100`);
  }
  const bytes = Math.floor(amount * 1024 ** MEMORY_UNITS.indexOf((match?.[3] ?? '').toUpperCase()));
  if (bytes > 0 && Number.isSafeInteger(bytes)) return { unit: 'bytes', value: bytes };
  throw new PromfedError('bad_data', `${quote(text)} is not an amount of memory such as 512MB, 2GiB or 60%`);
}

/** 0 and less are no limit. */
export function parseConcurrency(text: string): number | undefined {
  const count = /^-?[0-9]{1,9}$/.test(text) ? Number(text) : NaN;
  if (Number.isNaN(count)) throw new PromfedError('bad_data', `${quote(text)} is not a whole number`);
  return count > 0 ? count : undefined;
}

/** More processes than any machine has cores for are a mistake. */
const MAX_WORKERS = 1024;

export function parseWorkers(text: string): number {
  const count = parseCount(text);
  if (count <= MAX_WORKERS) return count;
  throw new PromfedError('bad_data', `there may be ${MAX_WORKERS} workers at most`);
}
