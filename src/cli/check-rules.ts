// `promfed check rules`: checks rule files, as promtool does.

import { checkRuleFile } from '../config/index.js';
import type { FeatureSet } from '../promql/language/index.js';

export interface CheckRulesOptions {
  /** Experimental constructs of PromQL that rules may use. */
  readonly features: FeatureSet;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/**
 * Checks rule files and prints one result for each: the number of rules and warnings, or all problems, one per line as
 * `FILE:LINE:COLUMN: TEXT`. Returns the exit status: 0 when all files are valid, otherwise 1.
 */
export function checkRules(files: readonly string[], { features, out, err }: CheckRulesOptions): 0 | 1 {
  let status: 0 | 1 = 0;
  for (const file of files) {
    const { rules, problems, warnings } = checkRuleFile(file, features);
    out(`Checking ${file}\n`);
    if (problems.length > 0) {
      status = 1;
      err(`  FAILED:\n${problems.map((line) => `${line}\n`).join('')}`);
    } else {
      out(`  SUCCESS: ${rules} rules found\n`);
    }
    for (const warning of warnings) err(`  warning: ${warning}\n`);
    out('\n');
  }
  return status;
}
