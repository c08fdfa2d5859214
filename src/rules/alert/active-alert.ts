// One active alert of an alerting rule, and the changes of its state.

import type { Histogram, Labels } from '../../model/index.js';

export type AlertState = 'inactive' | 'pending' | 'firing';

/**
 * One alert. Mutable; owned by its rule. Times are evaluation times in milliseconds since the epoch.
 *
 * Source: Prometheus, rules/alerting.go (`Alert`).
 */
export interface ActiveAlert {
  readonly labels: Labels;
  /** The labels of the sample, before the labels of the rule were set. */
  sourceLabels: Labels;
  annotations: readonly (readonly [name: string, value: string])[];
  state: AlertState;
  /** The value at the last evaluation that returned the alert. */
  value: number | Histogram;
  activeAtMs: number;
  firedAtMs: number | undefined;
  resolvedAtMs: number | undefined;
  lastSentAtMs: number | undefined;
  /** Set while `keep_firing_for` keeps the alert firing. */
  keepFiringSinceMs: number | undefined;
}

/** Resolved alerts are kept, and sent again, for this time. Source: Prometheus, rules/alerting.go. */
const RESOLVED_RETENTION_MS = 15 * 60_000;

export interface AlertDurations {
  /** `for`. */
  readonly forMs: number;
  /** `keep_firing_for`. */
  readonly keepFiringForMs: number;
}

/** Updates an alert that the expression returned. */
export function advance(alert: ActiveAlert, timeMs: number, { forMs }: AlertDurations): void {
  alert.keepFiringSinceMs = undefined;
  updateFiring(alert, timeMs, forMs);
}

/**
 * Updates an alert that the expression did not return.
 *
 * @returns false when the alert is to be removed.
 */
export function lapse(alert: ActiveAlert, timeMs: number, durations: AlertDurations): boolean {
  if (keepsFiring(alert, timeMs, durations.keepFiringForMs)) {
    updateFiring(alert, timeMs, durations.forMs);
    return true;
  }
  const { state, resolvedAtMs } = alert;
  if (state === 'pending') return false;
  if (resolvedAtMs !== undefined && timeMs - resolvedAtMs > RESOLVED_RETENTION_MS) return false;
  if (state !== 'inactive') {
    alert.state = 'inactive';
    alert.resolvedAtMs = timeMs;
  }
  return true;
}

/** Reports whether an alert is due for sending, as firing or as resolved. */
export function needsSending(alert: ActiveAlert, timeMs: number, resendDelayMs: number): boolean {
  const { state, lastSentAtMs = -Infinity, resolvedAtMs } = alert;
  if (state === 'pending') return false;
  if (resolvedAtMs !== undefined && resolvedAtMs > lastSentAtMs) return true;
  return lastSentAtMs + resendDelayMs < timeMs;
}

/** Moves all times of an alert. */
export function shiftTimes(alert: ActiveAlert, byMs: number): void {
  const shifted = (timeMs: number | undefined): number | undefined =>
    timeMs === undefined ? undefined : timeMs + byMs;
  alert.activeAtMs += byMs;
  alert.firedAtMs = shifted(alert.firedAtMs);
  alert.resolvedAtMs = shifted(alert.resolvedAtMs);
  alert.lastSentAtMs = shifted(alert.lastSentAtMs);
  alert.keepFiringSinceMs = shifted(alert.keepFiringSinceMs);
}

function keepsFiring(alert: ActiveAlert, timeMs: number, keepFiringForMs: number): boolean {
  if (alert.state !== 'firing' || keepFiringForMs <= 0) return false;
  alert.keepFiringSinceMs ??= timeMs;
  return timeMs - alert.keepFiringSinceMs < keepFiringForMs;
}

/** Fires a pending alert whose time has come. A firing alert becomes pending when `for` was raised by a reload. */
function updateFiring(alert: ActiveAlert, timeMs: number, forMs: number): void {
  const isDue = timeMs - alert.activeAtMs >= forMs;
  if (alert.state === 'pending' && isDue) {
    alert.state = 'firing';
    alert.firedAtMs = timeMs;
  } else if (alert.state === 'firing' && !isDue) {
    alert.state = 'pending';
    alert.firedAtMs = undefined;
    alert.lastSentAtMs = undefined;
    alert.keepFiringSinceMs = undefined;
  }
}
