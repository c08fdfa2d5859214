// The error of an invalid configuration, with the position of every problem.

import { compareStrings, PromfedError } from '../model/index.js';

/** Position in a file. Both numbers start at 1; columns count characters. */
export interface FilePosition {
  readonly line: number;
  readonly column: number;
}

/** One problem of a configuration file or a rule file. Never quotes a secret. */
export interface Problem {
  /** The rule file with the problem; undefined for the configuration file itself. */
  readonly file?: string | undefined;
  /** Undefined when the problem concerns the file as a whole. */
  readonly position: FilePosition | undefined;
  readonly text: string;
}

/** Number of problems that `message` lists. */
const MAX_LISTED = 20;

/**
 * An invalid configuration. `message` has one line per problem, `FILE:LINE:COLUMN: TEXT`: those of the configuration
 * file, then those of its rule files, each in the order of the file. It lists up to 20 problems; a last line counts the
 * others.
 */
export class ConfigError extends PromfedError {
  readonly file: string;
  /** All problems, in the order of `message`. */
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    const sorted = [...problems].sort(compareProblems);
    const lines = sorted.slice(0, MAX_LISTED).map((problem) => printProblem(file, problem));
    if (sorted.length > MAX_LISTED) lines.push(`${file}: and ${sorted.length - MAX_LISTED} more problems`);
    super('bad_data', lines.join('\n'));
    this.file = file;
    this.problems = sorted;
  }
}

/** `FILE:LINE:COLUMN: TEXT`, or `FILE: TEXT` without a position. */
export function printProblem(configFile: string, { file = configFile, position, text }: Problem): string {
  return position === undefined ? `${file}: ${text}` : `${file}:${position.line}:${position.column}: ${text}`;
}

/** Order of reports: the configuration file comes before its rule files, which are sorted by path. */
export function compareProblems(a: Problem, b: Problem): number {
  return compareStrings(a.file ?? '', b.file ?? '') || comparePositions(a.position, b.position);
}

/** Order in the file; no position comes first. */
export function comparePositions(a: FilePosition | undefined, b: FilePosition | undefined): number {
  return (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0);
}
