// Rewriting: an expression as one region is sent it.

import {
  atAnyDepth,
  type At,
  type Duration,
  type Expr,
  type Position,
  type VectorSelector,
} from '../language/index.js';
import { compareStrings } from '../../model/index.js';
import { matchersForGroup, type PlannedGroup } from './groups.js';
import { offsetMs, spanMs, tryAtMs, tryQueryFunction, type PlanTimes } from './times.js';

/**
 * An expression that is local, as a group is sent it.
 *
 * The group's own labels are settled: matchers on them are dropped, they leave `by`, and they join `without`, so
 * that a label of that name which a series brings along counts as little as it does in the union. Duration
 * expressions, default subquery steps, `@ start()` and the function `start()` become plain durations and times, so that regions of any age and
 * configuration compute the same, and for the same times: a region is asked up to the query's last step, not its end.
 */
export function rewrite(expr: Expr, group: PlannedGroup, times: PlanTimes): Expr {
  return atAnyDepth<Expr>((one, again) => rewriteOne(one, again, group, times))(expr);
}

function rewriteOne(expr: Expr, again: (inner: Expr) => Expr, group: PlannedGroup, times: PlanTimes): Expr {
  switch (expr.kind) {
    case 'number':
    case 'string':
      return expr;
    case 'vectorSelector':
      return selectorForGroup(expr, group, times);
    case 'matrixSelector':
      return {
        ...expr,
        selector: selectorForGroup(expr.selector, group, times),
        range: plain(spanMs(expr.range, times), expr.range.position),
      };
    case 'subquery':
      return {
        ...expr,
        expr: again(expr.expr),
        range: plain(spanMs(expr.range, times), expr.range.position),
        step:
          expr.step === undefined
            ? plain(times.defaultStepMs, expr.position)
            : plain(spanMs(expr.step, times), expr.step.position),
        ...shift(expr, times),
      };
    case 'aggregate':
      return {
        ...expr,
        expr: again(expr.expr),
        param: expr.param && again(expr.param),
        grouping: groupingForGroup(expr.grouping, expr.without, group),
      };
    case 'call': {
      const ofQuery = tryQueryFunction(expr.func, times);
      return ofQuery === undefined
        ? { ...expr, args: expr.args.map(again) }
        : literal(ofQuery, expr.position);
    }
    case 'binary':
      return { ...expr, lhs: again(expr.lhs), rhs: again(expr.rhs) };
    case 'unary':
    case 'paren':
      return { ...expr, expr: again(expr.expr) };
  }
}

/** A number, in parentheses where its sign would bind looser than what stands around it. */
function literal(value: number, position: Position): Expr {
  const number = { kind: 'number', value, duration: false, position } as const;
  return value < 0 ? { kind: 'paren', expr: number, position } : number;
}

/** The grouping that a region is sent in place of `by (…)` or `without (…)`. */
function groupingForGroup(
  grouping: readonly string[],
  without: boolean,
  group: PlannedGroup,
): readonly string[] {
  const own = group.labels.names();
  return without
    ? [...new Set([...grouping, ...own])].sort(compareStrings)
    : grouping.filter((name) => !group.labels.has(name));
}

function selectorForGroup(selector: VectorSelector, group: PlannedGroup, times: PlanTimes): VectorSelector {
  return {
    ...selector,
    matchers: matchersForGroup(selector.matchers, group),
    ...shift(selector, times),
  };
}

/** Offset and `@` as the region is told them. */
function shift(
  expr: { readonly offset: Duration | undefined; readonly at: At | undefined; readonly position: Position },
  times: PlanTimes,
): { readonly offset: Duration | undefined; readonly at: At | undefined } {
  const ms = offsetMs(expr.offset, times);
  const atMs = tryAtMs(expr.at, times);
  return {
    offset: ms === 0 ? undefined : plain(ms, expr.position),
    at: atMs === undefined ? undefined : { kind: 'timestamp', timeMs: atMs },
  };
}

function plain(ms: number, position: Position): Duration {
  return { kind: 'durationLiteral', ms, seconds: ms / 1000, number: false, position };
}
