// Rewriting: an expression as one region is sent it.

import {
  stackSafe,
  type At,
  type BinaryExpr,
  type Duration,
  type Expr,
  type Position,
  type VectorSelector,
} from '../../language/index.js';
import { compareStrings, METRIC_NAME } from '../../../model/index.js';
import { matchersForGroup, type PlannedGroup } from '../pruning/group-pruning.js';
import type { SelectorRouting } from '../pruning/selector-routing.js';
import { offsetMs, spanMs, tryAtMs, tryQueryFunction, type PlanTimes } from '../times.js';

/**
 * An expression that is local, as a group is sent it; undefined when the group has nothing for it.
 *
 * The group's own labels are settled: matchers on them are dropped, they leave `by` and `on`, and they join `without` and `ignoring`, so
 * that a label of that name which a series brings along counts as little as it does in the union. Injected matchers
 * are added to every selector. Duration
 * expressions, default subquery steps, `@ start()` and the function `start()` become plain durations and times, so that regions of any age and
 * configuration compute the same, and for the same times: a region is asked up to the query's last step, not its end.
 */
export function rewrite(
  expr: Expr,
  group: PlannedGroup,
  times: PlanTimes,
  relevance: SelectorRouting,
): Expr | undefined {
  return stackSafe<Expr | undefined>((one, again) => rewriteOne(one, again, group, times, relevance))(expr);
}

type Again = (inner: Expr) => Expr | undefined;

/** Anything but `or` and `unless` has no result where one of its operands has no series. */
function rewriteOne(
  expr: Expr,
  again: Again,
  group: PlannedGroup,
  times: PlanTimes,
  relevance: SelectorRouting,
): Expr | undefined {
  switch (expr.kind) {
    case 'number':
    case 'string':
      return expr;
    case 'vectorSelector':
      return selectorForGroup(expr, group, times, relevance);
    case 'matrixSelector': {
      const selector = selectorForGroup(expr.selector, group, times, relevance);
      return selector && { ...expr, selector, range: plain(spanMs(expr.range, times), expr.range.position) };
    }
    case 'subquery': {
      const inner = again(expr.expr);
      if (inner === undefined) return undefined;
      return {
        ...expr,
        expr: inner,
        range: plain(spanMs(expr.range, times), expr.range.position),
        step:
          expr.step === undefined
            ? plain(times.defaultStepMs, expr.position)
            : plain(spanMs(expr.step, times), expr.step.position),
        ...shift(expr, times),
      };
    }
    case 'aggregate': {
      const inner = again(expr.expr);
      if (inner === undefined) return undefined;
      const grouping = namesForGroup(expr.grouping, !expr.without, group);
      return { ...expr, expr: inner, param: expr.param && again(expr.param), grouping };
    }
    case 'call': {
      const ofQuery = tryQueryFunction(expr.func, times);
      if (ofQuery !== undefined) return literal(ofQuery, expr.position);
      const args = expr.args.map((arg) => again(arg));
      return args.every((arg) => arg !== undefined) ? { ...expr, args } : undefined;
    }
    case 'binary':
      return rewriteBinary(expr, again, group);
    case 'unary':
    case 'paren': {
      const inner = again(expr.expr);
      return inner && { ...expr, expr: inner };
    }
  }
}

function rewriteBinary(expr: BinaryExpr, again: Again, group: PlannedGroup): Expr | undefined {
  const lhs = again(expr.lhs);
  const rhs = again(expr.rhs);
  if (lhs === undefined) return expr.op === 'or' ? rhs : undefined;
  if (rhs === undefined) return expr.op === 'or' || expr.op === 'unless' ? lhs : undefined;
  const { matching } = expr;
  if (matching === undefined) return { ...expr, lhs, rhs };
  const labels = namesForGroup(matching.labels, matching.on, group);
  const include = matching.include.filter((name) => !group.labels.has(name));
  return { ...expr, lhs, rhs, matching: { ...matching, labels, include } };
}

/** A number, in parentheses where its sign would bind looser than what stands around it. */
function literal(value: number, position: Position): Expr {
  const number = { kind: 'number', value, duration: false, position } as const;
  return value < 0 ? { kind: 'paren', expr: number, position } : number;
}

/** The names that a region is sent in place of those of `by` and `on` (`chosen`), or of `without` and `ignoring`. */
function namesForGroup(names: readonly string[], chosen: boolean, group: PlannedGroup): readonly string[] {
  return chosen
    ? names.filter((name) => !group.labels.has(name))
    : [...new Set([...names, ...group.labels.names()])].sort(compareStrings);
}

function selectorForGroup(
  selector: VectorSelector,
  group: PlannedGroup,
  times: PlanTimes,
  relevance: SelectorRouting,
): VectorSelector | undefined {
  if (!relevance(selector).groups.includes(group)) return undefined;
  const matchers = matchersForGroup(selector.matchers, group);
  return {
    ...selector,
    // A name before the braces allows for no other matcher on names between them.
    name: matchers.filter(({ name }) => name === METRIC_NAME).length > 1 ? '' : selector.name,
    matchers,
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
