// The times of a query that a plan depends on, and what they make of `@`, ranges and steps.

import { resolveDuration, resolvePositiveDuration, type At, type Duration } from '../language/index.js';

/** The lookback of instant selectors that nothing configures. Source: Prometheus, promql/engine.go. */
export const DEFAULT_LOOKBACK_MS = 300_000;

/** All in milliseconds. */
export interface PlanTimes {
  /** The query's start and end as they were asked for; of an instant query both are its time. */
  readonly startMs: number;
  /** Not the last step, which lies before it when the step does not divide the range. */
  readonly endMs: number;
  /** Of an instant query 0. */
  readonly stepMs: number;
  /** The step of subqueries that name none: promfed's own, not the region's. */
  readonly defaultStepMs: number;
  /** Lookback of instant selectors. Default `DEFAULT_LOOKBACK_MS`. */
  readonly lookbackMs?: number | undefined;
  /** The steps that are planned for, both inclusive, where they are not all of the query's. */
  readonly steps?: { readonly firstMs: number; readonly lastMs: number } | undefined;
}

/** What a function of the query itself gives, in seconds; undefined for any other function. */
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

/** The time that `@` fixes, milliseconds; undefined without one. */
export function tryAtMs(at: At | undefined, times: PlanTimes): number | undefined {
  if (at === undefined) return undefined;
  return at.kind === 'timestamp' ? at.timeMs : at.kind === 'start' ? times.startMs : times.endMs;
}

/** @throws PromfedError `execution` when the duration cannot be calculated. */
export function offsetMs(offset: Duration | undefined, times: PlanTimes): number {
  return offset === undefined ? 0 : resolveDuration(offset, contextOf(times));
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
