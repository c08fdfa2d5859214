// The times of a query, and how they resolve `@`, offsets, ranges and steps.

import { resolveDuration, resolvePositiveDuration, type At, type Duration } from '../language/index.js';
import type { TimeShift } from './node.js';

/** The lookback of instant selectors when none is configured. Source: Prometheus, promql/engine.go. */
export const DEFAULT_LOOKBACK_MS = 300_000;

/** All in milliseconds. */
export interface PlanTimes {
  /** The requested start and end of the query; both are the time of an instant query. */
  readonly startMs: number;
  /** The last step lies before it when the step does not divide the range. */
  readonly endMs: number;
  /** 0 for an instant query. */
  readonly stepMs: number;
  /** Default step of subqueries. Regions are sent this step, so that their own default does not apply. */
  readonly defaultStepMs: number;
  /** Lookback of instant selectors. Default `DEFAULT_LOOKBACK_MS`. */
  readonly lookbackMs?: number | undefined;
  /** The first and the last step that are planned, when they are not all steps of the query. */
  readonly steps?: { readonly firstMs: number; readonly lastMs: number } | undefined;
}

/** Returns the value of start(), end(), range() or step() in seconds; undefined for any other function. */
export function tryQueryFunction(func: string, { startMs, endMs, stepMs }: PlanTimes): number | undefined {
  switch (func) {
    case 'start':
      return startMs / 1000;
    case 'end':
      return endMs / 1000;
    case 'range':
      return (endMs - startMs) / 1000;
    case 'step':
      return stepMs / 1000;
    default:
      return undefined;
  }
}

/**
 * How offset and `@` move the times of a selector or a subquery.
 *
 * @throws PromfedError `execution` when the offset cannot be calculated.
 */
export function shiftOf(
  { offset, at }: { readonly offset: Duration | undefined; readonly at: At | undefined },
  times: PlanTimes,
): TimeShift {
  return {
    offsetMs: offset === undefined ? 0 : resolveDuration(offset, contextOf(times)),
    atMs: at === undefined ? undefined : atMs(at, times),
  };
}

function atMs(at: At, { startMs, endMs }: PlanTimes): number {
  return at.kind === 'timestamp' ? at.timeMs : at.kind === 'start' ? startMs : endMs;
}

/**
 * A range or a step, milliseconds.
 *
 * @throws PromfedError `execution` when it cannot be calculated or is not greater than zero.
 */
export function spanMs(span: Duration, times: PlanTimes): number {
  return resolvePositiveDuration(span, contextOf(times));
}

function contextOf({ startMs, endMs, stepMs }: PlanTimes): {
  readonly stepMs: number;
  readonly rangeMs: number;
} {
  return { stepMs, rangeMs: endMs - startMs };
}
