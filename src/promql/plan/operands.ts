// The operands of a plan node.

import type { FetchNode, PlanNode } from './node.js';
import { appendAll } from '../../model/index.js';

/** The operands in the order in which they are printed: a parameter before the expression it applies to. */
export function operands(node: PlanNode): readonly PlanNode[] {
  switch (node.kind) {
    case 'number':
    case 'string':
    case 'fetch':
    case 'selector':
      return [];
    case 'range':
      return [node.selector];
    case 'subquery':
    case 'negate':
    case 'segment':
      return [node.input];
    case 'aggregate':
      return node.param === undefined ? [node.input] : [node.param, node.input];
    case 'call':
      return node.info === undefined ? node.args : [...node.args, node.info.selector];
    case 'union':
      return node.inputs;
    case 'segments':
      return node.segments;
    case 'binary':
      return [node.lhs, node.rhs];
  }
}

/** Returns the fetches of a plan. */
export function fetchesOf(plan: PlanNode): FetchNode[] {
  const found: FetchNode[] = [];
  const pending = [plan];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.kind === 'fetch') found.push(node);
    appendAll(pending, operands(node));
  }
  return found;
}
