// Comparison of expressions by their meaning.

import type { Expr } from '../../../src/promql/language/index.js';

/** Returns a tree for comparison: without positions, with sorted matchers, and without parentheses unless included. */
export function comparable(expr: Expr, { parentheses }: { parentheses: boolean }): unknown {
  return strip(expr, parentheses);
}

function strip(node: unknown, parentheses: boolean): unknown {
  if (Array.isArray(node)) return node.map((item) => strip(item, parentheses));
  if (typeof node !== 'object' || node === null) return node;
  const fields = node as Readonly<Record<string, unknown>>;
  if (fields['kind'] === 'paren' && !parentheses) return strip(fields['expr'], parentheses);
  const stripped: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (key === 'position') continue;
    const inner = strip(value, parentheses);
    stripped[key] =
      key === 'matchers' && Array.isArray(inner) ? inner.map((m) => JSON.stringify(m)).sort() : inner;
  }
  return stripped;
}
