// Reach: how far an expression can be sent. The algebra of distribution, and nothing else.

import { METRIC_NAME } from '../../../model/index.js';
import { SIGNATURES } from '../../functions/index.js';
import {
  typeOf,
  type AggregateExpr,
  type AggregateOp,
  type BinaryExpr,
  type BinaryOp,
  type CallExpr,
  type Expr,
} from '../../language/index.js';
import { labelsOf, areDisjoint, type PlannedGroup } from '../pruning/group-pruning.js';
import { matchedLabels, ofJoin } from './join.js';
import {
  CONSTANT,
  failingLike,
  computedHere,
  computedHereBecause,
  isSettled,
  isSingleSource,
  NONE,
  setsLabel,
  unsettled,
  type Local,
  type PushdownVerdict,
} from './pushdown-verdict.js';
import type { NamePolicy } from './delayed-name-removal.js';
import type { SelectorRouting } from '../pruning/selector-routing.js';
import { tryText } from '../text.js';
import { tryQueryFunction, type PlanTimes } from '../times.js';

/** Aggregations whose result is some of the series of their input, with all their labels. */
const CHOOSING: ReadonlySet<AggregateOp> = new Set(['topk', 'bottomk']);

/** Experimental aggregations and operators, which regions know as little as experimental functions. */
const OWN_AGGREGATIONS: ReadonlySet<AggregateOp> = new Set(['limitk', 'limit_ratio']);
const OWN_OPERATORS: ReadonlySet<BinaryOp> = new Set(['</', '>/']);

const OPERAND = computedHere({ kind: 'operand' });
const SEVERAL = 'its operands come from more than one group, and no region has them all';
const NAMELESS =
  'without their names, series of different metrics could be taken for one, or could not be told any more';

/** What works on a label that groups set: in the region it would meet another one, or none. */
function touching(func: string, label: string): PushdownVerdict {
  return computedHereBecause(`${func}() works on the label ${label}, which a group sets`);
}

/**
 * How far the expression can be sent, over all the groups there are. Linear in the expression.
 */
export function createPushdown(
  groups: readonly PlannedGroup[],
  times: PlanTimes,
  relevance: SelectorRouting,
  names: NamePolicy,
): (expr: Expr) => PushdownVerdict {
  const all = new Set(groups.flatMap((group) => labelsOf(group).names()));
  const known = new WeakMap<Expr, PushdownVerdict>();
  const reach = (expr: Expr): PushdownVerdict => {
    const before = known.get(expr);
    if (before !== undefined) return before;
    const result = compute(expr);
    known.set(expr, result);
    return result;
  };

  const compute = (expr: Expr): PushdownVerdict => {
    switch (expr.kind) {
      case 'number':
      case 'string':
        return CONSTANT;
      case 'vectorSelector': {
        if (expr.extension !== undefined) return computedHere({ kind: 'experimental', what: expr.extension });
        const { groups: relevant, exact, whole, crosses } = relevance(expr);
        if (exact !== undefined)
          return computedHereBecause(
            exact.exact === true
              ? `${exact.name} has exact semantics: only its raw samples are asked for`
              : `${exact.name} aligns ranges with the step, which this one is not: its raw samples are asked for`,
          );
        if (whole !== undefined)
          return computedHereBecause(`${whole.name} holds native histograms: its raw samples are asked for`);
        if (crosses)
          return computedHereBecause(
            'its window reaches beyond what a group has, and other groups have the rest',
          );
        const disjoint = areDisjoint(relevant, all);
        const single = relevant.every((group) => !group.replicated);
        const oneName = expr.matchers.some(({ name, op }) => name === METRIC_NAME && op === '=');
        const mayLoseNames =
          names === 'at once' ? (disjoint && single) || oneName : names === 'unseen' && oneName;
        const shared = { disjoint, single, oneName, mayLoseNames, fallible: false };
        return { kind: 'local', groups: relevant, remainingLabels: all, ...shared };
      }
      case 'matrixSelector':
        return ofWindows(reach(expr.selector));
      case 'subquery':
        return ofWindows(reach(expr.expr));
      case 'paren':
        return reach(expr.expr);
      case 'unary':
        return ofSeries(reach(expr.expr));
      case 'call':
        return isOwnCall(expr, times)
          ? computedHere({ kind: 'experimental', what: `${expr.func}()` })
          : ofCall(expr, reach);
      case 'aggregate':
        return ofAggregate(expr, reach, times.stepMs === 0);
      case 'binary':
        return ofBinary(expr, reach);
    }
  };
  return reach;
}

