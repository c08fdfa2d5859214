import {
  parseExpr,
  walk,
  type At,
  type BinaryExpr,
  type Duration,
  type Expr,
} from '../../../src/promql/language/index.js';
import { ALL_FEATURES } from '../promql/all-features.js';

/**
 * Returns the names of the constructs of a query, for example `rate()`, `duration step()`, `sum`, `by` and
 * `a subquery`. Empty for an invalid query.
 */
export function constructsOf(text: string): Set<string> {
  const constructs = new Set<string>();
  const root = tryParse(text);
  if (root === undefined) return constructs;
  walk(root, (node) => {
    for (const name of constructsAt(node)) constructs.add(name);
  });
  return constructs;
}

function tryParse(text: string): Expr | undefined {
  try {
    return parseExpr(text, { features: ALL_FEATURES });
  } catch {
    return undefined;
  }
}

function constructsAt(node: Expr): string[] {
  switch (node.kind) {
    case 'number':
      return [node.duration ? 'a duration as a number' : 'a number'];
    case 'string':
      return ['a string'];
    case 'paren':
      return ['parentheses'];
    case 'unary':
      return [`unary ${node.op}`];
    case 'call':
      return [`${node.func}()`];
    case 'aggregate':
      return [node.op, ...(node.without ? ['without'] : node.grouping.length > 0 ? ['by'] : [])];
    case 'binary':
      return [node.op, ...(node.returnBool ? ['bool'] : []), ...matchingOf(node)];
    case 'matrixSelector':
      return ['a range', ...durationOf(node.range)];
    case 'subquery':
      return [
        'a subquery',
        ...(node.step === undefined ? ['a subquery of default steps'] : durationOf(node.step)),
        ...durationOf(node.range),
        ...timeOf(node),
      ];
    case 'vectorSelector':
      return [
        ...node.matchers.map(({ op }) => `a matcher ${op}`),
        ...(node.extension === undefined ? [] : [node.extension]),
        ...timeOf(node),
      ];
  }
}

function matchingOf({ matching }: BinaryExpr): string[] {
  if (matching === undefined) return [];
  const { card, labels, on, fill } = matching;
  return [
    ...(on ? ['on'] : labels.length > 0 ? ['ignoring'] : []),
    ...(card === 'many-to-one' ? ['group_left'] : card === 'one-to-many' ? ['group_right'] : []),
    ...(fill.lhs !== undefined && fill.lhs === fill.rhs ? ['fill'] : []),
    ...(fill.lhs !== undefined && fill.lhs !== fill.rhs ? ['fill_left'] : []),
    ...(fill.rhs !== undefined && fill.lhs !== fill.rhs ? ['fill_right'] : []),
  ];
}

function timeOf({
  offset,
  at,
}: {
  readonly offset: Duration | undefined;
  readonly at: At | undefined;
}): string[] {
  return [
    ...(offset === undefined ? [] : ['offset', ...durationOf(offset)]),
    ...(at === undefined ? [] : [at.kind === 'timestamp' ? '@' : `@ ${at.kind}()`]),
  ];
}

/** Returns the constructs of a duration. Literals are not listed. */
function durationOf(duration: Duration): string[] {
  switch (duration.kind) {
    case 'durationLiteral':
      return [];
    case 'durationCall':
      return [`duration ${duration.func}()`, ...duration.args.flatMap(durationOf)];
    case 'durationBinary':
      return [`duration ${duration.op}`, ...durationOf(duration.lhs), ...durationOf(duration.rhs)];
    case 'durationUnary':
      return ['duration unary -', ...durationOf(duration.expr)];
    case 'durationParen':
      return durationOf(duration.expr);
  }
}
