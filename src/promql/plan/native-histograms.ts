// Native histograms in plans: which selectors are read from raw samples because JSON answers lack parts of histograms.

import { METRIC_NAME, printMatchers, type Matcher } from '../../model/index.js';
import { children, walk, type Expr, type VectorSelector } from '../language/index.js';
import type { Fetch, PlanNode } from './node.js';
import { operands } from './operands.js';
import type { PlannedGroup } from './pruning/planned-group.js';
import type { HistogramSelectors, SelectorRouting } from './pruning/selector-routing.js';

/** Functions of native histograms only. They ignore classic histograms. */
const NATIVE_ONLY: ReadonlySet<string> = new Set([
  'histogram_avg',
  'histogram_count',
  'histogram_sum',
  'histogram_stddev',
  'histogram_stdvar',
]);

/** Functions whose result can be a histogram when a sample of an argument is one. */
const HISTOGRAM_FUNCTIONS: ReadonlySet<string> = new Set([
  'rate',
  'increase',
  'irate',
  'delta',
  'idelta',
  'sum_over_time',
  'avg_over_time',
  'first_over_time',
  'last_over_time',
  'label_replace',
  'label_join',
  'sort',
  'sort_desc',
  'sort_by_label',
  'sort_by_label_desc',
  'info',
]);

/** Aggregations whose result can be a histogram. The others ignore histograms or return floats. */
const HISTOGRAM_AGGREGATIONS: ReadonlySet<string> = new Set(['sum', 'avg', 'limitk', 'limit_ratio']);

/** Maximum number of plans. The last one reads every selector raw that is known to have native histograms. */
const MAX_PLANS = 4;

/** The key of a selection of raw samples: of its statistics, and of what is known about its native histograms. */
export function selectionKey(matchers: readonly Matcher[]): string {
  return printMatchers(matchers);
}

/** The selectors whose native histograms, if they have any, can make the result of `expr` have native histograms. */
export function histogramSources(expr: Expr): VectorSelector[] {
  const found: VectorSelector[] = [];
  const pending = [expr];
  for (let one = pending.pop(); one !== undefined; one = pending.pop()) {
    if (one.kind === 'vectorSelector') found.push(one);
    else pending.push(...histogramOperands(one));
  }
  return found;
}

/** The operands whose native histograms can be in the result. */
function histogramOperands(expr: Exclude<Expr, VectorSelector>): readonly Expr[] {
  switch (expr.kind) {
    case 'call':
      return HISTOGRAM_FUNCTIONS.has(expr.func) ? expr.args : [];
    case 'aggregate':
      return HISTOGRAM_AGGREGATIONS.has(expr.op) ? [expr.expr] : [];
    case 'binary':
      if (expr.op === 'and' || expr.op === 'unless') return [expr.lhs];
      return expr.returnBool || isOrdering(expr.op) ? [] : [expr.lhs, expr.rhs];
    case 'number':
    case 'string':
    case 'paren':
    case 'unary':
    case 'matrixSelector':
    case 'subquery':
      return children(expr);
  }
}

/** Histograms have no order. Comparisons by it drop them. */
function isOrdering(op: string): boolean {
  return op === '<' || op === '<=' || op === '>' || op === '>=';
}

export interface HistogramPlanning {
  readonly expr: Expr;
  readonly groups: readonly PlannedGroup[];
  /** Keys (`selectionKey`) of the selections that answered with incomplete native histograms. */
  readonly histogramSelections: ReadonlySet<string>;
  /** True when a plan that is one fetch passes through undecoded. */
  readonly passesThrough: boolean;
}

/**
 * Plans an expression until no decoded fetch is known to return native histograms: the selectors that these come from
 * are read from raw samples instead. A fetch that passes through may return them, and so may the inner parts of a
 * fetched expression whose result has none.
 *
 * Known are the arguments of functions that take native histograms only (when a group has complete ones), the names in
 * `PlannedGroup.histograms`, and `histogramSelections`.
 */
export function planWholeHistograms(
  { expr, groups, histogramSelections, passesThrough }: HistogramPlanning,
  routing: SelectorRouting,
  plan: (selectors: HistogramSelectors) => PlanNode,
): PlanNode {
  const selectors = new Map<VectorSelector, PlannedGroup>();
  let result = plan(selectors);
  const hasNone = groups.every(({ histograms }) => histograms === undefined);
  if (hasNone && histogramSelections.size === 0) return result;
  const native = nativeSelectors(expr);
  const mark = (selector: VectorSelector): void => {
    if (selectors.has(selector)) return;
    const candidates = routing.route(selector).groups;
    const group = groupWithHistograms(selector, candidates, native, histogramSelections);
    if (group !== undefined) selectors.set(selector, group);
  };
  for (let plans = 1; ; plans++) {
    const before = selectors.size;
    for (const fetched of decodedFetches(result, passesThrough)) histogramSources(fetched).forEach(mark);
    if (selectors.size === before) return result;
    if (plans === MAX_PLANS) {
      walk(expr, (one) => {
        if (one.kind === 'vectorSelector') mark(one);
      });
    }
    result = plan(selectors);
    if (plans === MAX_PLANS) return result;
  }
}

/** The expressions of the fetches that are decoded. */
function decodedFetches(plan: PlanNode, passesThrough: boolean): Expr[] {
  if (passesThrough && plan.kind === 'fetch' && !mergesSeries(plan.fetch)) return [];
  const found: Expr[] = [];
  const pending: PlanNode[] = [plan];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.kind === 'fetch' && node.source !== undefined) found.push(node.source);
    pending.push(...operands(node));
  }
  return found;
}

/** Reports whether the answers to a fetch can have equal series, which are merged. */
export function mergesSeries({ overlapping, parts }: Fetch): boolean {
  return overlapping || parts.some(({ group }) => group.replicated);
}

/** The selectors whose samples reach a function of native histograms only. */
function nativeSelectors(expr: Expr): ReadonlySet<VectorSelector> {
  const found = new Set<VectorSelector>();
  walk(expr, (one) => {
    if (one.kind !== 'call' || !NATIVE_ONLY.has(one.func)) return;
    for (const arg of one.args) for (const selector of histogramSources(arg)) found.add(selector);
  });
  return found;
}

/** The first group whose native histograms require raw samples of the selector; undefined without one. */
function groupWithHistograms(
  selector: VectorSelector,
  groups: readonly PlannedGroup[],
  native: ReadonlySet<VectorSelector>,
  histogramSelections: ReadonlySet<string>,
): PlannedGroup | undefined {
  const { matchers } = selector;
  if (histogramSelections.size > 0 && histogramSelections.has(selectionKey(matchers))) {
    return groups.find(({ histograms }) => histograms !== undefined) ?? groups[0];
  }
  const names = matchers.filter(({ name, op }) => name === METRIC_NAME && op === '=');
  return groups.find(
    ({ histograms }) =>
      histograms !== undefined && (native.has(selector) || names.some(({ value }) => histograms.has(value))),
  );
}
