// Label matchers: the conditions of a selector.

import type { Labels } from '../labels.js';
import { compileAnchored } from './regex.js';

/** Operator of a matcher, as PromQL writes it. */
export type MatchOp = '=' | '!=' | '=~' | '!~';

/** A condition on one label. A missing label has the empty value. */
export interface Matcher {
  readonly name: string;
  readonly op: MatchOp;
  readonly value: string;
}

/**
 * Compiles a matcher to a test of a label value. Compile once, use often.
 *
 * @throws PromfedError `bad_data` when the pattern is not valid RE2; `limit` when it is too large. The test throws
 *   `limit` when the pattern or the value is too large to be matched.
 */
export function compileMatcher(matcher: Matcher): (value: string) => boolean {
  const { op, value } = matcher;
  switch (op) {
    case '=':
      return (candidate) => candidate === value;
    case '!=':
      return (candidate) => candidate !== value;
    case '=~':
      return compileAnchored(value).test;
    case '!~': {
      const { test } = compileAnchored(value);
      return (candidate) => !test(candidate);
    }
  }
}

/**
 * Compiles matchers to a test whether labels satisfy all of them.
 *
 * @throws PromfedError `bad_data` when a pattern is not valid RE2.
 */
export function compileMatchers(matchers: readonly Matcher[]): (labels: Labels) => boolean {
  const tests = matchers.map((matcher) => ({ name: matcher.name, test: compileMatcher(matcher) }));
  return (labels) => tests.every(({ name, test }) => test(labels.get(name)));
}

/** Label names that need no quotes in a selector. */
const BARE_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * Prints the matchers, in their order, as a PromQL selector: `{__name__="up",job!~"a|b","odd.name"="x"}`.
 *
 * Names with other characters than letters, digits and underscores are quoted (UTF-8 names of Prometheus 3). A lone
 * surrogate is printed as U+FFFD. An empty list is printed as `{}`, which Prometheus rejects as a selector.
 */
export function printMatchers(matchers: readonly Matcher[]): string {
  const printed = matchers.map(({ name, op, value }) => {
    const label = BARE_NAME.test(name) ? name : quote(name);
    return `${label}${op}${quote(value)}`;
  });
  return `{${printed.join(',')}}`;
}

/** Quotes a string. PromQL reads all escapes that JSON writes, except those of lone surrogates. */
function quote(text: string): string {
  return JSON.stringify(text.replace(/\p{Surrogate}/gu, '\ufffd'));
}
