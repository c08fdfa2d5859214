// The error of a configuration that cannot be used, and the list it is made of: every problem with its place.

import { PromfedError } from '../model/index.js';

/** Where something stands in a file; both count from 1, columns in characters. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong with a configuration file. Never quotes a secret. */
export interface Problem {
  /** Undefined when it is about the file as a whole. */
  readonly place: Place | undefined;
  readonly text: string;
}

/** So many problems are worth reading at once. */
const MAX_LISTED = 20;

/**
 * A configuration file that cannot be used. `message` has one line for each problem, in the order of the file, as
 * `config.yaml:12:7: what is wrong`; more than 20 end in a line that counts the rest.
 */
export class ConfigError extends PromfedError {
  readonly file: string;
  /** In the order of the file, all of them. */
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    const sorted = [...problems].sort(
      (a, b) =>
        (a.place?.line ?? 0) - (b.place?.line ?? 0) || (a.place?.column ?? 0) - (b.place?.column ?? 0),
    );
    const lines = sorted
      .slice(0, MAX_LISTED)
      .map(({ place, text }) => `${placePrefix(file, place)}: ${text}`);
    if (sorted.length > MAX_LISTED) lines.push(`${file}: and ${sorted.length - MAX_LISTED} more problems`);
    super('bad_data', lines.join('\n'));
    this.file = file;
    this.problems = sorted;
  }
}

/** `file:line:column`, or the file alone. */
export function placePrefix(file: string, place: Place | undefined): string {
  return place === undefined ? file : `${file}:${place.line}:${place.column}`;
}
