// Evaluation times of a rule group: slots that depend on its file and name only.

import { Labels } from '../../model/index.js';
import { hashLabels } from '../../promql/functions/index.js';

const NS_PER_MS = 1_000_000n;

/**
 * Returns the offset of a group's slots in its interval, in milliseconds, rounded down. Replicas with the same files
 * evaluate at the same times, and groups are spread over the interval.
 *
 * Source: Prometheus, rules/group.go (`EvalTimestamp`).
 */
export function slotOffsetMs(file: string, name: string, intervalMs: number): number {
  const offsetNs = hashLabels(Labels.from({ file, name })) % (BigInt(intervalMs) * NS_PER_MS);
  return Number(offsetNs / NS_PER_MS);
}

/** Returns the latest slot at or before a time, in milliseconds since the epoch. */
export function slotBefore(timeMs: number, intervalMs: number, offsetMs: number): number {
  return Math.floor((timeMs - offsetMs) / intervalMs) * intervalMs + offsetMs;
}
