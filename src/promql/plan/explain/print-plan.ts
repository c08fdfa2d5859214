// A plan as text: one line for each node, operands indented below their operator.

import { gridEndMs, type Matcher } from '../../../model/index.js';
import type { BinaryNode, PlanNode } from '../node.js';
import { operands } from '../operands.js';
import { printTime } from './print-time.js';

/** The plan as lines of text, for explain and for tests. Equal plans have equal texts. */
export function printPlan(node: PlanNode): string {
  const lines: string[] = [];
  // Iterative: a plan may be deeper than the stack.
  const pending: { readonly item: PlanNode | string; readonly depth: number }[] = [{ item: node, depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { item, depth } = next;
    const indent = '  '.repeat(depth);
    if (typeof item === 'string') {
      lines.push(indent + item);
      continue;
    }
    lines.push(indent + headline(item));
    const below = [...operands(item), ...fetchLines(item)];
    for (const one of below.reverse()) pending.push({ item: one, depth: depth + 1 });
  }
  return lines.join('\n');
}

/** The operator of a node, without its operands. */
export function headline(node: PlanNode): string {
  switch (node.kind) {
    case 'number':
      return String(node.value);
    case 'string':
      return JSON.stringify(node.value);
    case 'fetch':
      return 'fetch';
    case 'union':
      return 'union';
    case 'selector':
      return `selector {${node.selection.matchers.map(matcherText).join(', ')}}`;
    case 'range':
      return `range ${node.rangeMs}ms`;
    case 'subquery':
      return `subquery ${node.rangeMs}ms:${node.stepMs ?? 'default'}`;
    case 'aggregate':
      return node.without || node.grouping.length > 0
        ? `${node.op} ${node.without ? 'without' : 'by'} (${node.grouping.join(', ')})`
        : node.op;
    case 'call':
      return node.absentLabels === undefined
        ? `${node.func}()`
        : `${node.func}() as ${node.absentLabels.toString()}`;
    case 'binary':
      return binaryHeadline(node);
    case 'negate':
      return 'negate';
    case 'segments':
      return `${node.segments.length} time segments`;
    case 'segment':
      return `steps ${printTime(node.grid.startMs)} to ${printTime(gridEndMs(node.grid))}`;
  }
}

function binaryHeadline({ op, returnBool, matching }: BinaryNode): string {
  const words: string[] = [op];
  if (returnBool) words.push('bool');
  if (matching !== undefined && (matching.on || matching.labels.length > 0)) {
    words.push(`${matching.on ? 'on' : 'ignoring'} (${matching.labels.join(', ')})`);
  }
  if (matching?.card === 'many-to-one') words.push(`group_left (${matching.include.join(', ')})`);
  if (matching?.card === 'one-to-many') words.push(`group_right (${matching.include.join(', ')})`);
  return words.join(' ');
}

function matcherText({ name, op, value }: Matcher): string {
  return `${name}${op}${JSON.stringify(value)}`;
}

function fetchLines(node: PlanNode): string[] {
  if (node.kind !== 'fetch') return [];
  return node.fetch.parts.map(
    ({ group, expr, addLabels }) =>
      `${group.name}: ${expr}${addLabels.size === 0 ? '' : ` as ${addLabels.toString()}`}`,
  );
}
