// Injected matchers: conditions on every selector that a server group is sent, which scope it to a part of its data.

import { Labels, METRIC_NAME } from '../labels.js';
import { compileMatcher, type Matcher } from './matcher.js';

/**
 * The matchers with the injected ones behind them, each that is there already left out. A selector must have a
 * matcher that does not match the empty string, so one without is given "has a name".
 */
export function injectMatchers(
  matchers: readonly Matcher[],
  injected: readonly Matcher[],
): readonly Matcher[] {
  const added = injected.filter((one) => !matchers.some((other) => isEqual(one, other)));
  const all = added.length === 0 ? matchers : [...matchers, ...added];
  if (all.some((matcher) => !compileMatcher(matcher)(''))) return all;
  return [...all, { name: METRIC_NAME, op: '=~', value: '.+' }];
}

/**
 * The labels that every answer of a group is known to have: those that it sets, and those that an injected matcher
 * leaves no other value. Names of metrics are left out: most operations take them away.
 */
export function fixedLabels(labels: Labels, injected: readonly Matcher[]): Labels {
  const equal = injected.filter(({ name, op }) => op === '=' && name !== METRIC_NAME);
  return equal.length === 0 ? labels : Labels.of(equal.map(({ name, value }) => [name, value])).with(labels);
}

function isEqual(a: Matcher, b: Matcher): boolean {
  return a.name === b.name && a.op === b.op && a.value === b.value;
}
