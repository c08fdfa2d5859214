// `promfed test rules`: runs unit tests of rules, as promtool does.

import { loadUnitTest } from '../config/index.js';
import type { FeatureSet } from '../promql/language/index.js';
import { runUnitTest } from '../rules/unit-test/index.js';

export interface TestRulesOptions {
  /** Experimental constructs of PromQL that rules may use. */
  readonly features: FeatureSet;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/**
 * Runs the tests of each file, and prints the failures. Returns the exit status: 0 when all tests succeed, otherwise 1.
 *
 * Source: Prometheus, cmd/promtool/unittest.go.
 */
export async function testRules(
  files: readonly string[],
  { features, out, err }: TestRulesOptions,
): Promise<0 | 1> {
  let status: 0 | 1 = 0;
  for (const path of files) {
    const loaded = loadUnitTest(path, features);
    for (const warning of loaded.warnings) err(`  WARNING: ${warning}\n`);
    const problems = 'problems' in loaded ? [...loaded.problems] : [];
    if ('file' in loaded) {
      const { tests, ...options } = loaded.file;
      for (const test of tests) problems.push(...(await runUnitTest(test, { ...options, features })));
    }
    if (problems.length === 0) {
      out('  SUCCESS\n');
    } else {
      status = 1;
      err('  FAILED:\n');
      for (const problem of problems) {
        err(`${problem}\n`);
        out('\n');
      }
    }
    out('\n');
  }
  return status;
}
