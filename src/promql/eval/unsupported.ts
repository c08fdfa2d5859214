// What cannot be evaluated yet, found before anything is fetched.

import { operands, type PlanNode } from '../plan/index.js';

import { isSupportedFunction } from './call.js';

/**
 * Names the first construct of a plan that `evaluate` would refuse with `unsupported`; undefined when there is none.
 * A construct reads like `histogram_fraction()`.
 */
export function tryUnsupported(root: PlanNode): string | undefined {
  const pending = [root];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const construct = notBuiltAt(node);
    if (construct !== undefined) return construct;
    // Pushed from the last to the first, so that the first in the query is named.
    pending.push(...operands(node).toReversed());
  }
  return undefined;
}

function notBuiltAt(node: PlanNode): string | undefined {
  switch (node.kind) {
    case 'call':
      return isSupportedFunction(node.func) ? undefined : `${node.func}()`;
    case 'fetch':
      return node.fetch.type === 'matrix' || node.fetch.type === 'string'
        ? `a fetched ${node.fetch.type}`
        : undefined;
    case 'number':
    case 'string':
    case 'binary':
    case 'selector':
    case 'range':
    case 'subquery':
    case 'negate':
    case 'aggregate':
    case 'segments':
    case 'segment':
      return undefined;
  }
}