/**
 * Whether a function is one that regions know only when a feature is enabled there too, if they are not too old for it.
 * Those of the query's own times are sent as numbers.
 */
function isOwnCall({ func }: CallExpr, times: PlanTimes): boolean {
  return SIGNATURES.get(func)?.experimental === true && tryQueryFunction(func, times) === undefined;
}

/** What is local is the series of one argument, and beside it scalars of the one region that has everything. */
function ofCall(expr: CallExpr, reach: (expr: Expr) => PushdownVerdict): PushdownVerdict {
  const reaches = expr.args.map((arg) => ({ arg, reach: reach(arg) }));
  const locals: Local[] = [];
  const series: Local[] = [];
  for (const { arg, reach: one } of reaches) {
    if (one.kind === 'here') return OPERAND;
    if (one.kind === 'constant') continue;
    locals.push(one);
    if (isSeries(arg)) series.push(one);
  }
  if (locals.length === 0) return CONSTANT;
  if (locals.length > 1 && !areOfOneRegion(locals)) return computedHereBecause(SEVERAL);
  const [input] = series;
  if (input === undefined) return failingLike({ ...locals[0]!, remainingLabels: NONE }, locals);
  return series.length === 1
    ? failingLike(ofFunction(expr, input), locals)
    : computedHereBecause(`${expr.func}() takes the series of more than one argument`);
}

/** A function of the series of one local argument. */
function ofFunction(expr: CallExpr, input: Local): PushdownVerdict {
  switch (SIGNATURES.get(expr.func)?.dependsOn ?? 'all') {
    case 'one':
      return ofSeries(input);
    case 'buckets':
      if (!isSettled(input)) return unsettled(input);
      return setsLabel(input.groups, 'le') ? touching(expr.func, 'le') : ofSeries(input);
    case 'labels': {
      const names = expr.args.map(tryText);
      const touched = names.find((name) => name !== undefined && setsLabel(input.groups, name));
      if (!isSettled(input)) return unsettled(input);
      return touched === undefined ? { ...input, fallible: true } : touching(expr.func, touched);
    }
    case 'all':
      return expr.func === 'scalar' && isSingleSource(input)
        ? { ...input, remainingLabels: NONE }
        : computedHereBecause(`${expr.func}() looks at the series of all groups together`);
  }
}

/** Whether all of them are of one region that has everything there is to know of each. */
function areOfOneRegion([first, ...others]: readonly Local[]): boolean {
  return (
    first !== undefined &&
    isSingleSource(first) &&
    others.every((other) => isSingleSource(other) && other.groups[0] === first.groups[0])
  );
}

/** Windows of samples: gaps of a replica would leave holes in them that the others could fill. */
function ofWindows(input: PushdownVerdict): PushdownVerdict {
  if (input.kind === 'here') return OPERAND;
  const group = input.kind === 'local' ? input.groups.find((one) => one.mergesWindows) : undefined;
  return group === undefined
    ? input
    : computedHereBecause(
        `${group.name}: samples of its replicas are merged before a function looks at a window of them`,
      );
}

/** Something that works on each series by itself and may take its name away. */
function ofSeries(input: PushdownVerdict): PushdownVerdict {
  if (input.kind === 'here') return OPERAND;
  if (input.kind !== 'local') return input;
  if (!input.mayLoseNames) return computedHereBecause(NAMELESS);
  return input.oneName ? input : { ...input, fallible: true };
}

