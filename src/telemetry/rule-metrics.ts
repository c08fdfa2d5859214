// Metrics of rule evaluations, with the names of Prometheus.

import { Counter, Gauge, Summary, type Registry } from 'prom-client';

import type { RuleMetrics } from '../rules/index.js';

const labelNames = ['rule_group'] as const;

/** Source of the names: Prometheus, rules/group.go (`NewGroupMetrics`). @param now the clock, in milliseconds. */
export function addRuleMetrics(registers: Registry[], now: () => number): RuleMetrics {
  /** End of the last evaluation, or the time at which the group was added, by group. */
  const evaluatedAtMs = new Map<string, number>();
  const { ruleSeconds, groupSeconds, ...known } = createPrometheusMetrics(registers);
  const { evaluations, failures, iterations, missed, ...gauges } = known;
  const { interval, rules, lastTime, lastDuration, lastRuleDuration, lastRestore, lastSamples } = gauges;
  const { partial, keptSeries, age } = createOwnMetrics(registers, evaluatedAtMs, now);
  const counters = [evaluations, failures, iterations, missed, partial];
  const all = [...counters, ...Object.values(gauges), keptSeries, age];

  return {
    groupAdded(key, ruleCount, intervalMs) {
      for (const metric of counters) metric.inc({ rule_group: key }, 0);
      rules.set({ rule_group: key }, ruleCount);
      interval.set({ rule_group: key }, intervalMs / 1000);
      if (!evaluatedAtMs.has(key)) evaluatedAtMs.set(key, now());
    },
    groupRemoved(key) {
      evaluatedAtMs.delete(key);
      for (const metric of all) metric.remove({ rule_group: key });
    },
    ruleEvaluated(key, durationMs, failed) {
      evaluations.inc({ rule_group: key });
      if (failed) failures.inc({ rule_group: key });
      ruleSeconds.observe(durationMs / 1000);
    },
    groupEvaluated(key, evaluation) {
      evaluatedAtMs.set(key, evaluation.startedAtMs + evaluation.durationMs);
      iterations.inc({ rule_group: key }, 1 + evaluation.missed);
      missed.inc({ rule_group: key }, evaluation.missed);
      if (evaluation.isPartial) partial.inc({ rule_group: key });
      groupSeconds.observe(evaluation.durationMs / 1000);
      lastTime.set({ rule_group: key }, evaluation.startedAtMs / 1000);
      lastDuration.set({ rule_group: key }, evaluation.durationMs / 1000);
      lastRuleDuration.set({ rule_group: key }, evaluation.ruleDurationMs / 1000);
      lastSamples.set({ rule_group: key }, evaluation.samples);
      keptSeries.set({ rule_group: key }, evaluation.keptSeries);
    },
    groupRestored(key, durationMs) {
      lastRestore.set({ rule_group: key }, durationMs / 1000);
    },
  };
}

function createPrometheusMetrics(registers: Registry[]) {
  const gauge = (name: string, help: string): Gauge<'rule_group'> =>
    new Gauge({ name: `prometheus_rule_group_${name}`, help, labelNames, registers });
  const counter = (name: string, help: string): Counter<'rule_group'> =>
    new Counter({ name: `prometheus_rule_${name}`, help, labelNames, registers });
  const summary = (name: string, help: string): Summary =>
    new Summary({ name: `prometheus_rule_${name}`, help, percentiles: [0.5, 0.9, 0.99], registers });

  const evaluations = counter('evaluations_total', 'The total number of rule evaluations.');
  const failures = counter('evaluation_failures_total', 'The total number of rule evaluation failures.');
  const iterations = counter(
    'group_iterations_total',
    'The total number of scheduled rule group evaluations, whether executed or missed.',
  );
  const missed = counter(
    'group_iterations_missed_total',
    'The total number of rule group evaluations missed due to slow rule group evaluation.',
  );
  const ruleSeconds = summary('evaluation_duration_seconds', 'The duration for a rule to execute.');
  const groupSeconds = summary('group_duration_seconds', 'The duration of rule group evaluations.');
  const interval = gauge('interval_seconds', 'The interval of a rule group.');
  const rules = gauge('rules', 'The number of rules.');
  const lastTime = gauge(
    'last_evaluation_timestamp_seconds',
    'The timestamp of the last rule group evaluation in seconds.',
  );
  const lastDuration = gauge('last_duration_seconds', 'The duration of the last rule group evaluation.');
  const lastRuleDuration = gauge(
    'last_rule_duration_sum_seconds',
    'The sum of time in seconds it took to evaluate each rule in the group regardless of concurrency.',
  );
  const lastRestore = gauge(
    'last_restore_duration_seconds',
    'The duration of the last alert rules alerts restoration using the `ALERTS_FOR_STATE` series.',
  );
  const lastSamples = gauge(
    'last_evaluation_samples',
    'The number of samples returned during the last rule group evaluation.',
  );
  return {
    evaluations,
    failures,
    iterations,
    missed,
    ruleSeconds,
    groupSeconds,
    interval,
    rules,
    lastTime,
    lastDuration,
    lastRuleDuration,
    lastRestore,
    lastSamples,
  };
}

/** @param evaluatedAtMs end of the last evaluation of each group. */
function createOwnMetrics(
  registers: Registry[],
  evaluatedAtMs: ReadonlyMap<string, number>,
  now: () => number,
) {
  const partial = new Counter({
    name: 'promfed_rule_group_partial_evaluations_total',
    help: 'Rule group evaluations in which a server group was missing from a result.',
    labelNames,
    registers,
  });
  const age = new Gauge({
    name: 'promfed_rule_group_last_evaluation_age_seconds',
    help: 'Time since the last evaluation of a rule group ended, or since the group was added.',
    labelNames,
    registers,
    collect() {
      for (const [key, timeMs] of evaluatedAtMs) {
        this.set({ rule_group: key }, Math.max(0, now() - timeMs) / 1000);
      }
    },
  });
  const keptSeries = new Gauge({
    name: 'promfed_rule_group_chained_series',
    help: 'Recorded series that are kept in memory for the rules of the group that select them.',
    labelNames,
    registers,
  });
  return { partial, age, keptSeries };
}
