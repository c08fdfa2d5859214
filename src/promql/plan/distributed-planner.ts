// The nodes of a distributed plan: fetches of local expressions, and operators over them.

import { METRIC_NAME } from '../../model/index.js';
import {
  typeOf,
  type AggregateExpr,
  type CallExpr,
  type Expr,
  type SubqueryExpr,
} from '../language/index.js';
import { absentLabels } from './absent-labels.js';
import { LocalPlanner } from './local-planner.js';
import type { PlanNode } from './node.js';
import { tryText, withoutParens } from './parens.js';
import { isJoined } from './pruning/group-units.js';
import type { SelectorRouting } from './pruning/selector-routing.js';
import { Fetches } from './pushdown/fetches.js';
import type { Local } from './pushdown/pushdown-verdict.js';
import { writesGroupLabel, type Pushdown } from './pushdown/pushdown.js';
import { tryQueryFunction, type PlanTimes } from './times.js';

/** Plans one expression from the verdicts and the routes of its parts. */
export class DistributedPlanner {
  readonly #pushdown: Pushdown;
  readonly #routing: SelectorRouting;
  readonly #times: PlanTimes;
  readonly #local: LocalPlanner;
  readonly #fetches: Fetches;
  readonly #planned = new Map<Expr, PlanNode>();

  /** @param maxRequests limit on the requests of all fetches. */
  constructor(pushdown: Pushdown, routing: SelectorRouting, times: PlanTimes, maxRequests: number) {
    this.#pushdown = pushdown;
    this.#routing = routing;
    this.#times = times;
    this.#local = new LocalPlanner(times, routing);
    this.#fetches = new Fetches(times, routing, maxRequests);
  }

  /** Plans a checkpoint, which limits the recursion of `plan`. A local expression is fetched with the one above it. */
  planAhead(expr: Expr): void {
    if (this.#tryFetchable(expr) === undefined) this.#planned.set(expr, this.plan(expr));
  }

  plan(expr: Expr): PlanNode {
    const planned = this.#planned.get(expr);
    if (planned !== undefined) return planned;
    const verdict = this.#tryFetchable(expr);
    return verdict === undefined ? this.#evaluated(expr) : this.#sent(expr, verdict);
  }

  /** The verdict of a local expression with series. A scalar is not fetched, but computed from a fetched vector. */
  #tryFetchable(expr: Expr): Local | undefined {
    const verdict = this.#pushdown.verdict(expr);
    if (verdict.kind !== 'local' || typeOf(expr) === 'scalar') return undefined;
    // A range vector of joined groups is read from the raw samples of all groups.
    return typeOf(expr) === 'matrix' && verdict.groups.some(isJoined) ? undefined : verdict;
  }

  /**
   * Plans a local expression: what groups are sent, and for joined groups the evaluation of their raw samples. As in the
   * answers of groups, the inner level of a split aggregation keeps the labels that its input has.
   */
  #sent(expr: Expr, local: Local): PlanNode {
    const fetch = this.#fetches.create(expr, local);
    if (!local.groups.some(isJoined)) return fetch;
    const joined = local.groups.filter(isJoined);
    const evaluated = joined.map(({ members, labels }) => {
      const planner = new LocalPlanner(this.#times, this.#routing.within(members));
      return planner.plan(keepingLabels(expr, labels.keep(local.remainingLabels).names()));
    });
    const reason = { kind: 'overlapping', groups: joined.flatMap(({ members }) => members) } as const;
    return { kind: 'union', inputs: [fetch, ...evaluated], reason, position: expr.position };
  }

  /** Plans an expression whose result is decoded. A fetched range vector would not lie on the step grid. */
  planDecoded(expr: Expr): PlanNode {
    return typeOf(expr) === 'matrix' ? this.#windows(expr) : this.plan(expr);
  }

