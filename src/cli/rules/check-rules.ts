// `promfed check rules`: checks rule files, as promtool does.

import { checkRuleFile, type CheckedRuleFile, type CheckRulesFlags } from '../../config/index.js';
import type { FeatureSet } from '../../promql/language/index.js';
import { checkLive, type LiveGroup } from './check-live.js';
import { describeDuplicates } from './duplicate-rules.js';
import { printable, printableLines } from '../printable.js';

export interface CheckRulesEnvironment {
  /** Experimental constructs of PromQL that rules may use. */
  readonly features: FeatureSet;
  /** Opens the server groups of the configuration. Called for `--live` only. @throws PromfedError */
  readonly openGroups: () => Promise<readonly LiveGroup[]>;
  readonly clock: { now(): number };
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** Exit status of problems that linting finds. Source: Prometheus, cmd/promtool/main.go. */
const LINT_STATUS = 3;

/**
 * Checks rule files and prints one result for each: the number of rules, or all problems, one per line as
 * `FILE:LINE:COLUMN: TEXT`. Returns the exit status: 0 when all files are valid, 3 for fatal linting problems, otherwise 1.
 *
 * Source: Prometheus, cmd/promtool/main.go (`CheckRules`), with its output to standard output.
 */
export async function checkRules(
  flags: CheckRulesFlags,
  environment: CheckRulesEnvironment,
): Promise<0 | 1 | 3> {
  const { features, out, err } = environment;
  const valid: CheckedRuleFile[] = [];
  let hasLint = false;
  for (const file of flags.files) {
    const checked = checkRuleFile(file, { ...flags, features });
    out(`Checking ${file}\n`);
    if (checked.problems.length > 0) {
      err(`  FAILED:\n${linesOf(checked.problems)}`);
      continue;
    }
    valid.push(checked);
    hasLint = printResult(checked, flags, environment) || hasLint;
    out('\n');
  }
  const isMissing =
    flags.live !== undefined &&
    (await checkLive(valid, flags.live, await environment.openGroups(), environment));
  if (valid.length < flags.files.length || isMissing) return 1;
  return hasLint && flags.isLintFatal ? LINT_STATUS : 0;
}

/** Returns true when linting finds a problem. */
function printResult(
  { groups, warnings, duplicates }: CheckedRuleFile,
  { lintsDuplicateRules }: CheckRulesFlags,
  { out, err }: CheckRulesEnvironment,
): boolean {
  const hasDuplicates = lintsDuplicateRules && duplicates.length > 0;
  if (hasDuplicates) {
    err(`  FAILED:\n${printableLines(describeDuplicates(groups))}\n${linesOf(duplicates)}`);
  } else {
    const rules = groups.reduce((count, group) => count + group.rules.length, 0);
    out(`  SUCCESS: ${rules} rules found\n`);
  }
  for (const warning of warnings) err(`  warning: ${printable(warning)}\n`);
  return hasDuplicates;
}

function linesOf(problems: readonly string[]): string {
  return problems.map((line) => `${printable(line)}\n`).join('');
}
