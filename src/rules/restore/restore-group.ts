// Restoring the state of the alerts of a group after a restart.

import type { Settings } from '../../config/index.js';
import type { QueryEngine } from '../../federation/index.js';
import { asPromfedError, type StopSignal } from '../../model/index.js';
import type { FeatureSet } from '../../promql/language/index.js';
import type { Clock, Log } from '../../runtime/index.js';
import type { ActiveAlert } from '../alert/active-alert.js';
import type { AlertingRule } from '../alert/alerting-rule.js';
import type { RuleGroup } from '../group/rule-group.js';
import type { RuleMetrics } from '../metrics.js';
import type { GroupLimit } from '../query/query-limit.js';
import { backfillAlerts } from './backfill-alerts.js';
import type { RangeReader } from './read-range.js';
import {
  createRestoredActiveAt,
  restoreAlerts,
  type RestoredActiveAt,
  type RestoreOptions,
} from './restore-alerts.js';
import { readStoredState, type StoredState } from './stored-state.js';

export interface RestoreGroupOptions {
  /** Returns the engine of the current configuration. */
  readonly engine: () => QueryEngine;
  /** Returns the engine that stored states are read from, of the current configuration. Default: `engine`. */
  readonly restoreEngine?: () => QueryEngine | undefined;
  readonly features: FeatureSet;
  readonly queryTimeoutMs: number;
  /** `--rules.alert.for-outage-tolerance`. */
  readonly forOutageToleranceMs: number;
  /** `--rules.alert.for-grace-period`. */
  readonly forGracePeriodMs: number;
  /** `--rules.alertbackfill`. */
  readonly alertBackfill: boolean;
  readonly metrics: RuleMetrics;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborts all queries of rules. */
  readonly signal: StopSignal;
}

export interface RestoreAttempt {
  /** The end of the interruption. Later time counts for all alerts. */
  readonly nowMs: number;
  readonly isFirst: boolean;
  /** True when a rule whose state cannot be read starts without it; otherwise it stays unrestored. */
  readonly isLast: boolean;
}

/** The settings that stored series depend on. */
type RestoreSettings = Pick<Settings, 'externalLabels' | 'serverGroups'>;

/**
 * Restores the alerts of all rules of a group, which then write samples. The first and the last failure to read a state are
 * logged. An attempt ends when the state of a rule cannot be reached.
 */
export async function restoreGroup(
  group: RuleGroup,
  { nowMs, isFirst, isLast }: RestoreAttempt,
  settings: RestoreSettings,
  options: RestoreGroupOptions,
): Promise<void> {
  const { clock, log, metrics } = options;
  const startMs = clock.now();
  let isUnreachable = false;
  for (const rule of group.rules) {
    if (rule.kind !== 'alerting' || rule.isRestored) continue;
    try {
      if (!isUnreachable) await restoreRule(rule, group, nowMs, settings, options);
    } catch (thrown) {
      const { file, name } = group.settings;
      const { code, message } = asPromfedError(thrown);
      // One timeout must not become one for each rule.
      isUnreachable = code === 'upstream' || code === 'timeout';
      const fields = { file, group: name, rule: rule.name, err: message };
      if (isLast) log.error(fields, 'state of alerts not restored');
      else if (isFirst) log.warn(fields, 'state of alerts not restored yet; trying again');
      if (isUnreachable && !isLast) break;
      if (!isLast) continue;
    }
    rule.isRestored = true;
  }
  if (group.isRestored) metrics.groupRestored(group.key, clock.now() - startMs);
}

/**
 * Prepares a group that another replica has evaluated until now: alerts continue at their first evaluation, so that they
 * neither pend again nor stop firing. A rule whose state cannot be read is restored later, by `restoreGroup`.
 */
