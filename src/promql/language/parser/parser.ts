// A query's text to a tree, its types checked.
//
// The grammar is Prometheus' promql/parser/generated_parser.y. An error is raised where its generated parser would
// raise its first one, with the same text.

import type { Matcher } from '../../../model/index.js';
import type { Expr, VectorSelector } from '../ast.js';
import { checkTypes } from '../check-types.js';
import { NO_FEATURES, type FeatureSet } from '../features.js';
import { parseExpression } from './parse-expression.js';
import { parseVectorSelector } from './parse-vector-selector.js';
import { TokenStream } from './token-stream.js';
import { isMetricName } from '../lexer/tokens.js';

export interface ParseOptions {
  /** Experimental constructs that are accepted; none by default. */
  readonly features?: FeatureSet;
}

/**
 * Parses and type-checks a PromQL expression.
 *
 * Takes time linear in the length of the text. Sets no limit on its length; none on its depth but for
 * durations (MAX_DURATION_DEPTH).
 *
 * @throws ParseError what Prometheus would answer, the first error only.
 */
export function parseExpr(text: string, options: ParseOptions = {}): Expr {
  const tokens = new TokenStream(text, options.features ?? NO_FEATURES);
  if (tokens.peek().kind === 'end of input') {
    throw tokens.error({ start: 0, end: 0 }, 'no expression found in input');
  }
  const expr = parseExpression(tokens);
  tokens.expect('end of input');
  return checkTypes(expr, text);
}

/**
 * Parses a selector as `match[]` parameters have it: a metric name, matchers, or both. Returns its matchers, the
 * one of the name last. Whether any of them refuses the empty string is left to the caller.
 *
 * @throws ParseError what Prometheus would answer.
 */
export function parseSelector(text: string): readonly Matcher[] {
  const tokens = new TokenStream(text, NO_FEATURES);
  const name = tokens.peek();
  let selector: VectorSelector;
  if (name.kind === '{') selector = parseVectorSelector(tokens, undefined);
  else if (isMetricName(name.kind)) selector = parseVectorSelector(tokens, tokens.take());
  else throw tokens.unexpected();
  tokens.expect('end of input');
  return selector.matchers;
}
