// The state of rules as plain data, for the API and for other processes.

import type { Histogram } from '../model/index.js';
import type { Pacer } from '../runtime/index.js';
import type { ActiveAlert, AlertState } from './alert/active-alert.js';
import type { AlertingRule } from './alert/alerting-rule.js';
import type { RuleGroup } from './group/rule-group.js';
import { slotBefore, slotOffset, type SlotOffset } from './group/slots.js';
import type { RuleHealth } from './rule-health.js';

type Texts = Readonly<Record<string, string>>;

/** Times are milliseconds since the epoch, and undefined before the first evaluation. Durations are milliseconds. */
export interface RuleGroupView {
  readonly name: string;
  readonly file: string;
  readonly intervalMs: number;
  readonly limit: number;
  readonly evaluationMs: number;
  readonly evaluatedAtMs: number | undefined;
  /** With an election: the identity of the replica that evaluates the group, empty when none does. */
  readonly evaluatedBy?: string;
  /** In the order of the file. */
  readonly rules: readonly RuleView[];
}

export type RuleView = AlertingRuleView | RecordingRuleView;

interface CommonView {
  readonly name: string;
  readonly query: string;
  readonly labels: Texts;
  readonly health: RuleHealth;
  readonly lastError: string | undefined;
  readonly evaluationMs: number;
  readonly evaluatedAtMs: number | undefined;
  /** Names of the server groups that were missing from the last result. */
  readonly missingGroups: readonly string[];
}

export interface RecordingRuleView extends CommonView {
  readonly kind: 'recording';
}

export interface AlertingRuleView extends CommonView {
  readonly kind: 'alerting';
  /** The highest state of the alerts; `unknown` before the first evaluation. */
  readonly state: AlertState | 'unknown';
  readonly forMs: number;
  readonly keepFiringForMs: number;
  readonly annotations: Texts;
  /** Pending and firing alerts. */
  readonly alerts: readonly AlertView[];
}

export interface AlertView {
  readonly labels: Texts;
  readonly annotations: Texts;
  readonly state: AlertState;
  readonly activeAtMs: number;
  readonly keepFiringSinceMs: number | undefined;
  /** Nanoseconds after both times, less than a million: slots are computed in nanoseconds. 0 when they are not slots. */
  readonly slotNs: number;
  /** 0 for a histogram, as in Prometheus. */
  readonly value: number;
}

const STATES: readonly AlertState[] = ['firing', 'pending', 'inactive'];

/**
 * Returns a copy of the state of a group. Runs in time slices: a rule may have a hundred thousand alerts.
 *
 * @param evaluatedBy undefined without an election.
 */
export async function viewOfGroup(
  { settings, rules, evaluationMs, evaluatedAtMs }: RuleGroup,
  pacer: Pacer,
  evaluatedBy?: string,
): Promise<RuleGroupView> {
  const { name, file, intervalMs, limit } = settings;
  const offset = slotOffset(file, name, intervalMs);
  const views: RuleView[] = [];
  for (const rule of rules) {
    const { evaluation } = rule;
    const common = {
      name: rule.name,
      query: rule.text,
      // With empty values, as in Prometheus.
      labels: Object.fromEntries(rule.settings.labels),
      health: evaluation.health,
      lastError: evaluation.lastError,
      evaluationMs: evaluation.durationMs,
      evaluatedAtMs: evaluation.startedAtMs,
      missingGroups: evaluation.missingGroups,
    };
    if (rule.kind === 'recording') views.push({ kind: 'recording', ...common });
    else views.push(await viewOfAlertingRule(rule, common, { intervalMs, offset }, pacer));
  }
  return {
    name,
    file,
    intervalMs,
    limit,
    evaluationMs,
    evaluatedAtMs,
    ...(evaluatedBy === undefined ? {} : { evaluatedBy }),
    rules: views,
  };
}

interface GroupSlots {
  readonly intervalMs: number;
  readonly offset: SlotOffset;
}

async function viewOfAlertingRule(
  rule: AlertingRule,
  common: CommonView,
  slots: GroupSlots,
  pacer: Pacer,
): Promise<AlertingRuleView> {
  const alerts = [...rule.alerts];
  const views: AlertView[] = [];
  for (const alert of alerts) {
    if (pacer.due) await pacer.pause();
    if (alert.resolvedAtMs === undefined) views.push(viewOfAlert(alert, slots));
  }
  const state = STATES.find((one) => alerts.some((alert) => alert.state === one)) ?? 'inactive';
  return {
    kind: 'alerting',
    ...common,
    state: common.evaluatedAtMs === undefined ? 'unknown' : state,
    forMs: rule.settings.forMs,
    keepFiringForMs: rule.settings.keepFiringForMs,
    annotations: Object.fromEntries(rule.settings.annotations),
    alerts: views,
  };
}

function viewOfAlert(alert: ActiveAlert, { intervalMs, offset }: GroupSlots): AlertView {
  const { activeAtMs } = alert;
  // The restored time of an alert is not a slot of its group.
  const isSlot = slotBefore(activeAtMs, intervalMs, offset.ms) === activeAtMs;
  return {
    labels: alert.labels.toJSON(),
    annotations: Object.fromEntries(alert.annotations),
    state: alert.state,
    activeAtMs: alert.activeAtMs,
    keepFiringSinceMs: alert.keepFiringSinceMs,
    slotNs: isSlot ? offset.ns : 0,
    value: floatOf(alert.value),
  };
}

function floatOf(value: number | Histogram): number {
  return typeof value === 'number' ? value : 0;
}
