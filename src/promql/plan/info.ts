// info(): the matchers and the times of its info series.

import { METRIC_NAME, type Matcher } from '../../model/index.js';
import { children, type Expr, type VectorSelector } from '../language/index.js';
import type { TimeShift } from './node.js';
import { shiftOf, type PlanTimes } from './times.js';

/** The matchers of a call of info(), from its second argument. */
export interface InfoMatchers {
  /** Matchers of the info series. Those of identifying labels are added when the series to enrich are known. */
  readonly series: readonly Matcher[];
  /** Matchers of metric names. A series that satisfies all of them is not enriched. When empty, every series is. */
  readonly infoNames: readonly Matcher[];
}

/**
 * Info metrics are `target_info` unless the query names others, and any `_info` metric when it only rules out names.
 *
 * Source: Prometheus, promql/info.go (`evalInfo`, `fetchInfoSeries`).
 */
export function infoMatchers(choice: VectorSelector | undefined): InfoMatchers {
  const { matchers } = choice ?? { matchers: [] };
  const names = matchers.filter(({ name }) => name === METRIC_NAME);
  const data = matchers.filter(({ name }) => name !== METRIC_NAME);
  const positive = names.filter(({ op }) => op === '=' || op === '=~');
  if (names.length === 0) {
    const targetInfo = { name: METRIC_NAME, op: '=', value: 'target_info' } as const;
    return { series: [targetInfo, ...data], infoNames: choice === undefined ? [targetInfo] : [] };
  }
  const anyInfo = { name: METRIC_NAME, op: '=~', value: '.+_info' } as const;
  const series = positive.length > 0 ? names : [anyInfo, ...names];
  return { series: [...series, ...data], infoNames: positive };
}

const UNMOVED: TimeShift = { offsetMs: 0, atMs: undefined };

/**
 * Returns a function from the first argument of a call of info() to the times of its info series: those of the first
 * selector in the argument, moved by its offset and `@` and by those of the subqueries around it. An argument without
 * a selector moves nothing. All calls together take time linear in the query, however they are nested.
 *
 * Source: Prometheus, promql/info.go (`infoSelectHints`).
 */
export function createInfoTimes(times: PlanTimes): (argument: Expr) => TimeShift {
  /** By expression; undefined for one that has no selector at or below it. */
  const known = new Map<Expr, TimeShift | undefined>();
  return (argument) => {
    const path: Frame[] = [];
    let next: Expr | undefined = argument;
    while (next !== undefined) {
      let found = known.get(next) ?? (next.kind === 'vectorSelector' ? shiftOf(next, times) : undefined);
      if (found !== undefined) {
        for (const { expr } of path.reverse()) {
          if (expr.kind === 'subquery') found = within(shiftOf(expr, times), found);
          known.set(expr, found);
        }
        return found;
      }
      path.push({ expr: next, below: known.has(next) ? [] : inOrder(next), visited: 0 });
      next = advance(path, known);
    }
    return UNMOVED;
  };
}

interface Frame {
  readonly expr: Expr;
  readonly below: readonly Expr[];
  visited: number;
}

/** Returns the next expression to visit. Expressions that are left on the way have no selector. */
function advance(path: Frame[], known: Map<Expr, TimeShift | undefined>): Expr | undefined {
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const child = top.below[top.visited++];
    if (child !== undefined) return child;
    known.set(top.expr, undefined);
    path.pop();
  }
  return undefined;
}

/** Prometheus visits the aggregated expression before the parameter. */
function inOrder(expr: Expr): readonly Expr[] {
  return expr.kind === 'aggregate' ? children(expr).toReversed() : children(expr);
}

/** Returns the shifts combined. An inner `@` fixes the time regardless of the outer shift. */
function within(outer: TimeShift, inner: TimeShift): TimeShift {
  return inner.atMs === undefined ? { offsetMs: outer.offsetMs + inner.offsetMs, atMs: outer.atMs } : inner;
}
