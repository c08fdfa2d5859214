// Duplicate rules as promtool prints them.

import type { RuleGroupSettings } from '../../config/index.js';
import { compareStrings, Labels } from '../../model/index.js';

/**
 * Describes the rules of a file that have the same name and labels.
 *
 * Source: Prometheus, cmd/promtool/main.go (`checkRuleGroups`, `checkDuplicates`).
 */
export function describeDuplicates(groups: readonly RuleGroupSettings[]): string {
  const rules = groups
    .flatMap((group) => group.rules.map(({ name, labels }) => ({ name, labels: Labels.of(labels) })))
    .sort((a, b) => compareStrings(a.name, b.name) || Labels.compare(a.labels, b.labels));
  const isSame = (a: (typeof rules)[number], b: (typeof rules)[number] | undefined): boolean =>
    a.name === b?.name && a.labels.equals(b.labels);
  const repeated = rules.filter((rule, i) => isSame(rule, rules[i + 1]) && !isSame(rule, rules[i - 1]));
  const blocks = repeated.map(({ name, labels }) => {
    const lines = [...labels].map(([label, value]) => `\t${label}: ${value}\n`);
    return `Metric: ${name}\nLabel(s):\n${lines.join('')}`;
  });
  return `lint error ${repeated.length} duplicate rule(s) found.\n${blocks.join('')}Might cause inconsistency while recording expressions`;
}