  /** The node of an expression that promfed evaluates, with the reason. For parentheses and `+` the node of the operand. */
  #evaluated(expr: Expr): PlanNode {
    const verdict = this.#pushdown.verdict(expr);
    const node = this.#computed(expr);
    if (verdict.kind !== 'computed' || node.kind === 'fetch' || node.reason !== undefined) return node;
    return { ...node, reason: verdict.reason };
  }

  #computed(expr: Expr): PlanNode {
    switch (expr.kind) {
      case 'number':
        return { kind: 'number', value: expr.value, position: expr.position };
      case 'string':
        return { kind: 'string', value: expr.value, position: expr.position };
      case 'paren':
        return this.plan(expr.expr);
      case 'unary': {
        const input = this.plan(expr.expr);
        return expr.op === '-' ? { kind: 'negate', input, position: expr.position } : input;
      }
      case 'binary':
        return { ...expr, lhs: this.plan(expr.lhs), rhs: this.plan(expr.rhs) };
      case 'aggregate':
        return this.#aggregate(expr);
      case 'call':
        return this.#call(expr);
      case 'subquery':
        return this.#subquery(expr);
      case 'vectorSelector':
        return this.#local.selector(expr);
      case 'matrixSelector':
        return this.#local.range(expr);
    }
  }

  #call(expr: CallExpr): PlanNode {
    const { func, position } = expr;
    const value = tryQueryFunction(func, this.#times);
    if (value !== undefined) return { kind: 'number', value, position };
    if (func === 'absent' || func === 'absent_over_time') return this.#absent(expr);
    if (func === 'info') return this.#info(expr);
    const readsTimes = func === 'timestamp' || func === 'start_timestamp';
    const args = expr.args.map((arg) =>
      typeOf(arg) === 'matrix' ? this.#windows(arg) : readsTimes ? this.#timed(arg) : this.plan(arg),
    );
    return { kind: 'call', func, args, position };
  }

  /**
   * The windows of a function that is evaluated by promfed: the raw samples of a range selector, or the inner expression
   * of a subquery at its own steps. Regions send a range vector only as the result of an instant query.
   */
  #windows(arg: Expr): PlanNode {
    return this.#evaluated(withoutParens(arg));
  }

  #subquery(expr: SubqueryExpr): PlanNode {
    return this.#planned.get(expr) ?? this.#local.subquery(this.plan(expr.expr), expr);
  }

  /** The times of samples are read from raw samples. Fetched results have the times of the steps. */
  #timed(arg: Expr): PlanNode {
    const inner = withoutParens(arg);
    return inner.kind === 'vectorSelector' ? this.#local.selector(inner) : this.plan(inner);
  }

  /**
   * The series to enrich may come from regions. Info series are read from raw samples: the newest of them is found by
   * the times of their samples.
   */
  #info(expr: CallExpr): PlanNode {
    const args = [this.plan(expr.args[0]!)];
    return {
      kind: 'call',
      func: expr.func,
      args,
      info: this.#local.infoSeries(expr),
      position: expr.position,
    };
  }

  /**
   * Series are absent when they are absent in every region. Over a range that is the absence of a last sample in the
   * range: last_over_time keeps the names, so that series of different metrics stay apart. A region sends only whether
   * there is a series.
   */
  #absent(expr: CallExpr): PlanNode {
    const arg = expr.args[0]!;
    const { position } = expr;
    const present: Expr = expr.func === 'absent' ? arg : { ...expr, func: 'last_over_time' };
    const isLocal = this.#pushdown.verdict(present).kind === 'local';
    const input = isLocal ? this.#aggregate(groupOf(present)) : this.plan(present);
    return { kind: 'call', func: 'absent', args: [input], absentLabels: absentLabels(arg), position };
  }

  #aggregate(expr: AggregateExpr): PlanNode {
    const input = this.#pushdown.verdict(expr.expr);
    const param = expr.param && this.#pushdown.verdict(expr.param);
    // The group aggregation only depends on whether there is a series, which merging does not change.
    const canSplit = input.kind === 'local' && (input.single || expr.op === 'group');
    const isSent =
      !this.#pushdown.isRejected(expr) &&
      (input.kind !== 'local' || this.#pushdown.aggregationLack(expr, input) === undefined);
    if (canSplit && isSent && (param === undefined || param.kind === 'constant')) {
      const split = this.#trySplit(expr, input);
      if (split !== undefined) return split;
    }
    return this.#aggregateLocally(expr);
  }

  #aggregateLocally(expr: AggregateExpr): PlanNode {
    const { op, grouping, without, position } = expr;
    const param = expr.param && this.plan(expr.param);
    return { kind: 'aggregate', op, input: this.plan(expr.expr), param, grouping, without, position };
  }

  /** Splits an aggregation in two levels: each region aggregates its own series, and promfed their results. */
  #trySplit(expr: AggregateExpr, input: Local): PlanNode | undefined {
    const { grouping, without, position } = expr;
    const outer = { kind: 'aggregate', param: undefined, grouping, without, position } as const;
    switch (expr.op) {
      case 'sum':
      case 'min':
      case 'max':
      case 'group':
        return { ...outer, op: expr.op, input: this.#sent(expr, input) };
      case 'count':
        return { ...outer, op: 'sum', input: this.#sent(expr, input) };
      case 'topk':
      case 'bottomk':
        return {
          ...outer,
          op: expr.op,
          input: this.#sent(expr, input),
          param: expr.param && this.plan(expr.param),
        };
      case 'avg':
        return this.#tryAverage(expr);
      case 'count_values':
        return this.#tryCountValues(expr, input);
      case 'stddev':
      case 'stdvar':
      case 'quantile':
      case 'limitk':
      case 'limit_ratio':
        return undefined;
    }
  }

  /** The sum of sums divided by the sum of counts. The division drops the metric name, so `by (__name__)` is not split. */
  #tryAverage(expr: AggregateExpr): PlanNode | undefined {
    if (!expr.without && expr.grouping.includes(METRIC_NAME)) return undefined;
    return {
      kind: 'binary',
      op: '/',
      lhs: this.#aggregate({ ...expr, op: 'sum' }),
      rhs: this.#aggregate({ ...expr, op: 'count' }),
      returnBool: false,
      matching: {
        card: 'one-to-one',
        labels: [],
        on: false,
        include: [],
        fill: { lhs: undefined, rhs: undefined },
      },
      position: expr.position,
    };
  }

  /** Adds up the counts of equal values. The label with the value is kept, even when the grouping drops it. */
  #tryCountValues(expr: AggregateExpr, input: Local): PlanNode | undefined {
    const label = tryText(expr.param);
    if (label === undefined || writesGroupLabel(expr, input.groups)) return undefined;
    return {
      kind: 'aggregate',
      op: 'sum',
      input: this.#sent(expr, input),
      param: undefined,
      grouping: expr.without ? expr.grouping.filter((name) => name !== label) : [...expr.grouping, label],
      without: expr.without,
      position: expr.position,
    };
  }
}

/** An aggregation that keeps more labels; any other expression as it is. */
function keepingLabels(expr: Expr, labels: readonly string[]): Expr {
  if (expr.kind !== 'aggregate' || labels.length === 0) return expr;
  const others = expr.grouping.filter((name) => !labels.includes(name));
  return { ...expr, grouping: expr.without ? others : [...others, ...labels] };
}

/** `group(expr)`, which is 1 when there is a series. */
function groupOf(expr: Expr): AggregateExpr {
  const { position } = expr;
  return { kind: 'aggregate', op: 'group', expr, param: undefined, grouping: [], without: false, position };
}
