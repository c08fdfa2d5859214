// The entry points of the parser.
//
// Source: Prometheus, promql/parser/generated_parser.y. The reported error is the first error of its generated
// parser, with the same text.

import type { Matcher } from '../../../model/index.js';
import type { Expr, VectorSelector } from '../ast.js';
import { checkTypes } from '../check-types.js';
import { NO_FEATURES, type FeatureSet } from '../features.js';
import { parseExpression } from './parse-expression.js';
import type { NodeCount } from './node-count.js';
import { parseMatcherList, parseVectorSelector } from './parse-vector-selector.js';
import { TokenStream } from './token-stream.js';
import { isMetricName } from '../lexer/tokens.js';

/** Options of parseExpr. */
export interface ParseOptions {
  /** Experimental constructs to accept. Default: none. */
  readonly features?: FeatureSet;
  /** Counts the nodes, and limits them. Default: no limit. */
  readonly nodes?: NodeCount;
}

/**
 * Parses and type-checks a PromQL expression in time linear to the length of the text.
 *
 * The depth of the expression is unlimited. The depth of durations is limited to MAX_DURATION_DEPTH.
 *
 * @throws ParseError for the first error, with the text of Prometheus.
 */
export function parseExpr(text: string, options: ParseOptions = {}): Expr {
  const tokens = new TokenStream(text, options.features ?? NO_FEATURES, 'statement', options.nodes);
  if (tokens.peek().kind === 'end of input') {
    throw tokens.error({ start: 0, end: 0 }, 'no expression found in input');
  }
  const expr = parseExpression(tokens);
  tokens.expect('end of input');
  return checkTypes(expr, text);
}

/**
 * Parses the selector of a `match[]` parameter, a metric name, matchers, or both, and returns its matchers. The
 * matcher of the name is the last one. The caller checks that a matcher rejects the empty string.
 *
 * @param nodes counts the matchers, and limits them. Default: no limit.
 * @throws ParseError for the first error, with the text of Prometheus.
 */
export function parseSelector(text: string, nodes?: NodeCount): readonly Matcher[] {
  const tokens = new TokenStream(text, NO_FEATURES, 'statement', nodes);
  const name = tokens.peek();
  let selector: VectorSelector;
  if (name.kind === '{') selector = parseVectorSelector(tokens, undefined);
  else if (isMetricName(name.kind)) selector = parseVectorSelector(tokens, tokens.take());
  else throw tokens.unexpected();
  tokens.expect('end of input');
  return selector.matchers;
}

/**
 * Parses matchers as between the braces of a selector, such as `job="api", env=~"prod.*"`. Returns an empty list for a
 * text without matchers.
 *
 * @throws ParseError for the first error, with the text of Prometheus.
 */
export function parseMatchers(text: string): readonly Matcher[] {
  return parseMatcherList(new TokenStream(text, NO_FEATURES, 'matchers'), 'end of input');
}
