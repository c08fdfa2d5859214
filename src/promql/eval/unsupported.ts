// Constructs that cannot be evaluated, found before anything is fetched.

import { operands, type PlanNode } from '../plan/index.js';

import { isSupportedFunction } from './call/call.js';
import { appendAll } from '../../model/index.js';

/**
 * Returns the name of the first construct of a plan that `evaluate` rejects as `unsupported`, for example
 * `histogram_fraction()`. Undefined when all constructs are supported.
 */
export function tryUnsupported(root: PlanNode): string | undefined {
  const pending = [root];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const construct = tryUnsupportedAt(node);
    if (construct !== undefined) return construct;
    // Pushed in reverse, so that nodes are visited in the order of the query.
    appendAll(pending, operands(node).toReversed());
  }
  return undefined;
}

function tryUnsupportedAt(node: PlanNode): string | undefined {
  switch (node.kind) {
    case 'call':
      return isSupportedFunction(node.func) ? undefined : `${node.func}()`;
    case 'fetch':
      return node.fetch.type === 'matrix' ? 'fetching a matrix' : undefined;
    case 'number':
    case 'string':
    case 'binary':
    case 'selector':
    case 'range':
    case 'subquery':
    case 'negate':
    case 'aggregate':
    case 'union':
    case 'segments':
    case 'segment':
      return undefined;
  }
}
