// Checks one rule file on its own, without a configuration.

import type { FeatureSet } from '../../promql/language/index.js';
import { compareProblems, printProblem, type Problem } from '../config-error.js';
import { checkTemplate } from './check-template.js';
import { readRuleFile } from './load-rule-files.js';
import { parseRuleFile } from './parse-rule-file.js';
import { DEFAULT_INTERVAL_MS } from './rule-sections.js';

export interface CheckedRuleFile {
  /** Number of rules; 0 when there are problems. */
  readonly rules: number;
  /** `FILE:LINE:COLUMN: TEXT`, in the order of the file. */
  readonly problems: readonly string[];
  /** `FILE:LINE:COLUMN: TEXT`, in the order of the file. */
  readonly warnings: readonly string[];
}

/** Reads and checks a rule file. Never throws. */
export function checkRuleFile(path: string, features: FeatureSet): CheckedRuleFile {
  const print = (problems: readonly Problem[]): string[] =>
    [...problems].sort(compareProblems).map((problem) => printProblem(path, problem));
  const read = readRuleFile(path);
  if ('problem' in read) {
    const text = `cannot load the rule file: ${read.problem}`;
    return { rules: 0, problems: print([{ position: undefined, text }]), warnings: [] };
  }
  const defaults = { intervalMs: DEFAULT_INTERVAL_MS, queryOffsetMs: 0, partialResponse: undefined };
  const { groups, problems, warnings } = parseRuleFile(read.text, path, defaults, {
    features,
    checkTemplate,
  });
  const rules = groups.reduce((count, group) => count + group.rules.length, 0);
  return {
    rules: problems.length === 0 ? rules : 0,
    problems: print(problems),
    warnings: print(warnings),
  };
}
