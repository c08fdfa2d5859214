// Restoring the time since which alerts are active, after a restart.

import type { Labels } from '../../model/index.js';
import type { ActiveAlert } from '../alert/active-alert.js';
import type { StoredState } from './stored-state.js';

export interface RestoreOptions {
  readonly nowMs: number;
  /** `for`. */
  readonly forMs: number;
  /** Minimum time between a restart and firing, `--rules.alert.for-grace-period`. */
  readonly gracePeriodMs: number;
  /** `global.external_labels`, which remote write adds to the series. */
  readonly externalLabels: Labels;
  /** Names of labels that server groups set on the series that they return. */
  readonly groupLabelNames: ReadonlySet<string>;
  /** Maximum age of a state that continues as if there had been no interruption. Default: none continues. */
  readonly continueMs?: number;
}

/**
 * Restores the alerts that have a stored state. An alert and a series match when their labels are equal without external
 * labels that only the series has. Labels of server groups are compared first, and ignored when that finds nothing,
 * because reading a series through a server group overrides them. Of several series the latest one counts.
 *
 * @returns the alerts that were not restored.
 */
export function restoreAlerts(
  alerts: Iterable<ActiveAlert>,
  states: readonly StoredState[],
  options: RestoreOptions,
): ActiveAlert[] {
  const activeAt = createRestoredActiveAt(states, options);
  const others: ActiveAlert[] = [];
  for (const alert of alerts) {
    const activeAtMs = activeAt(alert.labels);
    if (activeAtMs === undefined) others.push(alert);
    else alert.activeAtMs = activeAtMs;
  }
  return others;
}

/** Returns the time since which an alert is active by its labels; undefined when it has no stored state. */
export type RestoredActiveAt = (labels: Labels) => number | undefined;

/** Prepares `restoreAlerts` for alerts that are not known yet. */
export function createRestoredActiveAt(
  states: readonly StoredState[],
  options: RestoreOptions,
): RestoredActiveAt {
  const { externalLabels, groupLabelNames } = options;
  const exact = new Map<string, StoredState>();
  const loose = new Map<string, StoredState>();
  const keepLatest = (byKey: Map<string, StoredState>, key: string, state: StoredState): void => {
    const known = byKey.get(key);
    if (known === undefined || known.writtenAtMs < state.writtenAtMs) byKey.set(key, state);
  };
  for (const state of states) {
    keepLatest(exact, state.labels.key, state);
    keepLatest(exact, withoutExternal(state.labels, externalLabels).key, state);
    keepLatest(loose, withoutExternal(state.labels, externalLabels).drop(groupLabelNames).key, state);
  }
  return (labels) => {
    const own = withoutExternal(labels, externalLabels);
    const state = exact.get(labels.key) ?? exact.get(own.key) ?? loose.get(own.drop(groupLabelNames).key);
    return state === undefined ? undefined : restoredActiveAt(state, options);
  };
}

/**
 * Source: Prometheus, rules/group.go (`RestoreForState`). The time in which no rule was evaluated does not count, unless
 * the alert was firing. An alert that would fire within the grace period fires at its end.
 */
function restoredActiveAt(
  { activeAtMs, writtenAtMs }: StoredState,
  { nowMs, forMs, gracePeriodMs, continueMs = -Infinity }: RestoreOptions,
): number {
  if (nowMs - writtenAtMs <= continueMs) return activeAtMs;
  const remainingMs = forMs - (writtenAtMs - activeAtMs);
  if (remainingMs <= 0) return activeAtMs;
  if (remainingMs < gracePeriodMs) return nowMs + gracePeriodMs - forMs;
  return activeAtMs + (nowMs - writtenAtMs);
}

function withoutExternal(labels: Labels, external: Labels): Labels {
  const added = [...external].filter(([name, value]) => labels.get(name) === value).map(([name]) => name);
  return added.length === 0 ? labels : labels.drop(new Set(added));
}
