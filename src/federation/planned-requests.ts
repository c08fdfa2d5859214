// The number of requests of a plan, known before the first one is sent.

import { MAX_POINTS, type Grid } from '../model/index.js';
import { subqueryTimes } from '../promql/eval/index.js';
import {
  operands,
  selectionKey,
  type FetchNode,
  type PlanNode,
  type SelectorNode,
} from '../promql/plan/index.js';

/** A node with the steps that it is evaluated on. */
interface Placed {
  readonly node: PlanNode;
  readonly grid: Grid;
}

/**
 * Returns the number of requests that an evaluation of a plan sends to server groups. Equal requests are sent once. Iterative,
 * because plans may have any depth.
 *
 * @param grid steps of the query.
 * @param defaultStepMs step of subqueries without one.
 * @param enough when the number is not above it, equal requests may be counted several times.
 */
export function plannedRequests(plan: PlanNode, grid: Grid, defaultStepMs: number, enough: number): number {
  const leaves = [...leavesOf(plan, grid, defaultStepMs)];
  const upperBound = leaves.reduce((sum, leaf) => sum + requestsOf(leaf), 0);
  if (upperBound <= enough) return upperBound;
  const distinct = new Map(leaves.map((leaf) => [keyOf(leaf), leaf]));
  return [...distinct.values()].reduce((sum, leaf) => sum + requestsOf(leaf), 0);
}

interface Leaf extends Placed {
  readonly node: FetchNode | SelectorNode;
}

function* leavesOf(plan: PlanNode, grid: Grid, defaultStepMs: number): Generator<Leaf> {
  const pending: Placed[] = [{ node: plan, grid }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node } = next;
    if (node.kind === 'fetch' || node.kind === 'selector') {
      yield { node, grid: next.grid };
      continue;
    }
    const inner = innerGrid(node, next.grid, defaultStepMs);
    for (const operand of operands(node)) pending.push({ node: operand, grid: inner });
  }
}

function innerGrid(node: PlanNode, grid: Grid, defaultStepMs: number): Grid {
  if (node.kind === 'segment') return node.grid;
  return node.kind === 'subquery' ? subqueryTimes(node, grid, defaultStepMs).inner : grid;
}

/** The steps of a long fetch are sent in several requests to each group. */
function requestsOf({ node, grid }: Leaf): number {
  if (node.kind === 'selector') return node.selection.parts.length;
  return node.fetch.parts.length * Math.max(0, Math.ceil(grid.count / MAX_POINTS));
}

function keyOf({ node, grid }: Leaf): string {
  if (node.kind === 'fetch') return JSON.stringify([grid, node.fetch.key]);
  const { selection, offsetMs, atMs, extension } = node;
  return JSON.stringify([grid, selectionKey(selection.matchers), offsetMs, atMs, extension]);
}
