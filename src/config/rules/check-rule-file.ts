// Checks one rule file on its own, without a configuration.

import type { FeatureSet } from '../../promql/language/index.js';
import { compareProblems, printProblem, type Problem } from '../config-error.js';
import { checkTemplate } from './check-template.js';
import { readRuleFile } from './load-rule-files.js';
import { parseRuleFile } from './parse-rule-file.js';
import type { RuleGroupSettings } from './rule-settings.js';
import { DEFAULT_INTERVAL_MS } from './rule-sections.js';

export interface CheckRuleFileOptions {
  readonly features: FeatureSet;
  /** True to accept keys that rule files do not have. */
  readonly ignoresUnknownKeys: boolean;
}

export interface CheckedRuleFile {
  /** Incomplete when there are problems. */
  readonly groups: readonly RuleGroupSettings[];
  /** `FILE:LINE:COLUMN: TEXT`, in the order of the file. */
  readonly problems: readonly string[];
  /** `FILE:LINE:COLUMN: TEXT`, in the order of the file. */
  readonly warnings: readonly string[];
  /** Rules with the name and labels of an earlier one, like `warnings`, which do not include them. */
  readonly duplicates: readonly string[];
  /** Returns `FILE:LINE:COLUMN` for a byte of the expression of a rule of a valid file. */
  readonly positionInExpr: (group: number, rule: number, byteOffset: number) => string;
}

/** Reads and checks a rule file. Never throws. */
export function checkRuleFile(
  path: string,
  { features, ignoresUnknownKeys }: CheckRuleFileOptions,
): CheckedRuleFile {
  const print = (problems: readonly Problem[]): string[] =>
    [...problems].sort(compareProblems).map((problem) => printProblem(path, problem));
  const read = readRuleFile(path);
  if ('problem' in read) {
    const text = `cannot load the rule file: ${read.problem}`;
    const problems = print([{ position: undefined, text }]);
    return { groups: [], problems, warnings: [], duplicates: [], positionInExpr: () => path };
  }
  const defaults = { intervalMs: DEFAULT_INTERVAL_MS, queryOffsetMs: 0, partialResponse: undefined };
  const languages = { features, checkTemplate, ignoresUnknownKeys };
  const parsed = parseRuleFile(read.text, path, defaults, languages);
  const { groups, problems, warnings, duplicates, positionInExpr } = parsed;
  return {
    groups,
    problems: print(problems),
    warnings: print(warnings),
    duplicates: print(duplicates),
    positionInExpr: (group, rule, byteOffset) => {
      const position = positionInExpr(group, rule, byteOffset);
      return position === undefined ? path : `${path}:${position.line}:${position.column}`;
    },
  };
}
