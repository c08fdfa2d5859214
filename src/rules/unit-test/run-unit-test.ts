// Runs a unit test of rules in simulated time. Source: Prometheus, cmd/promtool/unittest.go, with the texts of its output.

import type { UnitTestFileSettings, UnitTestSettings } from '../../config/index.js';
import {
  appendAll,
  maxOf,
  asPromfedError,
  Labels,
  printDuration,
  type StopSignal,
} from '../../model/index.js';
import type { FeatureSet } from '../../promql/language/index.js';
import { Cancellation, NO_LOG } from '../../runtime/index.js';
import { createRuleSet } from '../create-rule-set.js';
import type { RuleGroup } from '../group/rule-group.js';
import { NO_RULE_METRICS } from '../metrics.js';
import { checkAlerts } from './check-alerts.js';
import { checkExpr } from './check-expr.js';
import { dumpSeries } from './dump-series.js';
import { printGoDuration } from './print-result.js';
import { createUnitTestFederation, type UnitTestFederation } from './unit-test-federation.js';

export interface UnitTestOptions extends Pick<UnitTestFileSettings, 'evaluationIntervalMs' | 'fuzzyCompare'> {
  readonly features: FeatureSet;
  /** True to print the differences of alerts as JSON in colors. */
  readonly showsDiff: boolean;
  /** Receives all series at the end of the test; undefined to leave them out. */
  readonly debug: ((text: string) => void) | undefined;
}

const QUERY_TIMEOUT_MS = 120_000;

/** Returns the failures, each as promtool prints it; empty for a test that succeeds. */
export async function runUnitTest(test: UnitTestSettings, options: UnitTestOptions): Promise<string[]> {
  const signal = new Cancellation();
  try {
    const { evaluationIntervalMs: defaultStepMs, features } = options;
    const federation = createUnitTestFederation(test, { features, defaultStepMs });
    const groups = createGroups(test, federation, signal, options);
    const unnamed = test.alertTests.find(({ alertName }) => alertName === '');
    if (unnamed !== undefined) return [missingAlertName(test.name, unnamed.evalTimeMs)];
    const problems = await evaluateGroups(test, groups, federation, options);
    if (problems.hasFailedRules) return problems.texts;
    for (const exprTest of test.exprTests) {
      const timeMs = test.startMs + exprTest.evalTimeMs;
      const { engine } = federation;
      const problem = await checkExpr(exprTest, {
        ...options,
        engine,
        timeMs,
        signal,
        timeoutMs: QUERY_TIMEOUT_MS,
      });
      if (problem !== undefined) problems.texts.push(problem);
    }
    await dump(test, federation, signal, options);
    return problems.texts;
  } catch (thrown) {
    return [asPromfedError(thrown).message];
  }
}

async function dump(
  test: UnitTestSettings,
  { engine }: UnitTestFederation,
  signal: StopSignal,
  { features, debug }: UnitTestOptions,
): Promise<void> {
  if (debug === undefined) return;
  const dumpOptions = { engine, features, timeoutMs: QUERY_TIMEOUT_MS, signal };
  debug(await dumpSeries(test.startMs, lastTimeMs(test), dumpOptions));
}

/** The time of the last check, since the start. */
function lastTimeMs({ alertTests, exprTests }: UnitTestSettings): number {
  return Math.max(0, maxOf([...alertTests, ...exprTests].map(({ evalTimeMs }) => evalTimeMs)));
}

/** Evaluates the groups at each interval, and checks the alerts that the test expects. */
async function evaluateGroups(
  test: UnitTestSettings,
  groups: readonly RuleGroup[],
  federation: UnitTestFederation,
  { evaluationIntervalMs, showsDiff }: UnitTestOptions,
): Promise<{ readonly texts: string[]; readonly hasFailedRules: boolean }> {
  const { alertTests, startMs, name: testName } = test;
  const lastMs = lastTimeMs(test);
  const texts: string[] = [];
  for (let sinceStartMs = 0; sinceStartMs <= lastMs; sinceStartMs += evaluationIntervalMs) {
    const timeMs = startMs + sinceStartMs;
    federation.advance(timeMs);
    const failures: string[] = [];
    for (const group of groups) {
      await group.evaluate(timeMs, 0);
      for (const rule of group.rules) {
        const { lastError } = rule.evaluation;
        if (lastError === undefined) continue;
        failures.push(`    rule: ${rule.name}, time: ${printGoDuration(timeMs)}, err: ${lastError}`);
      }
    }
    appendAll(texts, failures);
    if (failures.length > 0) return { texts, hasFailedRules: true };
    const due = alertTests.filter(
      ({ evalTimeMs }) => evalTimeMs >= sinceStartMs && evalTimeMs < sinceStartMs + evaluationIntervalMs,
    );
    // By time, in the order of the file.
    for (const alertTest of [...due].sort((a, b) => a.evalTimeMs - b.evalTimeMs)) {
      const problem = checkAlerts(alertTest, groups, { testName, showsDiff });
      if (problem !== undefined) texts.push(problem);
    }
  }
  return { texts, hasFailedRules: false };
}

/** @throws PromfedError `bad_data` when a rule is invalid. */
function createGroups(
  { ruleGroups, externalLabels, externalUrl }: UnitTestSettings,
  { engine, results }: UnitTestFederation,
  signal: StopSignal,
  { features }: UnitTestOptions,
): RuleGroup[] {
  const settings = {
    ruleGroups,
    rules: { holdMs: 0, chainedResults: 'memory', restoreFrom: undefined } as const,
    externalLabels: Labels.of(externalLabels),
    serverGroups: [],
  };
  const rules = createRuleSet(settings, {
    engine: () => engine,
    alerts: { send: () => undefined },
    samples: {
      append(samples) {
        for (const { labels, timeMs, value, isStale } of samples) {
          results.append(labels, timeMs, isStale ? 'stale' : value);
        }
      },
    },
    features,
    queryTimeoutMs: QUERY_TIMEOUT_MS,
    resendDelayMs: 0,
    forOutageToleranceMs: 0,
    forGracePeriodMs: 0,
    alertBackfill: false,
    externalUrl,
    metrics: NO_RULE_METRICS,
    clock: { now: () => 0 },
    log: NO_LOG,
    signal,
  });
  return ruleGroups.map((group) => rules.createGroup(group, true));
}

function missingAlertName(testName: string, evalTimeMs: number): string {
  const where = testName === '' ? '' : ` (in TestGroup ${testName})`;
  const time = printDuration(evalTimeMs);
  return `an item under alert_rule_test misses required attribute alertname at eval_time ${time}${where}`;
}
