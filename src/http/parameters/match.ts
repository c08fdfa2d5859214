// The parameter `match[]`.

import { compileMatcher, PromfedError, type Matcher } from '../../model/index.js';
import { parseSelector } from '../../promql/language/index.js';

/**
 * Parses one value of the parameter.
 *
 * Source: Prometheus, web/api/v1/api.go (`parseMatchersParam`).
 *
 * @throws PromfedError `bad_data` for an invalid selector, or one without a matcher that rejects the empty string.
 */
export function parseMatch(text: string): readonly Matcher[] {
  const matchers = parseSelector(text);
  if (matchers.every((matcher) => compileMatcher(matcher)(''))) {
    throw new PromfedError('bad_data', 'match[] must contain at least one non-empty matcher');
  }
  return matchers;
}
