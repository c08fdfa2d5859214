// Reach: how far an expression can be sent. The algebra of distribution, and nothing else.

import { METRIC_NAME } from '../../model/index.js';
import { SIGNATURES } from '../functions/index.js';
import {
  typeOf,
  type AggregateExpr,
  type AggregateOp,
  type BinaryExpr,
  type BinaryOp,
  type CallExpr,
  type Expr,
} from '../language/index.js';
import { relevantGroups, tellApart, type PlannedGroup } from './groups.js';
import { matchedLabels, ofJoin } from './join.js';
import {
  CONSTANT,
  failingLike,
  HERE,
  isSettled,
  isSole,
  NONE,
  setsLabel,
  type Local,
  type Reach,
} from './locality.js';
import { tryText } from './text.js';
import { tryQueryFunction, type PlanTimes } from './times.js';

/** Aggregations whose result is some of the series of their input, with all their labels. */
const CHOOSING: ReadonlySet<AggregateOp> = new Set(['topk', 'bottomk']);

/** Experimental aggregations and operators, which regions know as little as experimental functions. */
const OWN_AGGREGATIONS: ReadonlySet<AggregateOp> = new Set(['limitk', 'limit_ratio']);
const OWN_OPERATORS: ReadonlySet<BinaryOp> = new Set(['</', '>/']);

/**
 * How far the expression can be sent, over all the groups there are. Linear in the expression.
 */
