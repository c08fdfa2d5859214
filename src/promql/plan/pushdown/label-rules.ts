// Label rules of expressions: the labels that the series of a result have by PromQL.

import { LabelRule, METADATA_LABELS, METRIC_NAME } from '../../../model/index.js';
import { RANGE_FUNCTIONS } from '../../functions/index.js';
import {
  isComparison,
  isSetOperator,
  isTrim,
  stackSafe,
  typeOf,
  type AggregateExpr,
  type BinaryExpr,
  type CallExpr,
  type Expr,
  type VectorSelector,
} from '../../language/index.js';
import { absentLabels } from '../absent-labels.js';
import { tryText } from '../parens.js';

/** The rule of the series of an expression, and the metric names that they have or had. */
interface Ruled {
  readonly rule: LabelRule;
  /** Undefined for any names. */
  readonly metrics: ReadonlySet<string> | undefined;
}

type Recurse = (inner: Expr) => Ruled;

const NO_METRICS: ReadonlySet<string> = new Set();
const NOTHING: Ruled = { rule: new LabelRule({ keeps: true, names: new Set() }), metrics: NO_METRICS };

/** Functions whose results are some series of the argument, as they are. */
const SELECTING: ReadonlySet<string> = new Set(['sort', 'sort_desc', 'sort_by_label', 'sort_by_label_desc']);

/**
 * Returns the labels that the series of an expression's result can have, and whether series become equal when a region
 * kept labels that PromQL removes.
 *
 * Source: Prometheus, promql/engine.go (`rangeEval`, `eval`, `resultMetric`, `aggregation`).
 */
export function labelRuleOf(expr: Expr): LabelRule {
  return ruled(expr).rule;
}

/** Label rules of the parts of one query, each computed once. */
export class LabelRules {
  readonly #known = new WeakMap<Expr, Ruled>();

  /** Returns the rule of a part. Recurses into the parts below it that were not computed before. */
  of(expr: Expr): LabelRule {
    return this.#ruled(expr).rule;
  }

  #ruled(expr: Expr): Ruled {
    const known = this.#known.get(expr);
    if (known !== undefined) return known;
    const computed = computeRule(expr, (inner) => this.#ruled(inner));
    this.#known.set(expr, computed);
    return computed;
  }
}

const ruled = stackSafe<Ruled>(computeRule);

function computeRule(expr: Expr, recurse: Recurse): Ruled {
  switch (expr.kind) {
    case 'number':
    case 'string':
      return NOTHING;
    case 'vectorSelector':
      return { rule: LabelRule.ANY, metrics: metricsOf(expr) };
    case 'matrixSelector':
      return recurse(expr.selector);
    case 'subquery':
    case 'paren':
      return recurse(expr.expr);
    case 'unary':
      return expr.op === '-' ? nameless(recurse(expr.expr), false) : recurse(expr.expr);
    case 'aggregate':
      return ofAggregation(expr, recurse);
    case 'call':
      return ofCall(expr, recurse);
    case 'binary':
      return ofOperation(expr, recurse);
  }
}

/** @param joinsSteps false when series that become equal are an error at whatever steps. */
function nameless({ rule, metrics }: Ruled, joinsSteps: boolean): Ruled {
  const mayCollide = rule.allows(METRIC_NAME) && metrics?.size !== 1;
  return { rule: rule.without(METADATA_LABELS).colliding(mayCollide, joinsSteps), metrics: NO_METRICS };
}

/** Returns the metric names that a selector fixes. Undefined when it may select any. */
function metricsOf({ matchers }: VectorSelector): ReadonlySet<string> | undefined {
  const equal = matchers.find(({ name, op }) => name === METRIC_NAME && op === '=');
  return equal && new Set([equal.value]);
}

function ofAggregation({ op, expr, param, grouping, without }: AggregateExpr, recurse: Recurse): Ruled {
  const input = recurse(expr);
  if (['topk', 'bottomk', 'limitk', 'limit_ratio'].includes(op)) return uncolliding(input);
  const { rule } = input;
  const grouped = without ? rule.without([...grouping, METRIC_NAME]) : rule.keeping(grouping);
  const written = op === 'count_values' ? tryText(param) : undefined;
  const result = written === undefined ? grouped : grouped.adding([written]);
  return { rule: result.colliding(false, true), metrics: input.metrics };
}

/** Series that are the same as those of the input, or some of them. */
function uncolliding({ rule, metrics }: Ruled): Ruled {
  return { rule: rule.colliding(false, true), metrics };
}

function ofCall(expr: CallExpr, recurse: Recurse): Ruled {
  const { func, args } = expr;
  const series = args.find((arg) => typeOf(arg) === 'vector' || typeOf(arg) === 'matrix');
  if (series === undefined || func === 'scalar') return NOTHING;
  if (func === 'absent' || func === 'absent_over_time') {
    const names = new Set(absentLabels(series).names());
    return { rule: new LabelRule({ keeps: true, names }), metrics: NO_METRICS };
  }
  const input = recurse(series);
  if (func === 'label_replace' || func === 'label_join') {
    const written = tryText(args[1]) ?? METRIC_NAME;
    const metrics = written === METRIC_NAME ? undefined : input.metrics;
    // A label that no series has had before makes none of them equal.
    const isNew = input.rule.keeps && !input.rule.allows(written);
    return { rule: input.rule.adding([written]).colliding(!isNew, true), metrics };
  }
  if (func === 'info') return { rule: LabelRule.ANY, metrics: input.metrics };
  if (SELECTING.has(func) || RANGE_FUNCTIONS.get(func)?.keepsName === true) return uncolliding(input);
  if (func === 'histogram_quantiles') {
    const written = tryText(args[1]);
    const result = nameless(input, true);
    return written === undefined ? result : { ...result, rule: result.rule.adding([written]) };
  }
  return nameless(input, typeOf(series) !== 'matrix');
}

function ofOperation(expr: BinaryExpr, recurse: Recurse): Ruled {
  const { op, lhs, rhs, returnBool, matching } = expr;
  const keepsName = (isComparison(op) && !returnBool) || isTrim(op);
  if (matching === undefined) {
    const series = typeOf(lhs) === 'vector' ? lhs : typeOf(rhs) === 'vector' ? rhs : undefined;
    if (series === undefined) return NOTHING;
    return keepsName ? uncolliding(recurse(series)) : nameless(recurse(series), true);
  }
  const left = recurse(lhs);
  const right = recurse(rhs);
  if (op === 'or') {
    const metrics = left.metrics && right.metrics && sameMetric(left.metrics, right.metrics);
    return { rule: left.rule.or(right.rule).colliding(false, true), metrics };
  }
  if (isSetOperator(op)) return uncolliding(left);
  const [many, one] = matching.card === 'one-to-many' ? [right, left] : [left, right];
  const { rule, metrics } = keepsName ? uncolliding(many) : nameless(many, true);
  if (matching.card === 'one-to-one') {
    const matched = matching.on ? rule.keeping(matching.labels) : rule.without(matching.labels);
    return { rule: matched.colliding(false, true), metrics };
  }
  const included = matching.include.filter((name) => one.rule.allows(name));
  const excluded = matching.include.filter((name) => !one.rule.allows(name));
  const { mayCollide } = rule;
  return { rule: rule.without(excluded).adding(included).colliding(mayCollide, true), metrics };
}

/** Returns the one metric of both sides; undefined when there are several. */
function sameMetric(a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> | undefined {
  return a.size === b.size && [...a].every((name) => b.has(name)) ? a : undefined;
}
