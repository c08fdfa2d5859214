// The parameter `match[]`.

import { compileMatcher, PromfedError, type Matcher } from '../../model/index.js';
import type { ParsedSelectors } from '../../federation/index.js';
import { NodeCount, parseSelector } from '../../promql/language/index.js';
import type { RequestLimits } from '../app-context.js';
import { invalid, parameter, type Parameters } from './parameters.js';

/**
 * Returns the function that parses all values of the parameter. Their number and their lengths are checked before.
 *
 * Source: Prometheus, web/api/v1/api.go (`parseMatchersParam`).
 *
 * @param namesParameter true for errors that name the parameter, as only those of /series do.
 * @throws PromfedError (also the returned function) `bad_data` for an invalid selector, or one without a matcher that
 *   rejects the empty string, and beyond the limits.
 */
export function selectorsOf(
  parameters: Parameters,
  { maxSelectors, maxNodes, maxQueryLength }: RequestLimits,
  namesParameter = false,
): () => ParsedSelectors {
  const texts = parameters.all('match[]');
  if (texts.length > maxSelectors) {
    throw invalid(
      'match[]',
      `${texts.length} selectors are too many (limit ${maxSelectors}, --query.max-selectors)`,
    );
  }
  for (const text of texts) checkLength('match[]', text, maxQueryLength);
  return () => {
    const nodes = new NodeCount(maxNodes);
    const selectors = texts.map((text) =>
      namesParameter ? parameter('match[]', () => parseMatch(text, nodes)) : parseMatch(text, nodes),
    );
    return { selectors, nodes: nodes.count };
  };
}

/**
 * Checks the length of an expression or a selector.
 *
 * @throws PromfedError `bad_data` that names the parameter.
 */
export function checkLength(name: string, text: string, maxLength: number): void {
  if (text.length <= maxLength) return;
  throw invalid(name, `${text.length} characters are too many (limit ${maxLength}, --query.max-length)`);
}

function parseMatch(text: string, nodes: NodeCount): readonly Matcher[] {
  const matchers = parseSelector(text, nodes);
  if (matchers.every((matcher) => compileMatcher(matcher)(''))) {
    throw new PromfedError('bad_data', 'match[] must contain at least one non-empty matcher');
  }
  return matchers;
}
