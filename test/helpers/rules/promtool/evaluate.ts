// Evaluates the rules of a scenario by promfed, in simulated time.

import { createFederation } from '../../../../src/federation/index.js';
import { Labels } from '../../../../src/model/index.js';
import { Cancellation, NO_LOG, systemClock } from '../../../../src/runtime/index.js';
import { createRuleSet, type OutgoingSample } from '../../../../src/rules/index.js';
import { NO_RULE_METRICS } from '../../../../src/rules/metrics.js';
import { createMemoryGroup } from '../../../../src/rules/unit-test/memory-group.js';
import { SeriesStore } from '../../../../src/rules/unit-test/series-store.js';
import type { ServerGroup } from '../../../../src/upstreams/index.js';
import { ruleGroups, type Scenario } from './scenario.js';

/** A firing alert. */
export interface FiringAlert {
  readonly rule: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface RuleFailure {
  readonly rule: string;
  readonly timeMs: number;
  readonly message: string;
}

export interface Evaluated {
  /** Firing alerts after each evaluation. */
  readonly firing: readonly (readonly FiringAlert[])[];
  /** Written samples, in the order of their times. */
  readonly written: SeriesStore;
  /** Failures of the first evaluation with one. The evaluation ends there. */
  readonly failures: readonly RuleFailure[];
  /** Number of samples that were written. */
  readonly sampleCount: number;
  /**
   * True when two alerts have written different samples of one series at the same time: an alert without a label is
   * written with the text of the label's template, as another alert that has this text as its value. Prometheus keeps one
   * of the samples at random, because it iterates over a map of alerts.
   */
  readonly hasConflicts: boolean;
}

export interface EvaluateOptions {
  /** Regions in place of those in memory, in the order of the scenario. They already have all samples. */
  readonly regions?: readonly ServerGroup[];
  /** Time of the first evaluation. Default 0. */
  readonly originMs?: number;
  readonly pushdown?: boolean;
  /** Default `memory`. */
  readonly chainedResults?: 'memory' | 'regions';
  /** False when no region returns the results of rules, as when remote write lags behind for ever. Default true. */
  readonly readsBack?: boolean;
}

const NO_FEATURES: ReadonlySet<never> = new Set();

/** Evaluates all groups in their order, once in each interval. Results are visible to the next rule. */
export async function evaluateScenario(
  scenario: Scenario,
  options: EvaluateOptions = {},
): Promise<Evaluated> {
  const { originMs = 0, pushdown = true, readsBack = true } = options;
  const { intervalMs, steps } = scenario;
  let nowMs = originMs;
  const clock = { now: () => nowMs };
  const written = new SeriesStore();
  const stores = scenario.regions.map(() => new SeriesStore());
  const memoryGroup = (
    name: string,
    labels: Readonly<Record<string, string>>,
    series: SeriesStore,
  ): ServerGroup =>
    createMemoryGroup({
      name,
      labels: Labels.from(labels),
      series,
      features: NO_FEATURES,
      defaultStepMs: intervalMs,
    });
  const regions =
    options.regions ?? scenario.regions.map(({ name, labels }, i) => memoryGroup(name, labels, stores[i]!));
  const federation = createFederation({
    groups: readsBack ? [...regions, memoryGroup('results', {}, written)] : regions,
    // Deadlines of requests are in real time.
    clock: systemClock,
    maxSamples: 50_000_000,
    lookbackDeltaMs: undefined,
    defaultStepMs: intervalMs,
    delaysNames: false,
    pushdown,
  });
  let sampleCount = 0;
  let hasConflicts = false;
  const newest = new Map<string, OutgoingSample>();
  const append = (samples: readonly OutgoingSample[]): void => {
    for (const sample of samples) {
      const { labels, timeMs, value, isStale } = sample;
      const known = newest.get(labels.key);
      if (known?.timeMs === timeMs && (known.isStale !== isStale || !Object.is(known.value, value)))
        hasConflicts = true;
      newest.set(labels.key, sample);
      sampleCount++;
      written.append(labels, timeMs, isStale ? 'stale' : value);
    }
  };
  const settings = {
    ruleGroups: ruleGroups(scenario.rules, intervalMs),
    rules: { holdMs: 600_000, chainedResults: options.chainedResults ?? 'memory', restoreFrom: undefined },
    externalLabels: Labels.from(scenario.externalLabels ?? {}),
    serverGroups: [],
  };
  const rules = createRuleSet(settings, {
    engine: () => federation,
    alerts: { send: () => undefined },
    samples: { append },
    features: NO_FEATURES,
    queryTimeoutMs: 60_000,
    resendDelayMs: 60_000,
    forOutageToleranceMs: 0,
    forGracePeriodMs: 0,
    alertBackfill: false,
    externalUrl: scenario.externalUrl ?? '',
    metrics: NO_RULE_METRICS,
    clock,
    log: NO_LOG,
    signal: new Cancellation(),
  });
  const groups = settings.ruleGroups.map((group) => rules.createGroup(group, true));
  const firing: FiringAlert[][] = [];
  const failures: RuleFailure[] = [];
  for (let step = 0; step <= steps && failures.length === 0; step++) {
    nowMs = originMs + step * intervalMs;
    for (const [i, { series }] of scenario.regions.entries()) {
      for (const { labels, samples } of series) {
        const sample = samples[step];
        if (sample !== undefined) stores[i]!.append(Labels.from(labels), nowMs, sample);
      }
    }
    const alerts: FiringAlert[] = [];
    for (const group of groups) {
      await group.evaluate(nowMs, 0);
      for (const rule of group.rules) {
        const { lastError } = rule.evaluation;
        if (lastError !== undefined) {
          failures.push({ rule: rule.name, timeMs: nowMs - originMs, message: lastError });
        }
        if (rule.kind !== 'alerting') continue;
        for (const alert of rule.alerts) {
          if (alert.state !== 'firing') continue;
          alerts.push({
            rule: rule.name,
            labels: Object.fromEntries(alert.labels),
            annotations: Object.fromEntries(alert.annotations),
          });
        }
      }
    }
    firing.push(alerts);
  }
  // The caller owns the regions.
  return { firing, written, failures, sampleCount, hasConflicts };
}
