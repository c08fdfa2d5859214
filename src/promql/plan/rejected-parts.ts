// Rejected expressions: the parts of an expression that promfed computes because a region has rejected the whole.

import { SIGNATURES } from '../functions/index.js';
import { walk, type BinaryExpr, type Expr } from '../language/index.js';
import { mayHaveBucketRange } from './pushdown/bucket-ranges.js';

/** Identifies an expression of one query. */
export function expressionKey({ position }: Expr): string {
  return `${position.start}:${position.end}`;
}

/** The texts by which servers report a function that they do not have. Sources: Prometheus and VictoriaMetrics. */
const UNKNOWN_FUNCTION = /unknown func(?:tion with name)? \\?"([a-zA-Z0-9_]+)/;

/** The text by which VictoriaMetrics reports that it cannot join two vectors. */
const JOIN_FAILED = /duplicate time series on the (?:left|right) side of/;

/** The warning of Prometheus about buckets without a bound, which it ignores. Buckets with ranges have none. */
const IGNORED_BUCKETS = 'bucket label "le" is missing or has a malformed value of ""';

/** Returns the first warning about ignored buckets; undefined when there is none. */
export function ignoredBuckets(warnings: readonly string[]): string | undefined {
  return warnings.find((text) => text.includes(IGNORED_BUCKETS));
}

/**
 * Chooses the parts of a rejected expression that regions must not compute: the calls of a function or the joins that the
 * region complains about, otherwise everything but selectors. For buckets that a region ignored, the functions of buckets
 * that may have ranges, if any.
 *
 * @param text the region's error, or its warning about ignored buckets.
 * @param rejected keys (`expressionKey`) of the expressions that regions already do not compute.
 * @returns the keys to add; empty when the expression is a selector, which only the region has, and when promfed would
 *   ignore the same buckets.
 */
export function rejectedParts(expr: Expr, text: string, rejected: ReadonlySet<string>): readonly string[] {
  const parts: Expr[] = [];
  walk(expr, (one) => {
    if (isOperation(one) && !rejected.has(expressionKey(one))) parts.push(one);
  });
  if (text.includes(IGNORED_BUCKETS)) return parts.filter(takesRanges).map(expressionKey);
  const unknown = UNKNOWN_FUNCTION.exec(text)?.[1];
  const blamed = parts.filter((one) =>
    unknown === undefined ? JOIN_FAILED.test(text) && isJoin(one) : functionOf(one) === unknown,
  );
  return (blamed.length > 0 ? blamed : parts).map(expressionKey);
}

/** Operations are what promfed can compute from their operands. */
export function isOperation({ kind }: Expr): boolean {
  return kind === 'call' || kind === 'aggregate' || kind === 'binary' || kind === 'unary';
}

function isJoin(expr: Expr): expr is BinaryExpr {
  return expr.kind === 'binary' && expr.matching !== undefined;
}

function takesRanges(expr: Expr): boolean {
  if (expr.kind !== 'call' || SIGNATURES.get(expr.func)?.dependsOn !== 'buckets') return false;
  return expr.args.some(mayHaveBucketRange);
}

function functionOf(expr: Expr): string | undefined {
  return expr.kind === 'call' ? expr.func : expr.kind === 'aggregate' ? expr.op : undefined;
}
