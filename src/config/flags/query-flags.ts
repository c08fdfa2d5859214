// The flags of `promfed query` and `promfed explain`: what is asked, of whom, for which times, and how the answer is written.

import { PromfedError, tryParseFloat } from '../../model/index.js';
import { parseDurationText } from '../text/duration-text.js';
import type { FlagName } from './flag-table.js';
import { parsePositiveDuration, parseTimeout } from './flag-values.js';
import { quote } from '../file/formats.js';

/** A time, in milliseconds: since the epoch, or relative to now. */
export interface TimeFlag {
  readonly from: 'epoch' | 'now';
  readonly ms: number;
}

export type QueryTimes =
  | { readonly kind: 'instant'; readonly time: TimeFlag }
  | {
      readonly kind: 'range';
      /** Undefined for an hour before the end. */
      readonly start: TimeFlag | undefined;
      readonly end: TimeFlag;
      /** Whole milliseconds, above zero; undefined for one that gives about 250 points. */
      readonly stepMs: number | undefined;
    };

export type QueryOutput = 'table' | 'chart' | 'json' | 'text';

export interface QueryFlags {
  readonly expr: string;
  /** The API's base URL, without a slash at its end; undefined to ask the regions of the configuration. */
  readonly url: string | undefined;
  readonly times: QueryTimes;
  /** Undefined when it is not given. */
  readonly output: QueryOutput | undefined;
  readonly timeoutMs: number;
  /** Of `explain`, and undefined of `query`. */
  readonly explain: { readonly analyze: boolean } | undefined;
}

const NOW: TimeFlag = { from: 'now', ms: 0 };

/**
 * @param positionals `query` or `explain` first.
 * @param read parses the value of a flag; what is wrong with it becomes a problem, and the fallback its value.
 */
export function queryFlags(
  positionals: readonly string[],
  given: { has(name: FlagName): boolean },
  read: <T>(name: FlagName, parse: (text: string) => T, otherwise: T) => T,
  problems: string[],
): QueryFlags {
  const [command, expr, ...more] = positionals;
  const isExplain = command === 'explain';
  if (expr === undefined) {
    const name = isExplain ? 'explain' : 'query';
    problems.push(`promfed ${name} needs an expression, as in promfed ${name} 'sum(up)'`);
  }
  for (const text of more) {
    problems.push(`unexpected argument ${quote(text)}; is the expression in quotes?`);
  }
  if (given.has('url') && given.has('config')) problems.push('--url and --config exclude each other');

  const output = given.has('output')
    ? read('output', isExplain ? parseExplainOutput : parseOutput, undefined)
    : undefined;
  const rangeFlags = (['start', 'end', 'step'] as const).filter((name) => given.has(name));
  const isRange = rangeFlags.length > 0 || (output === 'chart' && !given.has('time'));
  if (given.has('time') && rangeFlags.length > 0) {
    problems.push(`--time is of an instant query, --${rangeFlags[0]!} of a range query`);
  } else if (given.has('time') && output === 'chart') {
    problems.push('--output=chart is for range queries, which have no --time');
  }
  const timeOf = (name: 'time' | 'start' | 'end'): TimeFlag => read(name, parseTime, NOW);
  const times: QueryTimes = isRange
    ? {
        kind: 'range',
        start: given.has('start') ? timeOf('start') : undefined,
        end: timeOf('end'),
        stepMs: given.has('step') ? read('step', parseStep, 1) : undefined,
      }
    : { kind: 'instant', time: timeOf('time') };
  return {
    expr: expr ?? '',
    url: given.has('url') ? read('url', parseApiUrl, undefined) : undefined,
    times,
    output,
    timeoutMs: Math.ceil(read('timeout', parseTimeout, 1)),
    explain: isExplain ? { analyze: read('analyze', (text) => text === 'true', false) } : undefined,
  };
}

function parseOutput(text: string): QueryOutput {
  if (text === 'table' || text === 'chart' || text === 'json') return text;
  throw new PromfedError('bad_data', `${quote(text)} is no output; there are table, chart and json`);
}

function parseExplainOutput(text: string): QueryOutput {
  if (text === 'text' || text === 'json') return text;
  throw new PromfedError(
    'bad_data',
    `${quote(text)} is no output of an explanation; there are text and json`,
  );
}

function parseApiUrl(text: string): string {
  const parsed = /^https?:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  // What stands before an @ may be a password.
  const shown = text.includes('@') ? 'this' : quote(text);
  if (parsed === undefined) {
    throw new PromfedError('bad_data', `${shown} is not a URL such as http://localhost:9090`);
  }
  if (parsed.search !== '' || parsed.hash !== '') {
    throw new PromfedError('bad_data', `${shown} must end with its path, without ? and #`);
  }
  return parsed.href.replace(/\/+$/, '');
}

const RFC3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/** What a Date of the runtime can hold. */
const MAX_TIME_MS = 8.64e15;

/** RFC 3339, seconds since the epoch, `now`, or a duration before or after now: `-1h`, `+5m`. */
function parseTime(text: string): TimeFlag {
  if (text === 'now') return NOW;
  const seconds = tryParseFloat(text);
  if (seconds === undefined && /^[+-][0-9.]/.test(text)) {
    const ms = Math.round(parseDurationText(text.slice(1)));
    return { from: 'now', ms: text.startsWith('-') ? -ms : ms };
  }
  const ms = seconds !== undefined ? Math.round(seconds * 1000) : RFC3339.test(text) ? Date.parse(text) : NaN;
  if (Math.abs(ms) <= MAX_TIME_MS) return { from: 'epoch', ms };
  throw new PromfedError(
    'bad_data',
    `${quote(text)} is not a time such as 2026-01-31T12:00:00Z, 1769860800, now or -1h`,
  );
}

/** A duration, or seconds as the HTTP API takes them. */
function parseStep(text: string): number {
  const seconds = tryParseFloat(text);
  const ms = Math.trunc(seconds === undefined ? parsePositiveDuration(text) : seconds * 1000);
  if (ms >= 1 && ms <= Number.MAX_SAFE_INTEGER) return ms;
  throw new PromfedError('bad_data', 'the step must be a millisecond or more');
}
