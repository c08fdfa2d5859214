// Matchers: the conditions of a selector on labels.

import type { Labels } from './labels.js';
import { compileAnchored } from './regex.js';

export type MatchOp = '=' | '!=' | '=~' | '!~';

/** One condition on one label; a label that is not there counts as empty. */
export interface Matcher {
  readonly name: string;
  readonly op: MatchOp;
  readonly value: string;
}

/**
 * The test that a matcher stands for. Compile once, use often.
 *
 * @throws PromfedError `bad_data` when a pattern is not valid RE2.
 */
export function compileMatcher(matcher: Matcher): (value: string) => boolean {
  const { op, value } = matcher;
  switch (op) {
    case '=':
      return (candidate) => candidate === value;
    case '!=':
      return (candidate) => candidate !== value;
    case '=~':
      return compileAnchored(value);
    case '!~': {
      const matches = compileAnchored(value);
      return (candidate) => !matches(candidate);
    }
  }
}

/** The test whether labels satisfy every one of the matchers. */
export function compileMatchers(matchers: readonly Matcher[]): (labels: Labels) => boolean {
  const tests = matchers.map((matcher) => ({ name: matcher.name, test: compileMatcher(matcher) }));
  return (labels) => tests.every(({ name, test }) => test(labels.get(name)));
}
