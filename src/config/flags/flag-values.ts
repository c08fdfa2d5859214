// Parsers of flag values. Each throws a PromfedError `bad_data`, worded to follow the name of the flag and a colon.

import { PromfedError, tryNearest } from '../../model/index.js';
import { parseExternalUrl, type ExternalUrl } from '../text/addresses.js';
import { parseConfigDuration } from '../text/parse-duration.js';
import { quote } from '../text/quote.js';

export type LogLevelFlag = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

const LOG_LEVELS: readonly LogLevelFlag[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

/** Other names that promxy accepts. Source: logrus, `ParseLevel`. */
const LOG_LEVEL_ALIASES: ReadonlyMap<string, LogLevelFlag> = new Map([
  ['warning', 'warn'],
  ['panic', 'fatal'],
]);

export function parseLogLevel(text: string): LogLevelFlag {
  const name = text.toLowerCase();
  const level = LOG_LEVEL_ALIASES.get(name) ?? LOG_LEVELS.find((candidate) => candidate === name);
  return level ?? rejectChoice(text, LOG_LEVELS);
}

/** A parser that accepts the given texts only. */
export function oneOf<const Choice extends string>(...choices: readonly Choice[]): (text: string) => Choice {
  return (text) => choices.find((choice) => choice === text) ?? rejectChoice(text, choices);
}

function rejectChoice(text: string, choices: readonly string[]): never {
  throw new PromfedError('bad_data', `must be one of ${choices.join(', ')}; got ${quote(text)}`);
}

/** Parses feature names separated by commas. Reports unknown names as problems. */
export function parseFeatures<Feature extends string>(
  values: readonly string[],
  known: readonly Feature[],
  problems: string[],
): Set<Feature> {
  const features = new Set<Feature>();
  for (const name of values.flatMap((value) => value.split(',')).map((text) => text.trim())) {
    const feature = known.find((candidate) => candidate === name);
    if (feature !== undefined) features.add(feature);
    else problems.push(`--enable-feature: ${unknownFeature(name, known)}`);
  }
  return features;
}

function unknownFeature(name: string, known: readonly string[]): string {
  if (name === '') return 'feature name must not be empty';
  const nearest = tryNearest(name, known);
  const hint =
    nearest === undefined ? `must be one of ${known.join(', ')}` : `did you mean ${quote(nearest)}?`;
  return `unknown feature ${quote(name)}; ${hint}`;
}

export function parsePath(text: string): string {
  if (text === '') throw new PromfedError('bad_data', 'path must not be empty');
  if (text.includes('\0')) throw new PromfedError('bad_data', 'path must not contain a NUL character');
  return text;
}

/** An empty text means that the URL is not set. */
export function parseOptionalUrl(text: string): ExternalUrl {
  return text === '' ? { url: undefined, path: '' } : parseExternalUrl(text);
}

/** Maximum delay of a Node.js timer, 2^31 − 1 ms: almost 25 days. */
const MAX_TIMEOUT_MS = 2_147_483_647;

export function parseTimeout(text: string): number {
  const durationMs = parsePositiveDuration(text);
  if (durationMs > MAX_TIMEOUT_MS) throw new PromfedError('bad_data', 'timeout must be at most 24d');
  return durationMs;
}

/** Whole milliseconds. Zero leaves no time. */
export function parseTimeoutOrZero(text: string): number {
  const durationMs = parseConfigDuration(text);
  return durationMs === 0 ? 0 : Math.ceil(parseTimeout(text));
}

/** Milliseconds, may be fractional. */
export function parsePositiveDuration(text: string): number {
  const durationMs = parseConfigDuration(text);
  if (durationMs > 0) return durationMs;
  throw new PromfedError('bad_data', 'duration must be greater than 0');
}

export function parseCount(text: string): number {
  const count = /^[0-9]{1,16}$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new PromfedError('bad_data', `must be a positive integer; got ${quote(text)}`);
}

/** An amount of memory: bytes, or a share of the available memory, greater than 0 and at most 1. */
export interface MemoryFlag {
  readonly unit: 'bytes' | 'share';
  readonly value: number;
}

/** Powers of 1024. `MB` and `MiB` are the same. */
const MEMORY_UNITS = ['', 'K', 'M', 'G', 'T'];

/**
 * Parses a size such as `512MB`, or a percentage.
 *
 * Source: Prometheus, whose flags use alecthomas/units (`ParseBase2Bytes`). The percentage is an addition.
 */
export function parseMemory(text: string): MemoryFlag {
  const match = /^([0-9]{1,15}(?:\.[0-9]{1,6})?)(%|([KMGT]?)i?B)?$/i.exec(text.trim());
  const amount = Number(match?.[1] ?? NaN);
  if (match?.[2] === '%') {
    if (amount > 0 && amount <= 100) return { unit: 'share', value: amount / 100 };
    throw new PromfedError(
      'bad_data',
      `percentage must be greater than 0% and at most 100%; got ${quote(text)}`,
    );
  }
  const bytes = Math.floor(amount * 1024 ** MEMORY_UNITS.indexOf((match?.[3] ?? '').toUpperCase()));
  if (bytes > 0 && Number.isSafeInteger(bytes)) return { unit: 'bytes', value: bytes };
  throw new PromfedError(
    'bad_data',
    `must be a size or a percentage, for example 512MB, 2GiB or 60%; got ${quote(text)}`,
  );
}

/** Undefined, which means no limit, for 0 and negative numbers. */
export function parseConcurrency(text: string): number | undefined {
  const count = /^-?[0-9]{1,9}$/.test(text) ? Number(text) : NaN;
  if (Number.isNaN(count)) throw new PromfedError('bad_data', `must be an integer; got ${quote(text)}`);
  return count > 0 ? count : undefined;
}

/** More processes than the cores of any machine. */
const MAX_WORKERS = 1024;

export function parseWorkers(text: string): number {
  const count = parseCount(text);
  if (count <= MAX_WORKERS) return count;
  throw new PromfedError('bad_data', `must be at most ${MAX_WORKERS}; got ${quote(text)}`);
}
