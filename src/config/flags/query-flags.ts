// The flags of `promfed query` and `promfed explain`.

import { PromfedError, tryParseFloat, tryParseTime } from '../../model/index.js';
import { parseSignedDuration } from '../text/parse-time.js';
import { parseHttpUrl } from '../text/addresses.js';
import type { FlagReader } from './flag-reader.js';
import { oneOf, parsePositiveDuration, parseTimeout } from './flag-values.js';
import { quote } from '../text/quote.js';

/** A time in milliseconds, since the epoch or relative to now. */
export interface TimeFlag {
  readonly from: 'epoch' | 'now';
  readonly ms: number;
}

export type QueryTimes =
  | { readonly kind: 'instant'; readonly time: TimeFlag }
  | {
      readonly kind: 'range';
      /** Undefined for one hour before the end. */
      readonly start: TimeFlag | undefined;
      readonly end: TimeFlag;
      /** Positive integer; undefined for a step that yields about 250 steps. */
      readonly stepMs: number | undefined;
    };

export type QueryOutput = 'table' | 'chart' | 'json' | 'text';

export interface QueryFlags {
  readonly expr: string;
  /** Base URL of the API without a trailing slash; undefined to query the regions of the configuration. */
  readonly url: string | undefined;
  readonly times: QueryTimes;
  /** Undefined when it is not given. */
  readonly output: QueryOutput | undefined;
  readonly timeoutMs: number;
  /** Undefined for `query`. */
  readonly explain: { readonly analyze: boolean } | undefined;
}

const NOW: TimeFlag = { from: 'now', ms: 0 };

/**
 * Reads the flags of `query` and `explain`.
 *
 * @param positionals the command, followed by the expression.
 * @param problems receives one line per problem.
 */
export function parseQueryFlags(
  positionals: readonly string[],
  reader: FlagReader,
  problems: string[],
): QueryFlags {
  const [command, expr, ...more] = positionals;
  const isExplain = command === 'explain';
  if (expr === undefined) problems.push(`missing expression, for example: promfed ${command!} 'sum(up)'`);
  for (const text of more)
    problems.push(`unexpected argument ${quote(text)}; enclose the expression in quotes`);
  if (reader.has('url') && reader.has('config')) problems.push('--url and --config are mutually exclusive');

  const output = reader.tryRead<QueryOutput>(
    'output',
    isExplain ? oneOf('text', 'json') : oneOf('table', 'chart', 'json'),
  );
  return {
    expr: expr ?? '',
    url: reader.tryRead('url', parseApiUrl),
    times: readTimes(reader, output, problems),
    output,
    timeoutMs: Math.ceil(reader.read('timeout', parseTimeout, 1)),
    explain: isExplain ? { analyze: reader.isOn('analyze') } : undefined,
  };
}

function readTimes(reader: FlagReader, output: QueryOutput | undefined, problems: string[]): QueryTimes {
  const rangeFlag = (['start', 'end', 'step'] as const).find((name) => reader.has(name));
  if (reader.has('time') && rangeFlag !== undefined) {
    problems.push(
      `--time and --${rangeFlag} are mutually exclusive: --time is for instant queries, --${rangeFlag} for range queries`,
    );
  } else if (reader.has('time') && output === 'chart') {
    problems.push('--time and --output=chart are mutually exclusive: a chart needs a range query');
  }
  const isRange = rangeFlag !== undefined || (output === 'chart' && !reader.has('time'));
  if (!isRange) return { kind: 'instant', time: reader.read('time', parseTime, NOW) };
  return {
    kind: 'range',
    start: reader.tryRead('start', parseTime),
    end: reader.read('end', parseTime, NOW),
    stepMs: reader.tryRead('step', parseStep),
  };
}

function parseApiUrl(text: string): string {
  const url = parseHttpUrl(text, 'http://localhost:9090');
  try {
    decodeURIComponent(`${url.username}${url.password}`);
  } catch {
    throw new PromfedError(
      'bad_data',
      'invalid URL: a % in the user name or password must be written as %25',
    );
  }
  return url.href.replace(/\/+$/, '');
}

/** RFC 3339, seconds since the epoch, `now`, or a duration after or before now: `+5m`, `-1h`. */
export function parseTime(text: string): TimeFlag {
  if (text === 'now') return NOW;
  const timeMs = tryParseTime(text);
  if (timeMs !== undefined) return { from: 'epoch', ms: timeMs };
  if (/^[+-][0-9.]/.test(text) && tryParseFloat(text) === undefined) {
    return { from: 'now', ms: Math.round(parseSignedDuration(text)) };
  }
  throw new PromfedError(
    'bad_data',
    `invalid time ${quote(text)}; use RFC 3339, seconds, or an offset from now: 2026-01-31T12:00:00Z, 1769860800, now, -1h`,
  );
}

/** Whole milliseconds, from a duration or from seconds as in the HTTP API. */
function parseStep(text: string): number {
  const seconds = tryParseFloat(text);
  const ms = Math.trunc(seconds === undefined ? parsePositiveDuration(text) : seconds * 1000);
  if (ms > Number.MAX_SAFE_INTEGER) throw new PromfedError('bad_data', 'step is too large');
  if (ms >= 1) return ms;
  throw new PromfedError('bad_data', 'step must be at least 1ms');
}
