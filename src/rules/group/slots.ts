// Evaluation times of a rule group: slots that depend on its file and name only.

import { Labels } from '../../model/index.js';
import { hashLabels } from '../../promql/functions/index.js';

const NS_PER_MS = 1_000_000n;

/** The offset of a group's slots in its interval: whole milliseconds, and the nanoseconds after them. */
export interface SlotOffset {
  readonly ms: number;
  /** Less than a million. */
  readonly ns: number;
}

/**
 * Returns the offset of a group. Replicas with the same files evaluate at the same times, and groups are spread over the
 * interval.
 *
 * Source: Prometheus, rules/group.go (`EvalTimestamp`).
 */
export function slotOffset(file: string, name: string, intervalMs: number): SlotOffset {
  const offsetNs = hashLabels(Labels.from({ file, name })) % (BigInt(intervalMs) * NS_PER_MS);
  return { ms: Number(offsetNs / NS_PER_MS), ns: Number(offsetNs % NS_PER_MS) };
}

/** Returns the whole milliseconds of the offset of a group. Evaluations have these times, as samples do. */
export function slotOffsetMs(file: string, name: string, intervalMs: number): number {
  return slotOffset(file, name, intervalMs).ms;
}

/** Returns the latest slot at or before a time, in milliseconds since the epoch. */
export function slotBefore(timeMs: number, intervalMs: number, offsetMs: number): number {
  return Math.floor((timeMs - offsetMs) / intervalMs) * intervalMs + offsetMs;
}
