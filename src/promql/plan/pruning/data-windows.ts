// Data windows: the times of the samples that each selector of an expression reads, over all steps of a query.

import type { TimeWindow } from '../../../model/index.js';
import {
  children,
  type CallExpr,
  type Expr,
  type SubqueryExpr,
  type VectorSelector,
} from '../../language/index.js';
import type { TimeShift } from '../node.js';
import { DEFAULT_LOOKBACK_MS, shiftOf, spanMs, type PlanTimes } from '../times.js';

/** From the first to the last time at which an expression is evaluated. */
interface Span {
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Functions that read the histogram before each of their samples, to compare the two. */
const COMPARING: ReadonlySet<string> = new Set(['histogram_count', 'histogram_sum', 'histogram_avg']);

/**
 * The window of every selector, and of the info series of every call of info(): the range or the lookback, shifted by
 * offset and `@`, at every step of the query and of the subqueries around it.
 *
 * @param infoTimes the times of the info series that enrich the argument of info().
 * @param alignsSubqueries false for windows that move with the steps of the query: those of a subquery then begin and
 *   end with its range, and not with its first and last step.
 * @throws PromfedError `execution` when a duration cannot be calculated.
 */
export function dataWindows(
  root: Expr,
  times: PlanTimes,
  infoTimes: (argument: Expr) => TimeShift,
  alignsSubqueries = true,
): ReadonlyMap<VectorSelector | CallExpr, TimeWindow> {
  const windows = new Map<VectorSelector | CallExpr, TimeWindow>();
  const { lookbackMs = DEFAULT_LOOKBACK_MS } = times;
  const pending = [{ expr: root, span: spanOf(times), marginMs: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { expr, span } = next;
    let { marginMs } = next;
    if (expr.kind === 'vectorSelector') {
      windows.set(expr, selectorWindow(expr, undefined, span, marginMs, times));
      continue;
    }
    if (expr.kind === 'matrixSelector') {
      const { selector } = expr;
      windows.set(selector, selectorWindow(selector, spanMs(expr.range, times), span, marginMs, times));
      continue;
    }
    if (expr.kind === 'call' && COMPARING.has(expr.func)) marginMs = 1;
    if (expr.kind === 'call' && expr.func === 'info') {
      const { firstMs, lastMs } = shifted(span, infoTimes(expr.args[0]!));
      windows.set(expr, { afterMs: firstMs - lookbackMs, untilMs: lastMs });
    }
    const inner = expr.kind === 'subquery' ? subquerySpan(expr, span, times, alignsSubqueries) : span;
    for (const child of children(expr)) pending.push({ expr: child, span: inner, marginMs });
  }
  return windows;
}

function spanOf({ startMs, endMs, stepMs, steps }: PlanTimes): Span {
  if (steps !== undefined) return steps;
  const lastMs = stepMs === 0 ? startMs : startMs + Math.floor((endMs - startMs) / stepMs) * stepMs;
  return { firstMs: startMs, lastMs };
}

/** @param marginMs read before the window as well. */
function selectorWindow(
  selector: VectorSelector,
  rangeMs: number | undefined,
  span: Span,
  marginMs: number,
  times: PlanTimes,
): TimeWindow {
  const { lookbackMs = DEFAULT_LOOKBACK_MS } = times;
  const { firstMs, lastMs } = shifted(span, shiftOf(selector, times));
  // Extended ranges read the sample before their start, smoothed ones also the sample after their end.
  const beforeMs = rangeMs === undefined || selector.extension === undefined ? 0 : lookbackMs;
  const behindMs = selector.extension === 'smoothed' ? lookbackMs : 0;
  return {
    afterMs: firstMs - (rangeMs ?? lookbackMs) - beforeMs - marginMs,
    untilMs: lastMs + behindMs,
  };
}

/**
 * The steps of a subquery are the multiples of its step that lie in its windows. When there are none, nothing is read,
 * and the span is that of the windows.
 *
 * Source: Prometheus, promql/engine.go (`eval`, SubqueryExpr).
 */
function subquerySpan(expr: SubqueryExpr, span: Span, times: PlanTimes, aligns: boolean): Span {
  const { firstMs, lastMs } = shifted(span, shiftOf(expr, times));
  const windows = { firstMs: firstMs - spanMs(expr.range, times), lastMs };
  if (!aligns) return windows;
  const stepMs = expr.step === undefined ? times.defaultStepMs : spanMs(expr.step, times);
  const steps = {
    firstMs: (Math.floor(windows.firstMs / stepMs) + 1) * stepMs,
    lastMs: Math.floor(lastMs / stepMs) * stepMs,
  };
  return steps.firstMs <= steps.lastMs ? steps : windows;
}

function shifted({ firstMs, lastMs }: Span, { offsetMs, atMs }: TimeShift): Span {
  return { firstMs: (atMs ?? firstMs) - offsetMs, lastMs: (atMs ?? lastMs) - offsetMs };
}