/** `ordered`: the order of the result is part of the answer. */
function ofAggregate(
  expr: AggregateExpr,
  reach: (expr: Expr) => PushdownVerdict,
  ordered: boolean,
): PushdownVerdict {
  const input = reach(expr.expr);
  if (input.kind === 'here') return OPERAND;
  if (input.kind !== 'local') return computedHereBecause('it reads no series');
  if (!isSettled(input)) return unsettled(input);
  const param = expr.param && reach(expr.param);
  if (param?.kind === 'here') return OPERAND;
  if (param?.kind === 'local' && !areOfOneRegion([input, param])) return computedHereBecause(SEVERAL);
  if (OWN_AGGREGATIONS.has(expr.op)) return computedHere({ kind: 'experimental', what: expr.op });
  // What a region has ranked comes back in another order.
  if (ordered && (expr.op === 'topk' || expr.op === 'bottomk')) {
    return computedHereBecause(
      `the order of ${expr.op} is part of an instant answer, and regions send another`,
    );
  }
  if (writesGroupLabel(expr, input.groups))
    return computedHereBecause('it writes its values to a label that a group sets');
  const remainingLabels = survivors(expr, input);
  if (!areDisjoint(input.groups, remainingLabels)) {
    return computedHere({ kind: 'mixes', what: expr.op, groups: input.groups, kept: remainingLabels });
  }
  const params = param === undefined ? [] : [param];
  if (CHOOSING.has(expr.op)) return failingLike(input, params);
  const isNameless = expr.without || !expr.grouping.includes(METRIC_NAME);
  const named = isNameless ? { oneName: true, mayLoseNames: true } : {};
  return failingLike({ ...input, remainingLabels, ...named }, params);
}

function ofBinary(expr: BinaryExpr, reach: (expr: Expr) => PushdownVerdict): PushdownVerdict {
  if (OWN_OPERATORS.has(expr.op)) return computedHere({ kind: 'experimental', what: expr.op });
  const lhs = reach(expr.lhs);
  const rhs = reach(expr.rhs);
  if (lhs.kind === 'here' || rhs.kind === 'here') return OPERAND;
  if (lhs.kind === 'constant' && rhs.kind === 'constant') return CONSTANT;
  if (expr.matching === undefined) return ofScalarAndOther(expr, lhs, rhs);
  if (lhs.kind === 'local' && rhs.kind === 'local') return ofJoin(expr, expr.matching, lhs, rhs);
  // Which series have a partner in a constant is the same in every region, unless the labels count that a region does
  // not know of; which lack one is not.
  const isFilter = expr.op === 'and' || expr.op === 'unless';
  if (!isFilter || lhs.kind !== 'local') {
    return computedHereBecause(
      `which series have no partner in the side without series is only known of all groups together`,
    );
  }
  const known = matchedLabels(expr.matching, lhs.remainingLabels).find((name) => setsLabel(lhs.groups, name));
  if (known !== undefined)
    return computedHereBecause(`the label ${known}, by which it matches, is not known to the regions`);
  return isSettled(lhs) ? lhs : unsettled(lhs);
}

function ofScalarAndOther(
  expr: BinaryExpr,
  lhs: Exclude<PushdownVerdict, { kind: 'here' }>,
  rhs: Exclude<PushdownVerdict, { kind: 'here' }>,
): PushdownVerdict {
  if (lhs.kind === 'local' && rhs.kind === 'local' && !areOfOneRegion([lhs, rhs]))
    return computedHereBecause(SEVERAL);
  const isVector = (side: Expr): boolean => typeOf(side) === 'vector';
  const series = isVector(expr.lhs) ? lhs : isVector(expr.rhs) ? rhs : lhs.kind === 'local' ? lhs : rhs;
  // A constant vector beside a scalar of a region.
  if (series.kind !== 'local')
    return computedHereBecause(
      'a vector that reads no series is the same in every group, and would be counted for each',
    );
  // A filter decides by the value, and of two equal series only the merged one has the value that counts.
  if (!isFilter(expr)) return failingLike(ofSeries(series), [lhs, rhs]);
  return isSettled(series) ? failingLike(series, [lhs, rhs]) : unsettled(series);
}

/** Which group labels are still there after the aggregation. */
function survivors(expr: AggregateExpr, input: Local): ReadonlySet<string> {
  const named = new Set(expr.grouping);
  return new Set([...input.remainingLabels].filter((name) => named.has(name) !== expr.without));
}

/** Whether count_values writes its values to a label that a group sets. */
export function writesGroupLabel(expr: AggregateExpr, groups: readonly PlannedGroup[]): boolean {
  const label = tryText(expr.param);
  return expr.op === 'count_values' && label !== undefined && setsLabel(groups, label);
}

function isSeries(expr: Expr): boolean {
  const type = typeOf(expr);
  return type === 'vector' || type === 'matrix';
}

/** Not the trim operators: they cut each histogram and keep it, however little is left. */
const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);

function isFilter(expr: BinaryExpr): boolean {
  return COMPARISONS.has(expr.op) && !expr.returnBool;
}
