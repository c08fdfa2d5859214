// The plan of a query that is evaluated here as a whole, from raw samples.

import {
  stackSafe,
  type At,
  type Duration,
  type Expr,
  type SubqueryExpr,
  type VectorSelector,
} from '../language/index.js';
import { absentLabels } from './absent-labels.js';
import { createInfoTimes } from './info-times.js';
import type { PlanNode, SelectorNode, SubqueryNode, TimeShift } from './node.js';
import { offsetMs, spanMs, tryAtMs, tryQueryFunction, type PlanTimes } from './times.js';

/**
 * Plans an expression without fetches: its leaves are selectors of raw samples.
 *
 * @throws PromfedError `execution` when a duration of the query cannot be calculated.
 */
export function planLocally(expr: Expr, times: PlanTimes): PlanNode {
  const infoTimes = createInfoTimes(times);
  return stackSafe<PlanNode>((one, plan) => planOne(one, plan, times, infoTimes))(expr);
}

function planOne(
  expr: Expr,
  plan: (inner: Expr) => PlanNode,
  times: PlanTimes,
  infoTimes: (argument: Expr) => TimeShift,
): PlanNode {
  const { position } = expr;
  switch (expr.kind) {
    case 'number':
      return { kind: 'number', value: expr.value, position };
    case 'string':
      return { kind: 'string', value: expr.value, position };
    case 'paren':
      return plan(expr.expr);
    case 'unary':
      return expr.op === '-' ? { kind: 'negate', input: plan(expr.expr), position } : plan(expr.expr);
    case 'binary':
      return { ...expr, lhs: plan(expr.lhs), rhs: plan(expr.rhs) };
    case 'aggregate':
      return { ...expr, input: plan(expr.expr), param: expr.param && plan(expr.param) };
    case 'call': {
      const ofQuery = tryQueryFunction(expr.func, times);
      if (ofQuery !== undefined) return { kind: 'number', value: ofQuery, position };
      const call = {
        kind: 'call',
        func: expr.func,
        args: expr.args.map((arg) => plan(arg)),
        position,
      } as const;
      if (expr.func === 'info') return { ...call, infoTimes: infoTimes(expr.args[0]!) };
      const isAbsent = expr.func === 'absent' || expr.func === 'absent_over_time';
      return isAbsent ? { ...call, absentLabels: absentLabels(expr.args[0]!) } : call;
    }
    case 'vectorSelector':
      return selector(expr, times);
    case 'matrixSelector':
      return {
        kind: 'range',
        selector: selector(expr.selector, times),
        rangeMs: spanMs(expr.range, times),
        position,
      };
    case 'subquery':
      return subqueryOver(plan(expr.expr), expr, times);
  }
}

/** The node of a subquery whose inside is planned already. */
export function subqueryOver(input: PlanNode, expr: SubqueryExpr, times: PlanTimes): SubqueryNode {
  return {
    kind: 'subquery',
    input,
    rangeMs: spanMs(expr.range, times),
    stepMs: expr.step && spanMs(expr.step, times),
    ...shift(expr, times),
    position: expr.position,
  };
}

function selector(expr: VectorSelector, times: PlanTimes): SelectorNode {
  const { matchers, extension, position } = expr;
  const node = { kind: 'selector', matchers, ...shift(expr, times), position } as const;
  return extension === undefined ? node : { ...node, extension };
}

function shift(
  expr: { readonly offset: Duration | undefined; readonly at: At | undefined },
  times: PlanTimes,
): TimeShift {
  return { offsetMs: offsetMs(expr.offset, times), atMs: tryAtMs(expr.at, times) };
}