export function createReach(groups: readonly PlannedGroup[], times: PlanTimes): (expr: Expr) => Reach {
  const all = new Set(groups.flatMap((group) => group.labels.names()));
  const known = new WeakMap<Expr, Reach>();
  const reach = (expr: Expr): Reach => {
    const before = known.get(expr);
    if (before !== undefined) return before;
    const result = compute(expr);
    known.set(expr, result);
    return result;
  };

  const compute = (expr: Expr): Reach => {
    switch (expr.kind) {
      case 'number':
      case 'string':
        return CONSTANT;
      case 'vectorSelector': {
        if (expr.extension !== undefined) return HERE;
        const relevant = relevantGroups(expr.matchers, groups);
        return {
          kind: 'local',
          groups: relevant,
          survives: all,
          apart: tellApart(relevant, all),
          single: relevant.every((group) => !group.replicated),
          oneName: expr.matchers.some(({ name, op }) => name === METRIC_NAME && op === '='),
          fallible: false,
        };
      }
      case 'matrixSelector':
        return reach(expr.selector);
      case 'subquery':
      case 'paren':
        return reach(expr.expr);
      case 'unary':
        return ofSeries(reach(expr.expr));
      case 'call':
        return isOwnCall(expr, times) ? HERE : ofCall(expr, reach);
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
function ofCall(expr: CallExpr, reach: (expr: Expr) => Reach): Reach {
  const reaches = expr.args.map((arg) => ({ arg, reach: reach(arg) }));
  const locals: Local[] = [];
  const series: Local[] = [];
  for (const { arg, reach: one } of reaches) {
    if (one.kind === 'here') return HERE;
    if (one.kind === 'constant') continue;
    locals.push(one);
    if (isSeries(arg)) series.push(one);
  }
  if (locals.length === 0) return CONSTANT;
  if (locals.length > 1 && !areOfOneRegion(locals)) return HERE;
  const [input] = series;
  if (input === undefined) return failingLike({ ...locals[0]!, survives: NONE }, locals);
  return series.length === 1 ? failingLike(ofFunction(expr, input), locals) : HERE;
}

/** A function of the series of one local argument. */
function ofFunction(expr: CallExpr, input: Local): Reach {
  switch (SIGNATURES.get(expr.func)?.from ?? 'all') {
    case 'one':
      return ofSeries(input);
    case 'buckets':
      return isSettled(input) && !setsLabel(input.groups, 'le') ? ofSeries(input) : HERE;
    case 'labels': {
      const names = expr.args.map(tryText);
      const touches = names.some((name) => name !== undefined && setsLabel(input.groups, name));
      return isSettled(input) && !touches ? { ...input, fallible: true } : HERE;
    }
    case 'all':
      return expr.func === 'scalar' && isSole(input) ? { ...input, survives: NONE } : HERE;
  }
}

/** Whether all of them are of one region that has everything there is to know of each. */
function areOfOneRegion([first, ...others]: readonly Local[]): boolean {
  return (
    first !== undefined &&
    isSole(first) &&
    others.every((other) => isSole(other) && other.groups[0] === first.groups[0])
  );
}

/**
 * Something that works on each series by itself and may take its name away. Where series of different regions or
 * replicas are merged by their labels, two metrics that have lost their names would be taken for one.
 */
function ofSeries(input: Reach): Reach {
  if (input.kind !== 'local' || input.oneName) return input;
  return isSettled(input) ? { ...input, fallible: true } : HERE;
}

/** `ordered`: the order of the result is part of the answer. */
function ofAggregate(expr: AggregateExpr, reach: (expr: Expr) => Reach, ordered: boolean): Reach {
  const input = reach(expr.expr);
  if (input.kind !== 'local' || !isSettled(input)) return HERE;
  const param = expr.param && reach(expr.param);
  if (param?.kind === 'here' || (param?.kind === 'local' && !areOfOneRegion([input, param]))) return HERE;
  if (OWN_AGGREGATIONS.has(expr.op)) return HERE;
  // What a region has ranked comes back in another order.
  if (ordered && (expr.op === 'topk' || expr.op === 'bottomk')) return HERE;
  if (writesGroupLabel(expr, input.groups)) return HERE;
  const survives = survivors(expr, input);
  if (!tellApart(input.groups, survives)) return HERE;
  return failingLike(
    CHOOSING.has(expr.op) ? input : { ...input, survives },
    param === undefined ? [] : [param],
  );
}

function ofBinary(expr: BinaryExpr, reach: (expr: Expr) => Reach): Reach {
  if (OWN_OPERATORS.has(expr.op)) return HERE;
  const lhs = reach(expr.lhs);
  const rhs = reach(expr.rhs);
  if (lhs.kind === 'here' || rhs.kind === 'here') return HERE;
  if (lhs.kind === 'constant' && rhs.kind === 'constant') return CONSTANT;
  if (expr.matching === undefined) return ofScalarAndOther(expr, lhs, rhs);
  if (lhs.kind === 'local' && rhs.kind === 'local') return ofJoin(expr, expr.matching, lhs, rhs);
  // Which series have a partner in a constant is the same in every region, unless the labels count that a region does
  // not know of; which lack one is not.
  const isFilter = expr.op === 'and' || expr.op === 'unless';
  if (!isFilter || lhs.kind !== 'local' || !isSettled(lhs)) return HERE;
  return matchedLabels(expr.matching, lhs.survives).some((name) => setsLabel(lhs.groups, name)) ? HERE : lhs;
}

function ofScalarAndOther(
  expr: BinaryExpr,
  lhs: Exclude<Reach, { kind: 'here' }>,
  rhs: Exclude<Reach, { kind: 'here' }>,
): Reach {
  if (lhs.kind === 'local' && rhs.kind === 'local' && !areOfOneRegion([lhs, rhs])) return HERE;
  const isVector = (side: Expr): boolean => typeOf(side) === 'vector';
  const series = isVector(expr.lhs) ? lhs : isVector(expr.rhs) ? rhs : lhs.kind === 'local' ? lhs : rhs;
  // A constant vector beside a scalar of a region.
  if (series.kind !== 'local') return HERE;
  // A filter decides by the value, and of two equal series only the merged one has the value that counts.
  return isFilter(expr) && !isSettled(series) ? HERE : failingLike(ofSeries(series), [lhs, rhs]);
}

/** Which group labels are still there after the aggregation. */
function survivors(expr: AggregateExpr, input: Local): ReadonlySet<string> {
  const named = new Set(expr.grouping);
  return new Set([...input.survives].filter((name) => named.has(name) !== expr.without));
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
