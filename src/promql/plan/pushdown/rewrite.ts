// Rewriting: the form of a local expression that is sent to one group.

import { compareStrings, METRIC_NAME } from '../../../model/index.js';
import {
  stackSafe,
  type At,
  type BinaryExpr,
  type Duration,
  type Expr,
  type Position,
  type SubqueryExpr,
  type VectorSelector,
} from '../../language/index.js';
import { matchersForGroup, type PlannedGroup } from '../pruning/planned-group.js';
import type { SelectorRouting } from '../pruning/selector-routing.js';
import { shortensRanges, shortensSubqueries } from './group-lacks.js';
import { shiftOf, spanMs, tryQueryFunction, type PlanTimes } from '../times.js';

type Recurse = (inner: Expr) => Expr | undefined;

/**
 * Rewrites local expressions for groups.
 *
 * The group's own labels disappear: matchers on them are dropped, they leave `by` and `on`, and they join `without` and
 * `ignoring`, so that labels of these names that a series has are ignored as they are in the union. Injected matchers
 * are added to every selector. Duration expressions, default subquery steps, `@ start()`, `@ end()` and the functions
 * of the query's times become plain durations and times. Regions of any version and configuration then compute the
 * same, and for the times of the whole query: a region is sent the query's last step as its end.
 */
export class Rewriter {
  readonly #times: PlanTimes;
  readonly #routing: SelectorRouting;

  constructor(times: PlanTimes, routing: SelectorRouting) {
    this.#times = times;
    this.#routing = routing;
  }

  /** @returns the expression for the group; undefined when its result is empty there. */
  rewrite(expr: Expr, group: PlannedGroup): Expr | undefined {
    return stackSafe<Expr | undefined>((one, recurse) => this.#rewriteOne(one, recurse, group))(expr);
  }

  /** The result is empty when that of an operand is, except for `or` and `unless`. */
  #rewriteOne(expr: Expr, recurse: Recurse, group: PlannedGroup): Expr | undefined {
    switch (expr.kind) {
      case 'number':
      case 'string':
        return expr;
      case 'vectorSelector':
        return this.#selector(expr, group);
      case 'matrixSelector': {
        const selector = this.#selector(expr.selector, group);
        return selector && { ...expr, selector, range: this.#range(expr.range, shortensRanges(group)) };
      }
      case 'subquery': {
        const inner = recurse(expr.expr);
        return inner && this.#subquery(expr, inner, group);
      }
      case 'aggregate': {
        const inner = recurse(expr.expr);
        if (inner === undefined) return undefined;
        const grouping = labelsForGroup(expr.grouping, !expr.without, group);
        return { ...expr, expr: inner, param: expr.param && recurse(expr.param), grouping };
      }
      case 'call': {
        const value = tryQueryFunction(expr.func, this.#times);
        if (value !== undefined) return literal(value, expr.position);
        const args = expr.args.map((arg) => recurse(arg));
        return args.every((arg) => arg !== undefined) ? { ...expr, args } : undefined;
      }
      case 'binary':
        return rewriteBinary(expr, recurse, group);
      case 'unary':
      case 'paren': {
        const inner = recurse(expr.expr);
        return inner && { ...expr, expr: inner };
      }
    }
  }

  #selector(selector: VectorSelector, group: PlannedGroup): VectorSelector | undefined {
    if (!this.#routing.route(selector).groups.includes(group)) return undefined;
    const matchers = matchersForGroup(selector.matchers, group);
    return {
      ...selector,
      // A selector with a name before its braces must not have another matcher of names.
      name: matchers.filter(({ name }) => name === METRIC_NAME).length > 1 ? '' : selector.name,
      matchers,
      ...this.#shift(selector),
    };
  }

  #subquery(expr: SubqueryExpr, inner: Expr, group: PlannedGroup): SubqueryExpr {
    const step =
      expr.step === undefined ? plain(this.#times.defaultStepMs, expr.position) : this.#span(expr.step);
    const range = this.#range(expr.range, shortensSubqueries(group));
    return { ...expr, expr: inner, range, step, ...this.#shift(expr) };
  }

  /** A range, a millisecond shorter for a group that would include a sample at its left end. */
  #range(range: Duration, isShorter: boolean): Duration {
    const ms = spanMs(range, this.#times);
    return plain(isShorter ? Math.max(1, ms - 1) : ms, range.position);
  }

  #span(span: Duration): Duration {
    return plain(spanMs(span, this.#times), span.position);
  }

  #shift(expr: VectorSelector | SubqueryExpr): Pick<VectorSelector, 'offset' | 'at'> {
    const { offsetMs, atMs } = shiftOf(expr, this.#times);
    const at: At | undefined = atMs === undefined ? undefined : { kind: 'timestamp', timeMs: atMs };
    return { offset: offsetMs === 0 ? undefined : plain(offsetMs, expr.position), at };
  }
}

function rewriteBinary(expr: BinaryExpr, recurse: Recurse, group: PlannedGroup): Expr | undefined {
  const lhs = recurse(expr.lhs);
  const rhs = recurse(expr.rhs);
  if (lhs === undefined) return expr.op === 'or' ? rhs : undefined;
  if (rhs === undefined) return expr.op === 'or' || expr.op === 'unless' ? lhs : undefined;
  const { matching } = expr;
  if (matching === undefined) return { ...expr, lhs, rhs };
  const labels = labelsForGroup(matching.labels, matching.on, group);
  const include = matching.include.filter((name) => !group.labels.has(name));
  return { ...expr, lhs, rhs, matching: { ...matching, labels, include } };
}

/** A number, in parentheses when it has a sign, which would bind looser than an operator around it. */
function literal(value: number, position: Position): Expr {
  const number = { kind: 'number', value, duration: false, position } as const;
  return value < 0 ? { kind: 'paren', expr: number, position } : number;
}

/**
 * The labels of a grouping or a matching in the form that is sent to a group.
 *
 * @param keeps true for `by` and `on`, false for `without` and `ignoring`.
 */
function labelsForGroup(names: readonly string[], keeps: boolean, group: PlannedGroup): readonly string[] {
  return keeps
    ? names.filter((name) => !group.labels.has(name))
    : [...new Set([...names, ...group.labels.names()])].sort(compareStrings);
}

function plain(ms: number, position: Position): Duration {
  return { kind: 'durationLiteral', ms, seconds: ms / 1000, number: false, position };
}