export async function resumeGroup(
  group: RuleGroup,
  nowMs: number,
  settings: RestoreSettings,
  options: RestoreGroupOptions & { readonly queryLimit: GroupLimit },
): Promise<void> {
  const { clock, log, metrics } = options;
  const startMs = clock.now();
  await Promise.all(
    group.rules.map(async (rule) => {
      if (rule.kind !== 'alerting' || rule.isRestored) return;
      try {
        const states = await options.queryLimit.run(() => statesOf(rule, group, nowMs, settings, options));
        rule.resume(createRestoredActiveAt(states, restoreOptionsOf(rule, group, nowMs, settings, options)));
      } catch (thrown) {
        const { file, name } = group.settings;
        const { message } = asPromfedError(thrown);
        log.error({ file, group: name, rule: rule.name, err: message }, 'state of alerts not taken over yet');
      }
    }),
  );
  metrics.groupRestored(group.key, clock.now() - startMs);
}

async function restoreRule(
  rule: AlertingRule,
  group: RuleGroup,
  nowMs: number,
  settings: RestoreSettings,
  options: RestoreGroupOptions,
): Promise<void> {
  const restoreOptions = restoreOptionsOf(rule, group, nowMs, settings, options);
  const { forMs, gracePeriodMs } = restoreOptions;
  const alerts = [...rule.alerts];
  const { health, missingGroups } = rule.evaluation;
  const isComplete = health === 'ok' && missingGroups.length === 0;
  // With a shorter `for`, restoring would not let the alert fire earlier.
  if ((!group.isTakenOver && forMs < gracePeriodMs) || (alerts.length === 0 && isComplete)) return;
  const states = await statesOf(rule, group, nowMs, settings, options);
  if (!isComplete) rule.resume(onceEach(createRestoredActiveAt(states, restoreOptions), alerts));
  const others = restoreAlerts(alerts, states, restoreOptions);
  if (options.alertBackfill && others.length > 0) {
    const { intervalMs } = group.settings;
    await backfillAlerts(others, { ...readerOf(options), text: rule.text, nowMs, forMs, intervalMs });
  }
}

/** Restores alerts of regions that do not answer yet: each once, and none that is known. */
function onceEach(activeAt: RestoredActiveAt, known: readonly ActiveAlert[]): RestoredActiveAt {
  const keys = new Set(known.map(({ labels }) => labels.key));
  return (labels) => {
    if (keys.has(labels.key)) return undefined;
    keys.add(labels.key);
    return activeAt(labels);
  };
}

function statesOf(
  rule: AlertingRule,
  { settings: { intervalMs } }: RuleGroup,
  nowMs: number,
  settings: RestoreSettings,
  options: RestoreGroupOptions,
): Promise<StoredState[]> {
  const reader = readerOf(options);
  return readStoredState(rule, {
    ...reader,
    engine: options.restoreEngine?.() ?? reader.engine,
    nowMs,
    outageToleranceMs: options.forOutageToleranceMs,
    intervalMs,
    groupLabelNames: groupLabelNamesOf(settings),
  });
}

function restoreOptionsOf(
  { settings: { forMs } }: AlertingRule,
  group: RuleGroup,
  nowMs: number,
  settings: RestoreSettings,
  { forGracePeriodMs: gracePeriodMs }: RestoreGroupOptions,
): RestoreOptions {
  return {
    nowMs,
    forMs,
    gracePeriodMs,
    externalLabels: settings.externalLabels,
    groupLabelNames: groupLabelNamesOf(settings),
    // While Alertmanagers keep an alert firing, it must not pend again.
    ...(group.isTakenOver ? { continueMs: group.alertsValidMs } : {}),
  };
}

function readerOf(options: RestoreGroupOptions): RangeReader {
  return { ...options, timeoutMs: options.queryTimeoutMs, engine: options.engine() };
}

/** Returns the names of the labels that server groups set on the series that they return. */
function groupLabelNamesOf({ serverGroups }: RestoreSettings): ReadonlySet<string> {
  return new Set(
    serverGroups.flatMap(({ labels, targets }) => [
      ...labels.names(),
      ...targets.flatMap((target) => target.labels.names()),
    ]),
  );
}
