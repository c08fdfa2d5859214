// Native histograms in plans: JSON answers lack parts of them, so selectors that have them are read from raw samples.

import { appendAll, METRIC_NAME, printMatchers, type Matcher } from '../../model/index.js';
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

/**
 * Maximum number of times that an expression is planned again. The last plan reads every selector from raw samples that
 * is known to have native histograms.
 */
const MAX_REPLANS = 4;

/** The key that identifies a selection of raw samples in statistics and in `histogramSelections`. */
export function selectionKey(matchers: readonly Matcher[]): string {
  return printMatchers(matchers);
}

/** The selectors whose native histograms, if they have any, can make the result of `expr` have native histograms. */
export function histogramSources(expr: Expr): VectorSelector[] {
  const found: VectorSelector[] = [];
  const pending = [expr];
  for (let one = pending.pop(); one !== undefined; one = pending.pop()) {
    if (one.kind === 'vectorSelector') found.push(one);
    else appendAll(pending, histogramOperands(one));
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

/** Reports whether a comparison is by order. Histograms have no order, so these comparisons drop them. */
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
 * Repeats the planning of an expression until no decoded fetch is known to return native histograms: the selectors that
 * these come from are read from raw samples instead. A fetch that passes through may return them, and so may the inner
 * parts of a fetched expression whose result has none.
 *
 * A selector is known to have native histograms when it is below a function of native histograms only and a group has
 * complete ones, when its name is in `PlannedGroup.histograms`, or when its key is in `histogramSelections`.
 */
export class HistogramReplans {
  /** The selectors to read from raw samples in the next plan. */
  readonly selectors = new Map<VectorSelector, PlannedGroup>();
  readonly #planning: HistogramPlanning;
  readonly #routing: SelectorRouting;
  #native: ReadonlySet<VectorSelector> | undefined;
  #count = 0;

  private constructor(planning: HistogramPlanning, routing: SelectorRouting) {
    this.#planning = planning;
    this.#routing = routing;
  }

  /** Undefined when no selector is known to have native histograms: the first plan is the last one. */
  static tryCreate(planning: HistogramPlanning, routing: SelectorRouting): HistogramReplans | undefined {
    const { groups, histogramSelections } = planning;
    const hasNone = groups.every(({ histograms }) => histograms === undefined);
    return hasNone && histogramSelections.size === 0 ? undefined : new HistogramReplans(planning, routing);
  }

  /** Adds the selectors of a plan that return native histograms. Returns false when the plan is the last one. */
  isNeededAfter(plan: PlanNode): boolean {
    const { expr, passesThrough } = this.#planning;
    if (this.#count > MAX_REPLANS) return false;
    const before = this.selectors.size;
    for (const fetched of decodedFetches(plan, passesThrough)) {
      for (const selector of histogramSources(fetched)) this.#mark(selector);
    }
    if (this.selectors.size === before) return false;
    if (++this.#count < MAX_REPLANS) return true;
    walk(expr, (one) => {
      if (one.kind === 'vectorSelector') this.#mark(one);
    });
    this.#count++;
    return true;
  }

  #mark(selector: VectorSelector): void {
    if (this.selectors.has(selector)) return;
    this.#native ??= nativeSelectors(this.#planning.expr);
    const { groups } = this.#routing.route(selector);
    const group = groupWithHistograms(selector, groups, this.#native, this.#planning.histogramSelections);
    if (group !== undefined) this.selectors.set(selector, group);
  }
}

export const NO_SELECTORS: HistogramSelectors = new Map();

/** The expressions of the fetches that are decoded. */
function decodedFetches(plan: PlanNode, passesThrough: boolean): Expr[] {
  if (passesThrough && plan.kind === 'fetch' && !mergesSeries(plan.fetch)) return [];
  const found: Expr[] = [];
  const pending: PlanNode[] = [plan];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.kind === 'fetch' && node.source !== undefined) found.push(node.source);
    appendAll(pending, operands(node));
  }
  return found;
}

/** Reports whether the answers to a fetch can have equal series, which are merged: those of replicas. */
export function mergesSeries({ parts }: Fetch): boolean {
  return parts.some(({ group }) => group.replicated);
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

/**
 * The group to name as the reason when the selector has to be read from raw samples: the first that can send complete
 * native histograms, or else the first. Undefined when the selector is not known to have native histograms.
 */
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
