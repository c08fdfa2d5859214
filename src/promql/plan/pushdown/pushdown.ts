// Pushdown: the algebra that decides which expressions regions may compute.

import { METRIC_NAME, type Construct } from '../../../model/index.js';
import { SIGNATURES } from '../../functions/index.js';
import {
  isComparison,
  typeOf,
  type AggregateExpr,
  type AggregateOp,
  type BinaryExpr,
  type BinaryOp,
  type CallExpr,
  type Expr,
  type SubqueryExpr,
  type VectorSelector,
} from '../../language/index.js';
import { isJoined } from '../pruning/group-units.js';
import { areDisjoint, type PlannedGroup } from '../pruning/planned-group.js';
import type { SelectorRouting } from '../pruning/selector-routing.js';
import { tryText } from '../parens.js';
import { expressionKey, isOperation } from '../rejected-parts.js';
import { tryQueryFunction, type PlanTimes } from '../times.js';
import type { NameRemoval } from './delayed-name-removal.js';
import { functionVerdict, perSeriesVerdict, windowsVerdict } from './function-verdict.js';
import {
  constructsOfAggregation,
  constructsOfCall,
  constructsOfOperation,
  constructsOfSelection,
  lackVerdict,
} from './group-lacks.js';
import { joinVerdict, matchedLabels } from './join.js';
import { LabelRules } from './label-rules.js';
import { constructsOfOperands } from './operand-labels.js';
import {
  computed,
  computedAfterMerge,
  computedBecause,
  CONSTANT,
  isSingleSource,
  NO_LABELS,
  OPERAND_COMPUTED,
  setsLabel,
  withFallibility,
  type Computed,
  type Local,
  type PushdownVerdict,
} from './pushdown-verdict.js';

/** Aggregations whose result is some of the series of their input, with all labels. */
const SELECTING: ReadonlySet<AggregateOp> = new Set(['topk', 'bottomk']);

/** Experimental constructs, which a region may be too old for or may not have enabled. */
const EXPERIMENTAL_AGGREGATIONS: ReadonlySet<AggregateOp> = new Set(['limitk', 'limit_ratio']);
const EXPERIMENTAL_OPERATORS: ReadonlySet<BinaryOp> = new Set(['</', '>/']);

const SEVERAL_GROUPS = computedBecause(
  'its operands come from different groups, and no region has all of them',
);

const REJECTED = computedBecause('a region rejected it');
const IGNORED = computedBecause('a region rejected it, or ignored buckets without the label le');

/** The pushdown verdicts of one expression and everything below it, in time linear in the expression. */
export class Pushdown {
  readonly #routing: SelectorRouting;
  readonly #times: PlanTimes;
  readonly #nameRemoval: NameRemoval;
  readonly #rejected: ReadonlySet<string>;
  readonly #verdicts = new WeakMap<Expr, PushdownVerdict>();
  readonly #rules = new LabelRules();

  /** @param rejected keys (`expressionKey`) of the operations that a region rejected. */
  constructor(
    routing: SelectorRouting,
    times: PlanTimes,
    nameRemoval: NameRemoval,
    rejected: ReadonlySet<string>,
  ) {
    this.#routing = routing;
    this.#times = times;
    this.#nameRemoval = nameRemoval;
    this.#rejected = rejected;
  }

  /** Reports whether a region rejected the operation. */
  isRejected(expr: Expr): boolean {
    return this.#rejected.size > 0 && isOperation(expr) && this.#rejected.has(expressionKey(expr));
  }

  verdict(expr: Expr): PushdownVerdict {
    const known = this.#verdicts.get(expr);
    if (known !== undefined) return known;
    const judged = this.#judge(expr);
    // Computed for every part, so that the rule of a deep expression does not recurse.
    this.#rules.of(expr);
    const isRejected = judged.kind === 'local' && this.isRejected(expr);
    const verdict = isRejected ? (takesBuckets(expr) ? IGNORED : REJECTED) : judged;
    this.#verdicts.set(expr, verdict);
    return verdict;
  }

