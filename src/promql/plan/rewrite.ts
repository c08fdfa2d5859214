// Rewriting: an expression as one region is sent it.

import {
  resolveDuration,
  type Duration,
  type Expr,
  type Position,
  type VectorSelector,
} from '../language/index.js';
import { matchersForGroup, type PlannedGroup } from './groups.js';
import { sortedNames } from './reach.js';

/** What durations and subqueries of the query depend on, in milliseconds. */
export interface PlanTimes {
  /** The query's step; of an instant query 0. */
  readonly stepMs: number;
  /** From the query's start to its end; of an instant query 0. */
  readonly rangeMs: number;
  /** The step of subqueries that name none: promfed's own, not the region's. */
  readonly defaultStepMs: number;
}

/**
 * An expression that is local, as a group is sent it.
 *
 * The group's own labels are settled: matchers on them are dropped, they leave `by`, and they join `without`, so
 * that a label of that name which a series brings along counts as little as it does in the union. Duration
 * expressions and default subquery steps become plain durations, so that regions of any age and configuration
 * compute the same.
 */
export function rewrite(expr: Expr, group: PlannedGroup, times: PlanTimes): Expr {
  const again = (inner: Expr): Expr => rewrite(inner, group, times);
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
        range: literal(expr.range, times),
      };
    case 'subquery':
      return {
        ...expr,
        expr: again(expr.expr),
        range: literal(expr.range, times),
        step: expr.step === undefined ? plain(times.defaultStepMs, expr.position) : literal(expr.step, times),
        offset: expr.offset && literal(expr.offset, times),
      };
    case 'aggregate':
      return {
        ...expr,
        expr: again(expr.expr),
        param: expr.param && again(expr.param),
        grouping: groupingForGroup(expr.grouping, expr.without, group),
      };
    case 'call':
      return { ...expr, args: expr.args.map(again) };
    case 'binary':
      return { ...expr, lhs: again(expr.lhs), rhs: again(expr.rhs) };
    case 'unary':
    case 'paren':
      return { ...expr, expr: again(expr.expr) };
  }
}

/** The grouping that a region is sent in place of `by (…)` or `without (…)`. */
function groupingForGroup(
  grouping: readonly string[],
  without: boolean,
  group: PlannedGroup,
): readonly string[] {
  const own = group.labels.names();
  return without ? sortedNames([...grouping, ...own]) : grouping.filter((name) => !group.labels.has(name));
}

function selectorForGroup(selector: VectorSelector, group: PlannedGroup, times: PlanTimes): VectorSelector {
  return {
    ...selector,
    matchers: matchersForGroup(selector.matchers, group),
    offset: selector.offset && literal(selector.offset, times),
  };
}

function literal(duration: Duration, times: PlanTimes): Duration {
  if (duration.kind === 'durationLiteral') return duration;
  return plain(resolveDuration(duration, times), duration.position);
}

function plain(ms: number, position: Position): Duration {
  return { kind: 'durationLiteral', ms, seconds: ms / 1000, number: false, position };
}
