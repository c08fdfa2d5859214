// Dependencies between the rules of a group: which of them may be evaluated concurrently.

import { compileMatcher, METRIC_NAME, type Matcher } from '../../model/index.js';
import { walk, type Expr } from '../../promql/language/index.js';

/** A rule as dependencies see it. */
export interface DependentRule {
  readonly kind: 'alerting' | 'recording';
  /** The recorded metric, or the name of the alert. */
  readonly name: string;
  readonly expr: Expr;
  /** True when templates of the rule send queries, whose selectors are not known. */
  readonly hasTemplateQueries: boolean;
}

/** Metrics that alerting rules write. */
const ALERT_METRICS = ['ALERTS', 'ALERTS_FOR_STATE'];

/**
 * Returns the positions of the rules in batches. The rules of a batch may run concurrently; a batch starts when the
 * previous one has ended. Results are those of an evaluation in order: a rule runs after the earlier rules of its group
 * whose results it selects, and before the later ones. When a selector has no metric name, dependencies are unknown, and
 * each rule is a batch of its own. So is a rule whose templates send queries.
 *
 * Source: Prometheus, rules/group.go (`buildDependencyMap`).
 */
export function batchesOf(rules: readonly DependentRule[]): readonly (readonly number[])[] {
  const selectors = rules.map(({ expr }) => selectorsOf(expr));
  if (rules.length > 1 && selectors.flat().some((matchers) => nameMatcher(matchers) === undefined)) {
    return rules.map((_, i) => [i]);
  }
  const reads = (reader: number, writer: number): boolean =>
    selectors[reader]!.some((matchers) => selects(matchers, rules[writer]!));
  const levels: number[] = [];
  for (const [position, rule] of rules.entries()) {
    let level = 0;
    for (let earlier = 0; earlier < position; earlier++) {
      if (levels[earlier]! < level) continue;
      const isOrdered =
        rule.hasTemplateQueries ||
        rules[earlier]!.hasTemplateQueries ||
        reads(position, earlier) ||
        reads(earlier, position);
      if (isOrdered) level = levels[earlier]! + 1;
    }
    levels.push(level);
  }
  const batches: number[][] = [];
  for (const [position, level] of levels.entries()) (batches[level] ??= []).push(position);
  return batches;
}

function selectorsOf(expr: Expr): (readonly Matcher[])[] {
  const selectors: (readonly Matcher[])[] = [];
  walk(expr, (node) => {
    if (node.kind === 'vectorSelector') selectors.push(node.matchers);
  });
  return selectors;
}

function nameMatcher(matchers: readonly Matcher[]): Matcher | undefined {
  return matchers.find(({ name }) => name === METRIC_NAME);
}

/** Reports whether an expression may read the results of a recording rule. A selector without a name may. */
export function readsResultsOf(expr: Expr, rule: Pick<DependentRule, 'kind' | 'name'>): boolean {
  return selectorsOf(expr).some((matchers) => nameMatcher(matchers) === undefined || selects(matchers, rule));
}

/** Reports whether a selector may read the results of a rule. */
function selects(matchers: readonly Matcher[], rule: Pick<DependentRule, 'kind' | 'name'>): boolean {
  const matchesName = compileMatcher(nameMatcher(matchers)!);
  if (rule.kind === 'recording') return matchesName(rule.name);
  if (!ALERT_METRICS.some(matchesName)) return false;
  const alertName = matchers.find(({ name }) => name === 'alertname');
  return alertName === undefined || compileMatcher(alertName)(rule.name);
}
