// The targets of a server group, grouped by their labels.

import type { Labels } from './labels.js';

/** Targets of one server group with equal labels: replicas of the same data. */
export interface TargetSet<T> {
  /** `GROUP` when all targets of the group have equal labels, else `GROUP{label=value,…}`. Unique within the group. */
  readonly name: string;
  /** Labels set on every series: those of the targets and of the group. The group's labels take precedence. */
  readonly labels: Labels;
  readonly targets: readonly T[];
}

/**
 * Splits targets by their labels. The sets, and the targets within each, have the order of `targets`. Without targets
 * there is one empty set.
 *
 * Source: promxy, pkg/servergroup/servergroup.go (`loadTargetGroupMap`), which sets the labels of each target on its
 * series.
 */
export function targetSets<T extends { readonly labels: Labels }>(
  groupName: string,
  groupLabels: Labels,
  targets: readonly T[],
): readonly TargetSet<T>[] {
  const byLabels = new Map<string, { readonly labels: Labels; readonly targets: T[] }>();
  for (const target of targets) {
    const labels = target.labels.with(groupLabels);
    const known = byLabels.get(labels.key);
    if (known === undefined) byLabels.set(labels.key, { labels, targets: [target] });
    else known.targets.push(target);
  }
  if (byLabels.size === 0) return [{ name: groupName, labels: groupLabels, targets: [] }];
  if (byLabels.size === 1) return [...byLabels.values()].map((set) => ({ name: groupName, ...set }));
  const groupLabelNames = new Set(groupLabels.names());
  return [...byLabels.values()].map((set) => ({
    name: `${groupName}{${printLabels(set.labels.drop(groupLabelNames))}}`,
    ...set,
  }));
}

/** Prints labels with as few quotes as possible, because messages print the name of a set in quotes. */
function printLabels(labels: Labels): string {
  return [...labels].map(([name, value]) => `${plainOrQuoted(name)}=${plainOrQuoted(value)}`).join(',');
}

function plainOrQuoted(text: string): string {
  return /^[\w.:/@-]+$/.test(text) ? text : JSON.stringify(text);
}
