// The flags of `promfed backfill`.

import type { FlagReader } from './flag-reader.js';
import { oneOf, parsePath, parsePositiveDuration, parseTimeout } from './flag-values.js';
import { parseTime, type TimeFlag } from './query-flags.js';

export interface BackfillFlags {
  /** Rule files; empty for those of the configuration. */
  readonly files: readonly string[];
  readonly start: TimeFlag;
  readonly end: TimeFlag;
  /** Times as they were given. */
  readonly times: { readonly start: string; readonly end: string };
  /** Interval of groups that have none; undefined for `global.evaluation_interval`. */
  readonly evaluationIntervalMs: number | undefined;
  /** Names of the recording rules; empty for all. */
  readonly ruleNames: readonly string[];
  readonly partial: 'fail' | 'write';
  readonly resumeFile: string;
  /** Maximum time of one query. */
  readonly timeoutMs: number;
}

const NOW: TimeFlag = { from: 'now', ms: 0 };

/**
 * Reads the flags of `backfill`.
 *
 * @param positionals the command, followed by the rule files.
 * @param problems receives one line per problem.
 */
export function parseBackfillFlags(
  [, ...files]: readonly string[],
  reader: FlagReader,
  problems: string[],
): BackfillFlags {
  if (!reader.has('start')) problems.push('missing --start, for example: promfed backfill --start=-30d');
  return {
    files,
    start: reader.tryRead('start', parseTime) ?? NOW,
    end: reader.read('end', parseTime, NOW),
    times: { start: reader.text('start'), end: reader.text('end') },
    evaluationIntervalMs: reader.tryRead('eval-interval', (text) => Math.ceil(parsePositiveDuration(text))),
    ruleNames: reader.values('rule'),
    partial: reader.read('partial', oneOf('fail', 'write'), 'fail'),
    resumeFile: reader.read('resume-file', parsePath, ''),
    timeoutMs: Math.ceil(reader.read('timeout', parseTimeout, 1)),
  };
}
