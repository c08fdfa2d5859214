// `promfed test rules`: runs unit tests of rules, as promtool does.

import { writeFileSync } from 'node:fs';

import { loadUnitTest, type TestRulesFlags } from '../../config/index.js';
import { compilePattern, PromfedError } from '../../model/index.js';
import type { FeatureSet } from '../../promql/language/index.js';
import { runUnitTest } from '../../rules/unit-test/index.js';
import { describeFileError, type Clock } from '../../runtime/index.js';
import { junitXml, type JunitSuite } from './junit.js';
import { printable, printableLines } from '../printable.js';

export interface TestRulesEnvironment {
  /** Experimental constructs of PromQL that rules may use. */
  readonly features: FeatureSet;
  readonly clock: Clock;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/**
 * Runs the tests of each file, and prints the failures. Returns the exit status: 0 when all tests succeed, otherwise 1.
 *
 * Source: Prometheus, cmd/promtool/unittest.go.
 *
 * @throws PromfedError `bad_data` when a pattern is invalid or the JUnit file cannot be written.
 */
export async function testRules(flags: TestRulesFlags, environment: TestRulesEnvironment): Promise<0 | 1> {
  const { out, err } = environment;
  const isSelected = selector(flags.run);
  const suites: JunitSuite[] = [];
  for (const path of flags.files) {
    const suite = await runFile(path, isSelected, flags, environment);
    suites.push(suite);
    const problems =
      suite.error === undefined ? suite.cases.flatMap(({ failures }) => failures) : [suite.error];
    if (problems.length === 0) {
      out('  SUCCESS\n');
    } else {
      err('  FAILED:\n');
      for (const problem of problems) {
        err(`${printableLines(problem)}\n`);
        out('\n');
      }
    }
    out('\n');
  }
  if (flags.junit !== undefined) writeJunit(flags.junit, suites);
  return suites.every(({ error, cases }) => error === undefined && cases.every(hasSucceeded)) ? 0 : 1;
}

/** Returns a test of names: any of the patterns matches a part. @throws PromfedError `bad_data` */
function selector(run: readonly string[]): (name: string) => boolean {
  if (run.length === 0) return () => true;
  try {
    const { pattern } = compilePattern(run.join('|'));
    return (name) => pattern.matcher(name).find();
  } catch (error) {
    if (!(error instanceof PromfedError)) throw error;
    throw new PromfedError('bad_data', `--run: ${error.message}`);
  }
}

async function runFile(
  path: string,
  isSelected: (name: string) => boolean,
  { showsDiff, isDebug, ignoresUnknownKeys }: TestRulesFlags,
  { features, clock, err }: TestRulesEnvironment,
): Promise<JunitSuite> {
  const loaded = loadUnitTest(path, { features, ignoresUnknownKeys });
  for (const warning of loaded.warnings) err(`  WARNING: ${printable(warning)}\n`);
  if ('problems' in loaded) {
    return { name: path, timestamp: '', error: loaded.problems.join('\n'), cases: [] };
  }
  const timestamp = localTime(clock.now());
  const { tests, ...options } = loaded.file;
  const cases: { readonly name: string; readonly failures: readonly string[] }[] = [];
  for (const [i, test] of tests.entries()) {
    if (!isSelected(test.name)) continue;
    const name = test.name === '' ? `unnamed#${i}` : test.name;
    const debug = (text: string): void => {
      err(`DEBUG: ${printableLines(text)}\n`);
    };
    const startMs = performance.now();
    if (isDebug) debug(`Starting test ${name}`);
    const failures = await runUnitTest(test, {
      ...options,
      features,
      showsDiff,
      debug: isDebug ? debug : undefined,
    });
    if (isDebug) debug(`Test ${name} finished, took ${(performance.now() - startMs).toFixed(6)}ms`);
    cases.push({ name, failures });
  }
  return { name: path, timestamp, error: undefined, cases };
}

function hasSucceeded({ failures }: { readonly failures: readonly string[] }): boolean {
  return failures.length === 0;
}

function localTime(timeMs: number): string {
  const offsetMs = new Date(timeMs).getTimezoneOffset() * 60_000;
  return new Date(timeMs - offsetMs).toISOString().slice(0, 19);
}

function writeJunit(path: string, suites: readonly JunitSuite[]): void {
  try {
    writeFileSync(path, junitXml(suites));
  } catch (error) {
    throw new PromfedError('bad_data', `--junit: ${describeFileError(path, error)}`);
  }
}
