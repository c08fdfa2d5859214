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
  const predecessors = predecessorsOf(rules);
  const batches: number[][] = [];
  /** The first batch after the last rule whose templates send queries. */
  let first = 0;
  const levels: number[] = [];
  for (const [position, { hasTemplateQueries }] of rules.entries()) {
    let level = hasTemplateQueries ? batches.length : first;
    for (const earlier of predecessors[position]!) level = Math.max(level, levels[earlier]! + 1);
    if (hasTemplateQueries) first = level + 1;
    levels.push(level);
    (batches[level] ??= []).push(position);
  }
  return batches;
}

/** By position of a rule, the earlier rules that it must run after: it reads their results, or they read its own. */
function predecessorsOf(rules: readonly DependentRule[]): readonly (readonly number[])[] {
  const index = new ResultIndex(rules);
  const predecessors = rules.map((): number[] => []);
  for (const [reader, { expr }] of rules.entries()) {
    for (const writer of index.readBy(expr)) {
      if (writer !== reader) predecessors[Math.max(reader, writer)]!.push(Math.min(reader, writer));
    }
  }
  return predecessors;
}

/** The rules whose results an expression may read, found by metric name. */
export class ResultIndex {
  readonly #rules: readonly Pick<DependentRule, 'kind' | 'name'>[];
  readonly #recording = new Map<string, number[]>();
  readonly #alerting: number[] = [];

  constructor(rules: readonly Pick<DependentRule, 'kind' | 'name'>[]) {
    this.#rules = rules;
    for (const [position, { kind, name }] of rules.entries()) {
      const positions = this.#recording.get(name);
      if (kind === 'alerting') this.#alerting.push(position);
      else if (positions === undefined) this.#recording.set(name, [position]);
      else positions.push(position);
    }
  }

  /** Returns the positions of the rules. A selector without a metric name may read the results of all. */
  readBy(expr: Expr): ReadonlySet<number> {
    return new Set(selectorsOf(expr).flatMap((matchers) => this.#selectedBy(matchers)));
  }

  #selectedBy(matchers: readonly Matcher[]): readonly number[] {
    const name = nameMatcher(matchers);
    if (name === undefined) return [...this.#rules.keys()];
    const matchesName = compileMatcher(name);
    const alerting = ALERT_METRICS.some(matchesName)
      ? this.#alerting.filter((position) => selects(matchers, this.#rules[position]!))
      : [];
    const names = name.op === '=' ? [name.value] : [...this.#recording.keys()].filter(matchesName);
    return [...names.flatMap((one) => this.#recording.get(one) ?? []), ...alerting];
  }
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
