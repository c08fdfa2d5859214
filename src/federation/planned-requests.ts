// The number of requests of a plan, known before the first one is sent.

import { appendAll, MAX_POINTS, type Grid, type Matcher } from '../model/index.js';
import { subqueryTimes } from '../promql/eval/index.js';
import {
  operands,
  selectionKey,
  type FetchNode,
  type PlanNode,
  type SelectorNode,
} from '../promql/plan/index.js';

type Visit = (leaf: FetchNode | SelectorNode, grid: Grid) => void;

/**
 * Returns the number of requests that an evaluation of a plan sends to server groups. Equal requests are sent once.
 *
 * @param grid steps of the query.
 * @param defaultStepMs step of subqueries without one.
 * @param enough when the number is not above it, equal requests may be counted several times.
 */
export function plannedRequests(plan: PlanNode, grid: Grid, defaultStepMs: number, enough: number): number {
  let upperBound = 0;
  visitLeaves(plan, grid, defaultStepMs, (leaf, leafGrid) => {
    upperBound += requestsOf(leaf, leafGrid);
  });
  if (upperBound <= enough) return upperBound;
  const distinct = new Map<string, number>();
  visitLeaves(plan, grid, defaultStepMs, (leaf, leafGrid) => {
    distinct.set(keyOf(leaf, leafGrid), requestsOf(leaf, leafGrid));
  });
  let requests = 0;
  for (const count of distinct.values()) requests += count;
  return requests;
}

/** Bytes of one character of a request: expressions are sent percent-encoded. */
const ENCODED_BYTES = 3;

/** Returns the bytes of the expressions and matchers in all requests of a plan. */
export function sentBytes(plan: PlanNode): number {
  let chars = 0;
  const pending = [plan];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.kind === 'fetch') for (const { expr } of node.fetch.parts) chars += expr.length;
    else if (node.kind === 'selector')
      for (const { matchers } of node.selection.parts) chars += lengthOf(matchers);
    appendAll(pending, operands(node));
  }
  return chars * ENCODED_BYTES;
}

/** Returns the bytes of the selectors of a metadata request in the request to one group. */
export function sentSelectorBytes(selectors: readonly (readonly Matcher[])[]): number {
  return selectors.reduce((sum, matchers) => sum + lengthOf(matchers), 0) * ENCODED_BYTES;
}

function lengthOf(matchers: readonly Matcher[]): number {
  return matchers.reduce((sum, { name, value }) => sum + name.length + value.length, 0);
}

/** Visits the fetches and the selectors of a plan. Iterative, because plans may have any depth. */
function visitLeaves(plan: PlanNode, grid: Grid, defaultStepMs: number, visit: Visit): void {
  const nodes = [plan];
  const grids = [grid];
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    const outer = grids.pop()!;
    if (node.kind === 'fetch' || node.kind === 'selector') {
      visit(node, outer);
      continue;
    }
    const inner = innerGrid(node, outer, defaultStepMs);
    for (const operand of operands(node)) {
      nodes.push(operand);
      grids.push(inner);
    }
  }
}

function innerGrid(node: PlanNode, grid: Grid, defaultStepMs: number): Grid {
  if (node.kind === 'segment') return node.grid;
  return node.kind === 'subquery' ? subqueryTimes(node, grid, defaultStepMs).inner : grid;
}

/** The steps of a long fetch are sent in several requests to each group. */
function requestsOf(leaf: FetchNode | SelectorNode, { count }: Grid): number {
  if (leaf.kind === 'selector') return leaf.selection.parts.length;
  return leaf.fetch.parts.length * Math.max(0, Math.ceil(count / MAX_POINTS));
}

function keyOf(leaf: FetchNode | SelectorNode, grid: Grid): string {
  if (leaf.kind === 'fetch') return JSON.stringify([grid, leaf.fetch.key]);
  const { selection, offsetMs, atMs, extension } = leaf;
  return JSON.stringify([grid, selectionKey(selection.matchers), offsetMs, atMs, extension]);
}
