// Rule files that a command names, in place of `rule_files`.

import { isAbsolute, join, resolve } from 'node:path';

import type { Problem } from '../config-error.js';
import type { RuleFileSystem } from './load-rule-files.js';

/** How a command changes the rules of a configuration. */
export interface RuleSelection {
  /** Patterns of rule files, relative to the working directory; empty for `rule_files`. */
  readonly files: readonly string[];
  /** Interval of groups that have none; undefined for `global.evaluation_interval`. */
  readonly intervalMs: number | undefined;
}

/**
 * Returns the paths of the files. A file that `rule_files` has as well keeps its path there: the times of evaluations
 * depend on it.
 *
 * @param configured the patterns of `rule_files`, relative to the directory.
 * @param problems receives the patterns without a match.
 */
export function selectedRuleFiles(
  patterns: readonly string[],
  configured: readonly string[],
  directory: string,
  { glob }: RuleFileSystem,
  problems: Problem[],
): readonly string[] {
  const known = configured.flatMap((pattern) =>
    glob(isAbsolute(pattern) ? pattern : join(directory, pattern)).map(
      (path) => [resolve(path), path] as const,
    ),
  );
  const byPath = new Map(known);
  return patterns.flatMap((pattern) => {
    const paths = glob(pattern);
    if (paths.length === 0) {
      problems.push({
        file: pattern,
        position: undefined,
        text: 'cannot load the rule file: it does not exist',
      });
    }
    return paths.map((path) => byPath.get(resolve(path)) ?? path);
  });
}
