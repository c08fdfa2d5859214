// Native histograms in plans: which selectors' raw samples are wanted because what regions send has no histograms whole.

import { METRIC_NAME } from '../../model/index.js';
import { children, walk, type Expr, type VectorSelector } from '../language/index.js';
import { selectionKey } from './explain/explain-plan.js';
import type { PlannedGroup } from './pruning/group-pruning.js';
import type { Fetch, PlanNode } from './node.js';
import { operands } from './operands.js';
import type { SelectorRouting } from './pruning/selector-routing.js';

/** Selectors whose raw samples are wanted, each with the group on whose account. */
export type WholeSelectors = ReadonlyMap<VectorSelector, PlannedGroup>;

/** Functions of native histograms alone: classic ones are no argument of theirs. */
const NATIVE_ONLY: ReadonlySet<string> = new Set([
  'histogram_avg',
  'histogram_count',
  'histogram_sum',
  'histogram_stddev',
  'histogram_stdvar',
]);

/** Functions whose result can be a histogram where a sample of an argument is one. */
const KEEPING: ReadonlySet<string> = new Set([
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

/** Aggregations of the same kind; the others leave histograms out, or make floats of them. */
const KEEPING_AGGREGATIONS: ReadonlySet<string> = new Set(['sum', 'avg', 'limitk', 'limit_ratio']);

/** The selectors whose histograms, should they hold some, can make the result of `expr` hold histograms. */
export function histogramSources(expr: Expr): VectorSelector[] {
  const found: VectorSelector[] = [];
  const pending = [expr];
  for (let one = pending.pop(); one !== undefined; one = pending.pop()) {
    if (one.kind === 'vectorSelector') found.push(one);
    else pending.push(...keptOf(one));
  }
  return found;
}

/** The children of an expression whose histograms can be in its result. */
function keptOf(expr: Exclude<Expr, VectorSelector>): readonly Expr[] {
  switch (expr.kind) {
    case 'call':
      return KEEPING.has(expr.func) ? expr.args : [];
    case 'aggregate':
      return KEEPING_AGGREGATIONS.has(expr.op) ? [expr.expr] : [];
    case 'binary':
      if (expr.op === 'and' || expr.op === 'unless') return [expr.lhs];
      return expr.returnBool || isOrder(expr.op) ? [] : [expr.lhs, expr.rhs];
    case 'number':
    case 'string':
    case 'paren':
    case 'unary':
    case 'matrixSelector':
    case 'subquery':
      return children(expr);
  }
}

/** Histograms have no order: what compares by it leaves them out. */
function isOrder(op: string): boolean {
  return op === '<' || op === '<=' || op === '>' || op === '>=';
}

/** After so many plans, whatever is known to hold histograms is read raw: a plan is not made over and over. */
const MAX_PLANS = 4;

/**
 * Plans an expression again until no fetch of its plan brings native histograms to what is computed or merged here,
 * as far as is known where they are: the selectors that they come from are read raw instead. A result without
 * histograms is fetched as ever, however many there are below it, and so is one that passes through as it came.
 *
 * Known is what a function says that takes nothing else (as long as a group concerned can hand histograms on whole),
 * the names that groups know (`PlannedGroup.histograms`), and the selections of `met`.
 *
 * @param met keys of selections (`selectionKey`) whose histograms were met in an answer, all groups alike.
 * @param passes whether the plan's result is the query's, so that a plan that is one fetch passes through.
 */
export function planWholeHistograms(
  expr: Expr,
  groups: readonly PlannedGroup[],
  { met, passes }: { readonly met: ReadonlySet<string>; readonly passes: boolean },
  relevance: SelectorRouting,
  plan: (whole: WholeSelectors) => PlanNode,
): PlanNode {
  const whole = new Map<VectorSelector, PlannedGroup>();
  let result = plan(whole);
  if (met.size === 0 && !groups.some(({ histograms }) => histograms !== undefined)) return result;
  const native = nativeSelectors(expr);
  const mark = (selector: VectorSelector): void => {
    if (whole.has(selector)) return;
    const group = holderOf(selector, relevance(selector).groups, native, met);
    if (group !== undefined) whole.set(selector, group);
  };
  for (let plans = 1; ; plans++) {
    const before = whole.size;
    for (const fetch of decodedFetches(result, passes)) for (const one of histogramSources(fetch)) mark(one);
    if (whole.size === before) return result;
    if (plans === MAX_PLANS) {
      walk(expr, (one) => {
        if (one.kind === 'vectorSelector') mark(one);
      });
    }
    result = plan(whole);
    if (plans === MAX_PLANS) return result;
  }
}

/** The expressions of the fetches whose samples are looked at here. */
function decodedFetches(plan: PlanNode, passes: boolean): Expr[] {
  if (passes && plan.kind === 'fetch' && !merges(plan.fetch)) return [];
  const found: Expr[] = [];
  const pending: PlanNode[] = [plan];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.kind === 'fetch' && node.source !== undefined) found.push(node.source);
    pending.push(...operands(node));
  }
  return found;
}

/** Whether copies of a series can meet in the answers of a fetch. */
export function merges({ overlapping, parts }: Fetch): boolean {
  return overlapping || parts.some(({ group }) => group.replicated);
}

/** The selectors whose samples reach a function that takes native histograms only. */
function nativeSelectors(expr: Expr): ReadonlySet<VectorSelector> {
  const found = new Set<VectorSelector>();
  walk(expr, (one) => {
    if (one.kind !== 'call' || !NATIVE_ONLY.has(one.func)) return;
    for (const arg of one.args) for (const selector of histogramSources(arg)) found.add(selector);
  });
  return found;
}

/** The first group on whose account a selector has to be read raw. */
function holderOf(
  selector: VectorSelector,
  groups: readonly PlannedGroup[],
  native: ReadonlySet<VectorSelector>,
  met: ReadonlySet<string>,
): PlannedGroup | undefined {
  const { matchers } = selector;
  if (met.size > 0 && met.has(selectionKey(matchers))) {
    return groups.find(({ histograms }) => histograms !== undefined) ?? groups[0];
  }
  const names = matchers.filter(({ name, op }) => name === METRIC_NAME && op === '=');
  return groups.find(
    ({ histograms }) =>
      histograms !== undefined && (native.has(selector) || names.some(({ value }) => histograms.has(value))),
  );
}
