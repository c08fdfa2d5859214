// Injected matchers: conditions added to every selector sent to a server group, which scope it to part of its data.

import { Labels, METRIC_NAME } from '../labels.js';
import { compileMatcher, type Matcher } from './matcher.js';

/**
 * Appends the injected matchers that are not present yet. Prometheus rejects a selector whose matchers all match the
 * empty string; `__name__=~".+"` is then appended.
 */
export function injectMatchers(
  matchers: readonly Matcher[],
  injected: readonly Matcher[],
): readonly Matcher[] {
  const added = injected.filter((matcher) => !matchers.some((present) => areEqual(matcher, present)));
  const all = added.length === 0 ? matchers : [...matchers, ...added];
  if (all.some((matcher) => !compileMatcher(matcher)(''))) return all;
  return [...all, { name: METRIC_NAME, op: '=~', value: '.+' }];
}

/**
 * Returns the labels that all series of a group have: the group's own labels, and those that an injected `=` matcher
 * fixes. The metric name is omitted: most operations drop it.
 */
export function fixedLabels(labels: Labels, injected: readonly Matcher[]): Labels {
  const fixed = injected.filter(({ name, op }) => op === '=' && name !== METRIC_NAME);
  return fixed.length === 0 ? labels : Labels.of(fixed.map(({ name, value }) => [name, value])).with(labels);
}

function areEqual(a: Matcher, b: Matcher): boolean {
  return a.name === b.name && a.op === b.op && a.value === b.value;
}
