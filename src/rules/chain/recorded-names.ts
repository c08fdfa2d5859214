// The metrics that recording rules write.

import type { RuleGroupSettings } from '../../config/index.js';

/** Number of rule groups that record each metric, by its name. */
export type RecordedNames = ReadonlyMap<string, number>;

export function countRecordedNames(groups: readonly RuleGroupSettings[]): RecordedNames {
  const counts = new Map<string, number>();
  for (const { rules } of groups) {
    const names = new Set(rules.filter(({ kind }) => kind === 'recording').map(({ name }) => name));
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}
