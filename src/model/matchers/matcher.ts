// Matchers: the conditions of a selector on labels.

import type { Labels } from '../labels.js';
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

/** A label name that needs no quotes in a selector. */
const BARE_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * A selector of the matchers as PromQL text, in their order: `{__name__="up",job!~"a|b","odd.name"="x"}`.
 *
 * Names outside the classic alphabet are quoted (Prometheus 3's UTF-8 names). A lone surrogate, which is no
 * Unicode text, is printed as U+FFFD. No matchers print `{}`, which Prometheus refuses as a selector.
 */
export function printMatchers(matchers: readonly Matcher[]): string {
  const printed = matchers.map(({ name, op, value }) => {
    const label = BARE_NAME.test(name) ? name : quote(name);
    return `${label}${op}${quote(value)}`;
  });
  return `{${printed.join(',')}}`;
}

/** Every escape that JSON writes is one that PromQL reads, but for those of lone surrogates. */
function quote(text: string): string {
  return JSON.stringify(text.replace(/\p{Surrogate}/gu, '\ufffd'));
}
