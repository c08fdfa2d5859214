// Reach: how far an expression can be sent. The algebra of distribution, and nothing else.

import { METRIC_NAME } from '../../model/index.js';
import { SIGNATURES } from '../functions/index.js';
import { typeOf, type AggregateExpr, type BinaryExpr, type CallExpr, type Expr } from '../language/index.js';
import { relevantGroups, tellApart, type PlannedGroup } from './groups.js';
import { tryText } from './text.js';

/**
 * What is known of an expression:
 * - `constant`: it reads no series and has the same value in every region and here.
 * - `local`: its result over the union of the regions is the union of its results over each of `groups`.
 * - `here`: it must be computed here, from the results of its operands.
 */
export type Reach = Constant | Local | Here;

interface Constant {
  readonly kind: 'constant';
}

export interface Local {
  readonly kind: 'local';
  /** The groups that are relevant for it. */
  readonly groups: readonly PlannedGroup[];
  /** Which of a group's labels the series of the result still carry. */
  readonly survives: (labelName: string) => boolean;
  /**
   * Whether those labels keep the results of every two groups apart. When not, the groups are overlapping, the
   * expression works on each series by itself, and equal series of different groups have to be merged.
   */
  readonly apart: boolean;
  /** Whether every group answers from one place. When not, equal series of its replicas have to be merged. */
  readonly single: boolean;
  /** Whether the selector takes series of one metric name only: then no two of a region become equal without it. */
  readonly oneName: boolean;
}

interface Here {
  readonly kind: 'here';
}

const CONSTANT: Constant = { kind: 'constant' };
const HERE: Here = { kind: 'here' };

/** Aggregations that a region computes as one Prometheus would, when the groups stay apart. */
const LOCAL_AGGREGATIONS: ReadonlySet<string> = new Set([
  'sum',
  'avg',
  'count',
  'min',
  'max',
  'group',
  'stddev',
  'stdvar',
  'quantile',
  'count_values',
]);

/** How far the expression can be sent, over all the groups there are. Linear in the expression. */
export function createReach(groups: readonly PlannedGroup[]): (expr: Expr) => Reach {
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
        const relevant = relevantGroups(expr.matchers, groups);
        return {
          kind: 'local',
          groups: relevant,
          survives: all,
          apart: tellApart(relevant, all),
          single: relevant.every((group) => !group.replicated),
          oneName: expr.matchers.some(({ name, op }) => name === METRIC_NAME && op === '='),
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
        return ofCall(expr, reach);
      case 'aggregate':
        return ofAggregate(expr, reach);
      case 'binary':
        return ofBinary(expr, reach);
    }
  };
  return reach;
}

/**
 * Whether each region's result is final: no series of it is to be merged with one of elsewhere. Only then may a region
 * compute what looks at more than one series, or what leaves series out by their values.
 */
export function isSettled({ apart, single }: Local): boolean {
  return apart && single;
}

function all(): boolean {
  return true;
}

function ofCall(expr: CallExpr, reach: (expr: Expr) => Reach): Reach {
  const series = expr.args.filter((arg) => isSeries(arg));
  const others = expr.args.filter((arg) => !isSeries(arg));
  if (others.some((arg) => reach(arg).kind !== 'constant')) return HERE;
  if (series.length === 0) return typeOf(expr) === 'vector' ? HERE : CONSTANT;
  const from = SIGNATURES.get(expr.func)?.from ?? 'all';
  if (series.length > 1 || from === 'all') return HERE;
  const input = reach(series[0]!);
  if (input.kind !== 'local') return HERE;
  if (from === 'buckets') {
    return isSettled(input) && !setsLabel(input.groups, 'le') ? input : HERE;
  }
  if (from === 'labels') {
    const touched = others.map(tryText);
    return isSettled(input) && !touched.some((name) => name !== undefined && setsLabel(input.groups, name))
      ? input
      : HERE;
  }
  return ofSeries(input);
}

/**
 * Something that works on each series by itself and may take its name away. Where series of different regions or
 * replicas are merged by their labels, two metrics that have lost their names would be taken for one.
 */
function ofSeries(input: Reach): Reach {
  return input.kind !== 'local' || isSettled(input) || input.oneName ? input : HERE;
}

function ofAggregate(expr: AggregateExpr, reach: (expr: Expr) => Reach): Reach {
  const input = reach(expr.expr);
  if (input.kind !== 'local' || !isSettled(input) || !LOCAL_AGGREGATIONS.has(expr.op)) return HERE;
  if (expr.param !== undefined && reach(expr.param).kind !== 'constant') return HERE;
  if (writesGroupLabel(expr, input.groups)) return HERE;
  const survives = survivors(expr, input);
  return tellApart(input.groups, survives) ? { ...input, survives } : HERE;
}

function ofBinary(expr: BinaryExpr, reach: (expr: Expr) => Reach): Reach {
  const lhs = reach(expr.lhs);
  const rhs = reach(expr.rhs);
  if (lhs.kind === 'constant' && rhs.kind === 'constant') return CONSTANT;
  const series = lhs.kind === 'constant' ? rhs : rhs.kind === 'constant' ? lhs : HERE;
  if (series.kind !== 'local') return HERE;
  // A filter decides by the value, and of two equal series only the merged one has the value that counts.
  return isFilter(expr) && !isSettled(series) ? HERE : ofSeries(series);
}

/** Which group labels are still there after the aggregation. */
function survivors(expr: AggregateExpr, input: Local): (name: string) => boolean {
  const named = new Set(expr.grouping);
  return (name) => input.survives(name) && named.has(name) !== expr.without;
}

/** Whether count_values writes its values to a label that a group sets. */
export function writesGroupLabel(expr: AggregateExpr, groups: readonly PlannedGroup[]): boolean {
  const label = tryText(expr.param);
  return expr.op === 'count_values' && label !== undefined && setsLabel(groups, label);
}

function setsLabel(groups: readonly PlannedGroup[], name: string): boolean {
  return groups.some((group) => group.labels.has(name));
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
