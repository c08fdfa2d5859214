// The flags of `promfed check rules` and `promfed test rules`.

import { PromfedError } from '../../model/index.js';
import { quote } from '../text/quote.js';
import type { FlagReader } from './flag-reader.js';
import { parsePath, parsePositiveDuration } from './flag-values.js';

export interface CheckRulesFlags {
  /** At least one. */
  readonly files: readonly string[];
  readonly lintsDuplicateRules: boolean;
  readonly isLintFatal: boolean;
  readonly ignoresUnknownKeys: boolean;
  /** Undefined to check the files only. */
  readonly live: LiveFlags | undefined;
}

export interface LiveFlags {
  /** Time in which a selector must match a sample. */
  readonly rangeMs: number;
  readonly failsOnMissing: boolean;
}

export interface TestRulesFlags {
  /** At least one. */
  readonly files: readonly string[];
  /** Patterns of the names of tests, in RE2; empty for all tests. */
  readonly run: readonly string[];
  readonly showsDiff: boolean;
  readonly isDebug: boolean;
  /** Path of the JUnit file; undefined for none. */
  readonly junit: string | undefined;
  readonly ignoresUnknownKeys: boolean;
}

/** @param positionals the command, its subject and the files. @param problems receives one line per problem. */
export function parseCheckRulesFlags(
  positionals: readonly string[],
  reader: FlagReader,
  problems: string[],
): CheckRulesFlags {
  const lint = reader.read('lint', parseLint, []);
  for (const name of ['live-range', 'fail-on-missing'] as const) {
    if (reader.has(name) && !reader.isOn('live')) problems.push(`--${name} needs --live`);
  }
  return {
    files: ruleFiles(positionals, problems),
    lintsDuplicateRules: lint.some((name) => name === 'all' || name === 'duplicate-rules'),
    isLintFatal: reader.isOn('lint-fatal'),
    ignoresUnknownKeys: reader.isOn('ignore-unknown-fields'),
    live: reader.isOn('live')
      ? {
          rangeMs: Math.ceil(reader.read('live-range', parsePositiveDuration, 1)),
          failsOnMissing: reader.isOn('fail-on-missing'),
        }
      : undefined,
  };
}

/** @param positionals the command, its subject and the files. @param problems receives one line per problem. */
export function parseTestRulesFlags(
  positionals: readonly string[],
  reader: FlagReader,
  problems: string[],
): TestRulesFlags {
  return {
    files: ruleFiles(positionals, problems),
    run: reader.values('run'),
    showsDiff: reader.isOn('diff'),
    isDebug: reader.isOn('debug'),
    junit: reader.tryRead('junit', parsePath),
    ignoresUnknownKeys: reader.isOn('ignore-unknown-fields'),
  };
}

/** The arguments after `check rules` or `test rules`. */
function ruleFiles([command, subject, ...files]: readonly string[], problems: string[]): readonly string[] {
  if (subject !== 'rules') {
    problems.push(
      `${subject === undefined ? 'missing subject' : `unexpected argument ${quote(subject)}`}; use promfed ${command!} rules FILES`,
    );
  } else if (files.length === 0) {
    problems.push(`missing files, for example: promfed ${command!} rules rules/*.yaml`);
  }
  return files;
}

const LINT_OPTIONS: readonly string[] = ['all', 'duplicate-rules', 'none'];

/** Source: Prometheus, cmd/promtool/main.go (`newRulesLintConfig`), which ignores unknown names with a warning. */
function parseLint(text: string): readonly string[] {
  const names = text.split(',');
  const unknown = names.find((name) => !LINT_OPTIONS.includes(name));
  if (unknown === undefined) return names;
  throw new PromfedError('bad_data', `must be some of ${LINT_OPTIONS.join(', ')}; got ${quote(unknown)}`);
}
