// As of which times info() reads its info series.

import { children, type Expr } from '../language/index.js';
import type { TimeShift } from './node.js';
import { offsetMs, tryAtMs, type PlanTimes } from './times.js';

const UNMOVED: TimeShift = { offsetMs: 0, atMs: undefined };

/**
 * Says of the first argument of info() how its first selector is moved, by itself and by the subqueries around it: as
 * of these times the info series are read. An argument without a selector moves nothing. Over all calls linear in the
 * query, however the calls of info() are nested.
 *
 * Source: Prometheus, promql/info.go (`infoSelectHints`).
 */
export function createInfoTimes(times: PlanTimes): (argument: Expr) => TimeShift {
  /** What was found at and below an expression: undefined where there is no selector. */
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

/** The next expression to look at; what is left on the way holds no selector. */
function advance(path: Frame[], known: Map<Expr, TimeShift | undefined>): Expr | undefined {
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const child = top.below[top.visited++];
    if (child !== undefined) return child;
    known.set(top.expr, undefined);
    path.pop();
  }
  return undefined;
}

/** Prometheus comes to what is aggregated before it comes to the parameter. */
function inOrder(expr: Expr): readonly Expr[] {
  return expr.kind === 'aggregate' ? children(expr).toReversed() : children(expr);
}

function shiftOf({ offset, at }: Extract<Expr, { offset: unknown }>, times: PlanTimes): TimeShift {
  return { offsetMs: offsetMs(offset, times), atMs: tryAtMs(at, times) };
}

/** The inner shift as seen from outside of the outer one: `@` fixes a time, wherever it is seen from. */
function within(outer: TimeShift, inner: TimeShift): TimeShift {
  return inner.atMs === undefined ? { offsetMs: outer.offsetMs + inner.offsetMs, atMs: outer.atMs } : inner;
}
