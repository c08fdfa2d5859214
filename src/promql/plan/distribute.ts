// The planner: an expression over many groups becomes a plan of fetches and what is computed here.

import { gridEndMs, METRIC_NAME } from '../../model/index.js';
import {
  recursionCheckpoints,
  typeOf,
  type AggregateExpr,
  type CallExpr,
  type Expr,
  type SubqueryExpr,
} from '../language/index.js';
import { absentLabels } from './absent-labels.js';
import { Fetches } from './pushdown/fetches.js';
import type { PlannedGroup } from './pruning/group-pruning.js';
import { planWholeHistograms } from './native-histograms.js';
import { namePolicyOf, type NamePolicy } from './pushdown/delayed-name-removal.js';
import { createInfoTimes } from './info-times.js';
import { planLocally, subqueryOver } from './local.js';
import type { PlanNode, TimeShift } from './node.js';
import { isSettled, type Local, type PushdownVerdict } from './pushdown/pushdown-verdict.js';
import { createPushdown, writesGroupLabel } from './pushdown/pushdown.js';
import { createSelectorRouting, type SelectorRouting } from './pruning/selector-routing.js';
import { trySegments } from './time-segments.js';
import { tryText } from './text.js';
import { tryQueryFunction, type PlanTimes } from './times.js';

export interface PlanOptions {
  /** Operations drop names in the end only (Prometheus' feature promql-delayed-name-removal). Default false. */
  readonly delaysNames?: boolean;
  /** Keys of selections (`selectionKey`) whose native histograms were met in an answer that has them in part only. */
  readonly histogramsMet?: ReadonlySet<string>;
  /**
   * True when the answer to a plan that is one fetch passes through undecoded. When false, its native histograms must
   * be whole, and a range vector is read from raw samples, because decoded results lie on the step grid. Default true.
   */
  readonly passesThrough?: boolean;
}

/**
 * Plans an expression over groups: what is local is sent to each relevant group whole, an aggregation of something
 * local splits in two where it can, and everything else is computed here from its operands. Where a range reaches over
 * the time bounds of groups, its steps are planned in segments.
 *
 * @throws PromfedError `execution` when a duration of the query cannot be calculated.
 */
export function planDistributed(
  expr: Expr,
  groups: readonly PlannedGroup[],
  times: PlanTimes,
  { delaysNames = false, histogramsMet = NOTHING_MET, passesThrough = true }: PlanOptions = {},
): PlanNode {
  const names = namePolicyOf(expr, delaysNames);
  const relevance = createSelectorRouting(expr, groups, times);
  const segments = trySegments(expr, groups, times, relevance);
  const histograms = { met: histogramsMet, passes: passesThrough && segments === undefined };
  if (segments === undefined) return planSteps(expr, groups, times, relevance, names, histograms);
  const { position } = expr;
  return {
    kind: 'segments',
    segments: segments.map((grid) => {
      const part = { ...times, steps: { firstMs: grid.startMs, lastMs: gridEndMs(grid) } };
      const ofPart = createSelectorRouting(expr, groups, part);
      const input = planSteps(expr, groups, part, ofPart, names, histograms);
      return { kind: 'segment', grid, input, position };
    }),
    position,
  };
}

/** Plans for all of the steps of `times` alike. */
function planSteps(
  expr: Expr,
  groups: readonly PlannedGroup[],
  times: PlanTimes,
  plain: SelectorRouting,
  names: NamePolicy,
  histograms: { readonly met: ReadonlySet<string>; readonly passes: boolean },
): PlanNode {
  const places = recursionCheckpoints(expr);
  return planWholeHistograms(expr, groups, histograms, plain, (whole) => {
    const relevance = whole.size === 0 ? plain : createSelectorRouting(expr, groups, times, whole);
    const planner = new Planner(createPushdown(groups, times, relevance, names), relevance, times);
    for (const below of places) planner.planAhead(below);
    return histograms.passes ? planner.plan(expr) : planner.planDecoded(expr);
  });
}

const NOTHING_MET: ReadonlySet<string> = new Set();

class Planner {
  readonly #reach: (expr: Expr) => PushdownVerdict;
  readonly #times: PlanTimes;
  readonly #infoTimes: (argument: Expr) => TimeShift;
  readonly #fetches: Fetches;
  readonly #planned = new Map<Expr, PlanNode>();

  constructor(reach: (expr: Expr) => PushdownVerdict, relevance: SelectorRouting, times: PlanTimes) {
    this.#reach = reach;
    this.#times = times;
    this.#infoTimes = createInfoTimes(times);
    this.#fetches = new Fetches(times, relevance);
  }

