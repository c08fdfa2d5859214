// Plans without pushdown: raw samples are read from the groups, and promfed evaluates everything else.

import {
  stackSafe,
  type CallExpr,
  type Expr,
  type MatrixSelector,
  type SubqueryExpr,
  type VectorSelector,
} from '../language/index.js';
import { absentLabels } from './absent-labels.js';
import { createInfoTimes, infoMatchers } from './info.js';
import type {
  InfoSeries,
  PlanNode,
  RangeNode,
  Selection,
  SelectorNode,
  SubqueryNode,
  TimeShift,
} from './node.js';
import type { PrunedGroups } from './pruning/group-pruning.js';
import { areDisjoint, matchersForGroup, type PlannedGroup } from './pruning/planned-group.js';
import { SelectorRouting } from './pruning/selector-routing.js';
import { shiftOf, spanMs, tryQueryFunction, type PlanTimes } from './times.js';

/**
 * Plans an expression without fetches: its leaves are selectors of raw samples.
 *
 * @param groups the server groups; empty for an evaluation over one source of samples.
 * @throws PromfedError `execution` when a duration of the query cannot be calculated.
 */
export function planLocally(expr: Expr, times: PlanTimes, groups: readonly PlannedGroup[] = []): PlanNode {
  return new LocalPlanner(times, SelectorRouting.create(expr, groups, times)).plan(expr);
}

/** Creates the nodes that read raw samples. */
export class LocalPlanner {
  readonly #times: PlanTimes;
  readonly #routing: SelectorRouting;
  readonly #infoTimes: (argument: Expr) => TimeShift;

  constructor(times: PlanTimes, routing: SelectorRouting) {
    this.#times = times;
    this.#routing = routing;
    this.#infoTimes = createInfoTimes(times);
  }

  plan(expr: Expr): PlanNode {
    return stackSafe<PlanNode>((one, plan) => this.#planOne(one, plan))(expr);
  }

  selector(expr: VectorSelector): SelectorNode {
    const { matchers, extension, position } = expr;
    const pruned = this.#routing.route(expr);
    const node = this.#selectorNode(matchers, pruned, shiftOf(expr, this.#times), position);
    return extension === undefined ? node : { ...node, extension };
  }

  range({ selector, range, position }: MatrixSelector): RangeNode {
    return {
      kind: 'range',
      selector: this.selector(selector),
      rangeMs: spanMs(range, this.#times),
      position,
    };
  }

  /** @param input the plan of the inner expression. */
  subquery(input: PlanNode, expr: SubqueryExpr): SubqueryNode {
    return {
      kind: 'subquery',
      input,
      rangeMs: spanMs(expr.range, this.#times),
      stepMs: expr.step && spanMs(expr.step, this.#times),
      ...shiftOf(expr, this.#times),
      position: expr.position,
    };
  }

  /** The info series of a call of info(). */
  infoSeries(call: CallExpr): InfoSeries {
    const input = call.args[0]!;
    const choice = call.args[1];
    const { series, infoNames } = infoMatchers(choice?.kind === 'vectorSelector' ? choice : undefined);
    const pruned = this.#routing.pruneInfoSeries(call, series);
    const { position } = choice ?? call;
    return { selector: this.#selectorNode(series, pruned, this.#infoTimes(input), position), infoNames };
  }

  #selectorNode(
    matchers: Selection['matchers'],
    { groups, excluded }: PrunedGroups,
    shift: TimeShift,
    position: SelectorNode['position'],
  ): SelectorNode {
    const parts = groups.map((group) => ({
      group,
      matchers: matchersForGroup(matchers, group),
      addLabels: group.labels,
    }));
    const overlapping = !areDisjoint(groups, this.#routing.labels);
    return { kind: 'selector', selection: { matchers, parts, overlapping }, excluded, ...shift, position };
  }

  #planOne(expr: Expr, plan: (inner: Expr) => PlanNode): PlanNode {
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
      case 'call':
        return this.#call(expr, plan);
      case 'vectorSelector':
        return this.selector(expr);
      case 'matrixSelector':
        return this.range(expr);
      case 'subquery':
        return this.subquery(plan(expr.expr), expr);
    }
  }

  #call(expr: CallExpr, plan: (inner: Expr) => PlanNode): PlanNode {
    const { func, position } = expr;
    const value = tryQueryFunction(func, this.#times);
    if (value !== undefined) return { kind: 'number', value, position };
    if (func === 'info') {
      return { kind: 'call', func, args: [plan(expr.args[0]!)], info: this.infoSeries(expr), position };
    }
    const call = { kind: 'call', func, args: expr.args.map((arg) => plan(arg)), position } as const;
    const isAbsent = func === 'absent' || func === 'absent_over_time';
    return isAbsent ? { ...call, absentLabels: absentLabels(expr.args[0]!) } : call;
  }
}
