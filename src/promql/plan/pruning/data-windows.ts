// Data windows: the times of the samples that each selector of an expression looks at, over all steps of a query.

import type { TimeWindow } from '../../../model/index.js';
import { children, type At, type Duration, type Expr, type VectorSelector } from '../../language/index.js';
import { DEFAULT_LOOKBACK_MS, offsetMs, spanMs, tryAtMs, type PlanTimes } from '../times.js';

/** From the first to the last time at which something is evaluated. */
interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * The window of every selector: its range or lookback, shifted by offset and `@`, at every step of the query and of the
 * subqueries around it. At least what is looked at: between far apart steps there may be samples that nobody needs.
 *
 * @throws PromfedError `execution` when a duration cannot be calculated.
 */
export function dataWindows(expr: Expr, times: PlanTimes): ReadonlyMap<VectorSelector, TimeWindow> {
  const windows = new Map<VectorSelector, TimeWindow>();
  const pending: { readonly expr: Expr; readonly span: Span }[] = [{ expr, span: spanOf(times) }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { expr, span } = next;
    if (expr.kind === 'vectorSelector') {
      windows.set(expr, windowOf(expr, undefined, span, times));
    } else if (expr.kind === 'matrixSelector') {
      windows.set(expr.selector, windowOf(expr.selector, spanMs(expr.range, times), span, times));
    } else if (expr.kind === 'subquery') {
      const { fromMs, toMs } = shifted(expr, span, times);
      pending.push({ expr: expr.expr, span: { fromMs: fromMs - spanMs(expr.range, times), toMs } });
    } else {
      for (const child of children(expr)) pending.push({ expr: child, span });
    }
  }
  return windows;
}

function spanOf({ startMs, endMs, stepMs, steps }: PlanTimes): Span {
  if (steps !== undefined) return { fromMs: steps.firstMs, toMs: steps.lastMs };
  const lastMs = stepMs === 0 ? startMs : startMs + Math.floor((endMs - startMs) / stepMs) * stepMs;
  return { fromMs: startMs, toMs: lastMs };
}

function windowOf(
  selector: VectorSelector,
  rangeMs: number | undefined,
  span: Span,
  times: PlanTimes,
): TimeWindow {
  const lookbackMs = times.lookbackMs ?? DEFAULT_LOOKBACK_MS;
  const { fromMs, toMs } = shifted(selector, span, times);
  // Anchored and smoothed selectors look beyond their edges.
  const extraMs = selector.extension === undefined ? 0 : lookbackMs;
  return { afterMs: fromMs - (rangeMs ?? lookbackMs) - extraMs, untilMs: toMs + extraMs };
}

function shifted(
  expr: { readonly at: At | undefined; readonly offset: Duration | undefined },
  { fromMs, toMs }: Span,
  times: PlanTimes,
): Span {
  const atMs = tryAtMs(expr.at, times);
  const shiftMs = offsetMs(expr.offset, times);
  return { fromMs: (atMs ?? fromMs) - shiftMs, toMs: (atMs ?? toMs) - shiftMs };
}