  /** Keeps the recursion of what is above on its stack. What is local is fetched with what is above it. */
  planAhead(expr: Expr): void {
    if (this.#reach(expr).kind !== 'local') this.#planned.set(expr, this.plan(expr));
  }

  plan(expr: Expr): PlanNode {
    const planned = this.#planned.get(expr);
    if (planned !== undefined) return planned;
    const reach = this.#reach(expr);
    if (reach.kind === 'local' && typeOf(expr) !== 'scalar') return this.#fetches.of(expr, reach);
    const node = this.#computed(expr);
    return reach.kind === 'here' && node.kind !== 'fetch' ? { ...node, reason: reach.reason } : node;
  }

  /** Plans an expression whose result is decoded. A fetched range vector would not lie on the step grid. */
  planDecoded(expr: Expr): PlanNode {
    return typeOf(expr) === 'matrix' ? this.#windows(expr) : this.plan(expr);
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
      case 'matrixSelector':
        return planLocally(expr, this.#times);
    }
  }

  #call(expr: CallExpr): PlanNode {
    const { func, position } = expr;
    const ofQuery = tryQueryFunction(func, this.#times);
    if (ofQuery !== undefined) return { kind: 'number', value: ofQuery, position };
    if (func === 'absent' || func === 'absent_over_time') return this.#absent(expr);
    if (func === 'info') return this.#info(expr);
    const args = expr.args.map((arg) =>
      typeOf(arg) === 'matrix'
        ? this.#windows(arg)
        : func === 'timestamp' || func === 'start_timestamp'
          ? this.#timed(arg)
          : this.plan(arg),
    );
    return { kind: 'call', func, args, position };
  }

  /**
   * The windows of a function that is computed here: the raw samples of a range selector, or what the inside of a
   * subquery is at its own steps. Only an instant query's own result is a matrix that regions send.
   */
  #windows(arg: Expr): PlanNode {
    if (arg.kind === 'paren') return this.#windows(arg.expr);
    if (arg.kind === 'subquery') return this.#subquery(arg);
    const reach = arg.kind === 'matrixSelector' ? this.#reach(arg.selector) : undefined;
    const node = planLocally(arg, this.#times);
    return reach?.kind === 'here' ? { ...node, reason: reach.reason } : node;
  }

  #subquery(expr: SubqueryExpr): PlanNode {
    return this.#planned.get(expr) ?? subqueryOver(this.plan(expr.expr), expr, this.#times);
  }

  /** The samples of a selector have times of their own, and fetched results do not. */
  #timed(arg: Expr): PlanNode {
    if (arg.kind === 'paren') return this.#timed(arg.expr);
    return arg.kind === 'vectorSelector' ? planLocally(arg, this.#times) : this.plan(arg);
  }

  /**
   * What is enriched may come from regions. Which info series are read is known when it is there, and the newest of
   * them is found by the times of their samples, which fetched results do not have.
   */
  #info({ func, args: [input, ...choice], position }: CallExpr): PlanNode {
    const args = [this.plan(input!), ...choice.map((selector) => planLocally(selector, this.#times))];
    return { kind: 'call', func, args, infoTimes: this.#infoTimes(input!), position };
  }

  /**
   * Absent here is absent in every region. Over a range it is the absence of a last sample in the range: that function
   * keeps the names, so that series of different metrics stay apart. A region does not have to send what is there, but
   * only that something is.
   */
  #absent(expr: CallExpr): PlanNode {
    const arg = expr.args[0]!;
    const { position } = expr;
    const present: Expr = expr.func === 'absent' ? arg : { ...expr, func: 'last_over_time' };
    const input =
      this.#reach(present).kind === 'local' ? this.#aggregate(groupOf(present)) : this.plan(present);
    return { kind: 'call', func: 'absent', args: [input], absentLabels: absentLabels(arg), position };
  }

  #aggregate(expr: AggregateExpr): PlanNode {
    const input = this.#reach(expr.expr);
    const param = expr.param && this.#reach(expr.param);
    // Of a group only the presence counts, which merging does not change.
    const isFinal = input.kind === 'local' && (isSettled(input) || expr.op === 'group');
    const splits = isFinal && (param === undefined || param.kind === 'constant');
    return (splits ? this.#trySplit(expr, input) : undefined) ?? this.#aggregateHere(expr);
  }

  #aggregateHere(expr: AggregateExpr): PlanNode {
    const { op, grouping, without, position } = expr;
    const param = expr.param && this.plan(expr.param);
    return { kind: 'aggregate', op, input: this.plan(expr.expr), param, grouping, without, position };
  }

  /** Two levels: each region aggregates its own series, and their results are aggregated once more here. */
  #trySplit(expr: AggregateExpr, input: Local): PlanNode | undefined {
    const { grouping, without, position } = expr;
    const outer = { kind: 'aggregate', param: undefined, grouping, without, position } as const;
    switch (expr.op) {
      case 'sum':
      case 'min':
      case 'max':
      case 'group':
        return { ...outer, op: expr.op, input: this.#fetches.of(expr, input) };
      case 'count':
        return { ...outer, op: 'sum', input: this.#fetches.of(expr, input) };
      case 'topk':
      case 'bottomk':
        return {
          ...outer,
          op: expr.op,
          input: this.#fetches.of(expr, input),
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

  /** The sum of the sums by the sum of the counts. The division drops the metric name, so `by (__name__)` stays whole. */
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

  /** Counts of equal values add up; the label that holds the value stays, whatever the grouping says of it. */
  #tryCountValues(expr: AggregateExpr, input: Local): PlanNode | undefined {
    const label = tryText(expr.param);
    if (label === undefined || writesGroupLabel(expr, input.groups)) return undefined;
    return {
      kind: 'aggregate',
      op: 'sum',
      input: this.#fetches.of(expr, input),
      param: undefined,
      grouping: expr.without ? expr.grouping.filter((name) => name !== label) : [...expr.grouping, label],
      without: expr.without,
      position: expr.position,
    };
  }
}

/** `group(expr)`: 1 where there is anything. */
function groupOf(expr: Expr): AggregateExpr {
  const { position } = expr;
  return { kind: 'aggregate', op: 'group', expr, param: undefined, grouping: [], without: false, position };
}
