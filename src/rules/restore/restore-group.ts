// Restoring the state of the alerts of a group after a restart.

import type { Settings } from '../../config/index.js';
import type { QueryEngine } from '../../federation/index.js';
import { asPromfedError, type StopSignal } from '../../model/index.js';
import type { FeatureSet } from '../../promql/language/index.js';
import type { Clock, Log } from '../../runtime/index.js';
import type { AlertingRule } from '../alert/alerting-rule.js';
import type { RuleGroup } from '../group/rule-group.js';
import type { RuleMetrics } from '../metrics.js';
import { backfillAlerts } from './backfill-alerts.js';
import { restoreAlerts } from './restore-alerts.js';
import { readStoredState } from './stored-state.js';

export interface RestoreGroupOptions {
  /** Returns the engine of the current configuration. */
  readonly engine: () => QueryEngine;
  /** The engine that stored states are read from. Default: `engine`. */
  readonly restoreEngine?: QueryEngine | undefined;
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

/** The settings that stored series depend on. */
type RestoreSettings = Pick<Settings, 'externalLabels' | 'serverGroups'>;

/**
 * Restores the alerts of all rules of a group, which then write samples. A rule whose state cannot be read starts without
 * it; the failure is logged.
 */
export async function restoreGroup(
  group: RuleGroup,
  nowMs: number,
  settings: RestoreSettings,
  options: RestoreGroupOptions,
): Promise<void> {
  const { clock, log, metrics } = options;
  const startMs = clock.now();
  for (const rule of group.rules) {
    if (rule.kind !== 'alerting' || rule.isRestored) continue;
    try {
      await restoreRule(rule, group.settings.intervalMs, nowMs, settings, options);
    } catch (thrown) {
      const { file, name } = group.settings;
      const { message } = asPromfedError(thrown);
      log.error({ file, group: name, rule: rule.name, err: message }, 'state of alerts not restored');
    }
    rule.isRestored = true;
  }
  metrics.groupRestored(group.key, clock.now() - startMs);
}

async function restoreRule(
  rule: AlertingRule,
  intervalMs: number,
  nowMs: number,
  settings: RestoreSettings,
  options: RestoreGroupOptions,
): Promise<void> {
  const { forGracePeriodMs: gracePeriodMs, forOutageToleranceMs: outageToleranceMs } = options;
  const { forMs } = rule.settings;
  const alerts = [...rule.alerts];
  // With a shorter `for`, restoring would not let the alert fire earlier.
  if (forMs < gracePeriodMs || alerts.length === 0) return;
  const reader = { ...options, timeoutMs: options.queryTimeoutMs, engine: options.engine() };
  const groupLabelNames = groupLabelNamesOf(settings);
  const states = await readStoredState(rule, {
    ...reader,
    engine: options.restoreEngine ?? reader.engine,
    nowMs,
    outageToleranceMs,
    intervalMs,
    groupLabelNames,
  });
  const { externalLabels } = settings;
  const others = restoreAlerts(alerts, states, {
    nowMs,
    forMs,
    gracePeriodMs,
    externalLabels,
    groupLabelNames,
  });
  if (options.alertBackfill && others.length > 0) {
    await backfillAlerts(others, { ...reader, text: rule.text, nowMs, forMs, intervalMs });
  }
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
