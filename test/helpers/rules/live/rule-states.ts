// The states of rules as the API returns them, comparable between two servers.

import { slotBefore, slotOffsetMs } from '../../../../src/rules/group/slots.js';

interface ApiAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: string;
  readonly activeAt: string;
  readonly value: string;
  readonly keepFiringSince?: string;
}

interface ApiRule {
  readonly name: string;
  readonly type: string;
  readonly health: string;
  readonly lastEvaluation: string;
  readonly query: string;
  readonly state?: string;
  readonly duration?: number;
  readonly keepFiringFor?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly alerts?: readonly ApiAlert[];
}

interface ApiGroup {
  readonly name: string;
  readonly file: string;
  readonly interval: number;
  readonly rules: readonly ApiRule[];
}

/** The answers of a server, and the time before and after its requests. */
export interface RuleStates {
  readonly groups: readonly ApiGroup[];
  readonly alerts: readonly ApiAlert[];
  readonly startMs: number;
  readonly endMs: number;
}

export async function readRuleStates(url: string): Promise<RuleStates> {
  const startMs = Date.now();
  const read = async (path: string): Promise<unknown> =>
    ((await (await fetch(`${url}${path}`)).json()) as { readonly data: unknown }).data;
  const rules = await read('/api/v1/rules');
  // Afterwards, so that alerts are not older than rules whose evaluation is complete.
  const alerts = await read('/api/v1/alerts');
  return {
    groups: (rules as { readonly groups?: readonly ApiGroup[] } | undefined)?.groups ?? [],
    alerts: (alerts as { readonly alerts?: readonly ApiAlert[] } | undefined)?.alerts ?? [],
    startMs,
    endMs: Date.now(),
  };
}

/**
 * Returns the slot of a group whose evaluation is complete in the states; undefined while it is evaluated, or when the next
 * slot has begun.
 */
export function completeSlot(states: RuleStates, name: string): number | undefined {
  const group = states.groups.find((one) => one.name === name);
  if (group === undefined) return undefined;
  const intervalMs = group.interval * 1000;
  const offsetMs = slotOffsetMs(group.file, group.name, intervalMs);
  const slotMs = slotBefore(states.startMs, intervalMs, offsetMs);
  if (slotBefore(states.endMs, intervalMs, offsetMs) !== slotMs) return undefined;
  const isComplete = group.rules.every(({ lastEvaluation }) => Date.parse(lastEvaluation) >= slotMs);
  return isComplete ? slotMs : undefined;
}

/**
 * Returns a group in a form that is equal for equal states. Alerts that became active before a time are left out: servers
 * start at different times.
 *
 * @param before names of the alerts that one of the servers had then (`alertsBefore`): the states of their rules are equal.
 */
export function comparableGroup(
  states: RuleStates,
  name: string,
  sinceMs: number,
  before: ReadonlySet<string>,
): object {
  const { file, interval, rules } = states.groups.find((one) => one.name === name)!;
  const names = new Set(rules.map((rule) => rule.name));
  return {
    name,
    file,
    interval,
    rules: rules.map((rule) => {
      const alerts = rule.alerts ?? [];
      const { type, health, query, duration, keepFiringFor, labels = {}, annotations = {} } = rule;
      return {
        name: rule.name,
        type,
        health,
        query,
        duration,
        keepFiringFor,
        labels: sorted(labels),
        annotations: sorted(annotations),
        state: before.has(rule.name) ? 'before' : rule.state,
        alerts: comparableAlerts(alerts, sinceMs),
      };
    }),
    // The same alerts, as the other endpoint returns them.
    alerts: comparableAlerts(
      states.alerts.filter(({ labels }) => names.has(labels['alertname']!)),
      sinceMs,
    ),
  };
}

/** Returns the names of the alerts that became active before a time. */
export function alertsBefore({ alerts }: RuleStates, sinceMs: number): string[] {
  return alerts
    .filter(({ activeAt }) => Date.parse(activeAt) <= sinceMs)
    .map(({ labels }) => labels['alertname']!);
}

function comparableAlerts(alerts: readonly ApiAlert[], sinceMs: number): object[] {
  return alerts
    .filter(({ activeAt }) => Date.parse(activeAt) > sinceMs)
    .map(({ labels, annotations, state, activeAt, value, keepFiringSince }) => ({
      labels: sorted(labels),
      annotations: sorted(annotations),
      state,
      activeAt,
      value: roundedValue(value),
      keepFiringSince,
    }))
    .sort((a, b) => (JSON.stringify(a.labels) < JSON.stringify(b.labels) ? -1 : 1));
}

function sorted(map: Readonly<Record<string, string>>): object {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Sums over regions are rounded in another order. */
export function roundedValue(text: string): string {
  const value = Number(text.replace('Inf', 'Infinity'));
  return value.toPrecision(12);
}
