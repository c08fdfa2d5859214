// Warnings about rules that write the same series.

import { Labels } from '../../model/index.js';
import type { FilePosition } from '../config-error.js';
import { quote } from '../text/quote.js';
import type { RuleGroupSettings } from './rule-settings.js';

/**
 * Returns a warning for each rule of a file with the name and the labels of an earlier one.
 *
 * Source: Prometheus, cmd/promtool/main.go (`checkDuplicates`).
 */
export function duplicateRules(
  groups: readonly RuleGroupSettings[],
  positionOf: (group: number, rule: number) => FilePosition,
): { readonly position: FilePosition; readonly text: string }[] {
  const first = new Map<string, FilePosition>();
  const warnings: { readonly position: FilePosition; readonly text: string }[] = [];
  for (const [i, { rules }] of groups.entries()) {
    for (const [j, { name, labels }] of rules.entries()) {
      const key = JSON.stringify([name, labels]);
      const position = positionOf(i, j);
      const earlier = first.get(key);
      if (earlier === undefined) {
        first.set(key, position);
        continue;
      }
      const shown = quote(name) + (labels.length === 0 ? '' : ` with labels ${Labels.of(labels).toString()}`);
      warnings.push({
        position,
        text: `duplicate rule ${shown}: the rule on line ${earlier.line} has the same name and labels`,
      });
    }
  }
  return warnings;
}