  #judge(expr: Expr): PushdownVerdict {
    switch (expr.kind) {
      case 'number':
      case 'string':
        return CONSTANT;
      case 'vectorSelector':
        return this.#selector(expr, 'lookback');
      case 'matrixSelector': {
        const selector = this.#selector(expr.selector, 'range');
        // A range selector is one operand with its selector: it has the same reason.
        return selector.kind === 'computed' ? selector : windowsVerdict(selector);
      }
      case 'subquery':
        return this.#subquery(expr);
      case 'paren':
        return this.verdict(expr.expr);
      case 'unary': {
        const input = this.verdict(expr.expr);
        const lack = input.kind === 'local' ? this.#lack(input.groups, expr, []) : undefined;
        return lack ?? perSeriesVerdict(input);
      }
      case 'call':
        return this.#call(expr);
      case 'aggregate':
        return this.#aggregate(expr);
      case 'binary':
        return this.#binary(expr);
    }
  }

  /** @param reads the samples that the selector reads at each step. */
  #selector(expr: VectorSelector, reads: 'range' | 'lookback'): PushdownVerdict {
    if (expr.extension !== undefined) return computed({ kind: 'experimental', what: expr.extension });
    const route = this.#routing.route(expr);
    const { rawOnly, nativeHistograms, crossesBounds, units: groups } = route;
    if (rawOnly?.ownedNames !== undefined) {
      return computedBecause(`only ${rawOnly.name} has the metric: its raw samples are read`);
    }
    if (rawOnly !== undefined) return computedBecause(`${rawOnly.name} ${rawOnlyReason(rawOnly)}`);
    if (nativeHistograms !== undefined) {
      return computedBecause(`${nativeHistograms.name} has native histograms: its raw samples are read`);
    }
    if (crossesBounds) {
      return computedBecause(
        'its window crosses the time range of a group: the raw samples of all groups are read',
      );
    }
    // Regions drop names that the joined groups would keep until the end of the query.
    const isPushed = groups.some((group) => !isJoined(group)) && this.#nameRemoval === 'immediate';
    if (groups !== route.groups && !isPushed) return computed({ kind: 'overlapping', groups: route.groups });
    const lack = lackVerdict(groups, [reads, ...constructsOfSelection(expr, this.#times)]);
    if (lack !== undefined) return lack;
    const remainingLabels = this.#routing.labels;
    const single = groups.every((group) => !group.replicated);
    const oneName = expr.matchers.some(({ name, op }) => name === METRIC_NAME && op === '=');
    const mayLoseNames =
      this.#nameRemoval === 'immediate' ? single || oneName : this.#nameRemoval === 'unobservable' && oneName;
    return {
      kind: 'local',
      groups,
      remainingLabels,
      single,
      oneName,
      mayLoseNames,
      fallible: false,
    };
  }

  #subquery(expr: SubqueryExpr): PushdownVerdict {
    const input = this.verdict(expr.expr);
    const lack =
      input.kind === 'local'
        ? lackVerdict(input.groups, constructsOfSelection(expr, this.#times))
        : undefined;
    return lack ?? windowsVerdict(input);
  }

  /**
   * A local call has the series of one argument, and its other arguments are constants or scalars of the same single
   * region.
   */
  #call(expr: CallExpr): PushdownVerdict {
    const { func } = expr;
    const isExperimental = SIGNATURES.get(func)?.experimental === true;
    // The functions of the query's own times are experimental as well, but sent as numbers.
    if (isExperimental && tryQueryFunction(func, this.#times) === undefined) {
      return computed({ kind: 'experimental', what: `${func}()` });
    }
    const locals: Local[] = [];
    const series: Local[] = [];
    for (const arg of expr.args) {
      const verdict = this.verdict(arg);
      if (verdict.kind === 'computed') return OPERAND_COMPUTED;
      if (verdict.kind === 'constant') continue;
      locals.push(verdict);
      if (hasSeries(arg)) series.push(verdict);
    }
    if (locals.length === 0) return CONSTANT;
    if (locals.length > 1 && !areOfOneSource(locals)) return SEVERAL_GROUPS;
    const lack = this.#lack(locals[0]!.groups, expr, constructsOfCall(expr));
    if (lack !== undefined) return lack;
    const [input] = series;
    if (input === undefined) return withFallibility({ ...locals[0]!, remainingLabels: NO_LABELS }, locals);
    return series.length === 1
      ? withFallibility(functionVerdict(expr, input), locals)
      : computedBecause(`${func}() takes the series of more than one argument`);
  }

  #aggregate(expr: AggregateExpr): PushdownVerdict {
    const { op } = expr;
    const input = this.verdict(expr.expr);
    if (input.kind === 'computed') return OPERAND_COMPUTED;
    if (input.kind !== 'local') return computedBecause('it reads no series');
    if (!input.single) return computedAfterMerge(input);
    const param = expr.param && this.verdict(expr.param);
    if (param?.kind === 'computed') return OPERAND_COMPUTED;
    if (param?.kind === 'local' && !areOfOneSource([input, param])) return SEVERAL_GROUPS;
    if (EXPERIMENTAL_AGGREGATIONS.has(op)) return computed({ kind: 'experimental', what: op });
    const lack = this.aggregationLack(expr, input);
    if (lack !== undefined) return lack;
    const isInstant = this.#times.stepMs === 0;
    if (isInstant && SELECTING.has(op)) {
      return computedBecause(
        `the order of ${op} is part of an instant result, and regions return series in another order`,
      );
    }
    if (writesGroupLabel(expr, input.groups)) {
      return computedBecause('it writes its values to a label that a group sets');
    }
    const remainingLabels = labelsAfter(expr, input);
    if (!areDisjoint(input.groups, remainingLabels)) {
      return computed({ kind: 'mixes', what: op, groups: input.groups, kept: remainingLabels });
    }
    const params = param === undefined ? [] : [param];
    if (SELECTING.has(op)) return withFallibility(input, params);
    const dropsNames = expr.without || !expr.grouping.includes(METRIC_NAME);
    const names = dropsNames ? { oneName: true, mayLoseNames: true } : {};
    return withFallibility({ ...input, remainingLabels, ...names }, params);
  }

  /** Returns the verdict when a group cannot be sent the aggregation; undefined when all groups can. */
  aggregationLack(expr: AggregateExpr, { groups }: Local): Computed | undefined {
    return this.#lack(groups, expr, constructsOfAggregation(expr, this.#times));
  }

  /** @param own the constructs of the operation itself. */
  #lack(groups: readonly PlannedGroup[], expr: Expr, own: readonly Construct[]): Computed | undefined {
    return lackVerdict(groups, [...own, ...constructsOfOperands(expr, this.#rules, groups)]);
  }

  #binary(expr: BinaryExpr): PushdownVerdict {
    if (EXPERIMENTAL_OPERATORS.has(expr.op)) return computed({ kind: 'experimental', what: expr.op });
    const lhs = this.verdict(expr.lhs);
    const rhs = this.verdict(expr.rhs);
    if (lhs.kind === 'computed' || rhs.kind === 'computed') return OPERAND_COMPUTED;
    if (lhs.kind === 'constant' && rhs.kind === 'constant') return CONSTANT;
    const groups = [lhs, rhs].flatMap((side) => (side.kind === 'local' ? side.groups : []));
    const lack = this.#lack(groups, expr, constructsOfOperation(expr));
    if (lack !== undefined) return lack;
    if (expr.matching === undefined) return scalarOperatorVerdict(expr, lhs, rhs);
    if (lhs.kind === 'local' && rhs.kind === 'local') return joinVerdict(expr, expr.matching, lhs, rhs);
    // The series that match a constant vector are the same in every region, unless they match by labels that regions
    // do not know. The series that match nothing depend on all regions.
    if ((expr.op !== 'and' && expr.op !== 'unless') || lhs.kind !== 'local') {
      return computedBecause('the series that match nothing on the constant side depend on all groups');
    }
    const unknown = matchedLabels(expr.matching, lhs.remainingLabels).find((name) =>
      setsLabel(lhs.groups, name),
    );
    if (unknown !== undefined) {
      return computedBecause(`it matches by the label ${unknown}, which regions do not know`);
    }
    return lhs.single ? lhs : computedAfterMerge(lhs);
  }
}

function rawOnlyReason({ exact, mergesLookback }: PlannedGroup): string {
  if (exact === true) return 'has exact semantics: only its raw samples are read';
  return mergesLookback === true
    ? 'has replicas: their raw samples are merged before a selector looks back'
    : 'aligns ranges with the step, and this range is not aligned: its raw samples are read';
}

/** Reports whether all verdicts are of the same single region that has all the data. */
function areOfOneSource([first, ...others]: readonly Local[]): boolean {
  return (
    first !== undefined &&
    isSingleSource(first) &&
    others.every((other) => isSingleSource(other) && other.groups[0] === first.groups[0])
  );
}

/** An operator with a scalar on one side at least. */
function scalarOperatorVerdict(
  expr: BinaryExpr,
  lhs: Exclude<PushdownVerdict, { kind: 'computed' }>,
  rhs: Exclude<PushdownVerdict, { kind: 'computed' }>,
): PushdownVerdict {
  if (lhs.kind === 'local' && rhs.kind === 'local' && !areOfOneSource([lhs, rhs])) return SEVERAL_GROUPS;
  const isVector = (side: Expr): boolean => typeOf(side) === 'vector';
  const series = isVector(expr.lhs) ? lhs : isVector(expr.rhs) ? rhs : lhs.kind === 'local' ? lhs : rhs;
  // A constant vector and a scalar of a region.
  if (series.kind !== 'local') {
    return computedBecause(
      'a constant vector is the same in every group and would be returned once for each',
    );
  }
  const isFilter = isComparison(expr.op) && !expr.returnBool;
  if (!isFilter) return withFallibility(perSeriesVerdict(series), [lhs, rhs]);
  // A filter depends on the value, which for equal series is that of the merged one.
  return series.single ? withFallibility(series, [lhs, rhs]) : computedAfterMerge(series);
}

/** The labels of groups that remain after an aggregation. */
function labelsAfter(expr: AggregateExpr, input: Local): ReadonlySet<string> {
  const listed = new Set(expr.grouping);
  return new Set([...input.remainingLabels].filter((name) => listed.has(name) !== expr.without));
}

/** Reports whether count_values writes its values to a label that a group sets. */
export function writesGroupLabel(expr: AggregateExpr, groups: readonly PlannedGroup[]): boolean {
  const label = tryText(expr.param);
  return expr.op === 'count_values' && label !== undefined && setsLabel(groups, label);
}

function takesBuckets(expr: Expr): boolean {
  return expr.kind === 'call' && SIGNATURES.get(expr.func)?.dependsOn === 'buckets';
}

function hasSeries(expr: Expr): boolean {
  const type = typeOf(expr);
  return type === 'vector' || type === 'matrix';
}
