// Matchers in a configuration, in the syntax of PromQL.

import { PromfedError, type Matcher } from '../../model/index.js';
import { parseMatchers } from '../../promql/language/index.js';
import { quote } from './quote.js';

/**
 * Parses one or more matchers as between the braces of a selector: `cluster="A", region=~"us-.*"`.
 *
 * Source: promxy, pkg/servergroup/config.go (`GetInjectMatchers`), which parses them with PromQL's parser.
 *
 * @throws PromfedError `bad_data`, with the position in the text.
 */
export function parseConfigMatchers(text: string): readonly Matcher[] {
  const fail = (reason: string): never => {
    throw new PromfedError('bad_data', `invalid matchers ${quote(text)}: ${reason}`);
  };
  let matchers: readonly Matcher[];
  try {
    matchers = parseMatchers(text);
  } catch (error) {
    if (error instanceof PromfedError) return fail(error.message);
    throw error;
  }
  if (matchers.length === 0) return fail('must contain at least one matcher');
  if (matchers.some(({ name }) => name === '')) return fail('label name must not be empty');
  return matchers;
}
