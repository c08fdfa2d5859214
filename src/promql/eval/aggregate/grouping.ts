// Grouping of columns for aggregations, computed once for each series.

import { Labels, METRIC_NAME, type Column } from '../../../model/index.js';
import type { Evaluator } from '../evaluator.js';
import { LabelMemory } from '../label-memory.js';

/** Columns that are aggregated into one column, in the order of the vector. */
export interface Group {
  readonly labels: Labels;
  /** True when the name of any of the columns is to be removed at the end. */
  readonly dropsName: boolean;
  readonly columns: readonly Column[];
}

/**
 * Returns the function for the labels of the group that a series belongs to.
 *
 * Source: Prometheus, promql/engine.go (`generateGroupingLabels`).
 */
export function groupLabels(grouping: readonly string[], without: boolean): (labels: Labels) => Labels {
  if (without) {
    const dropped = new Set([METRIC_NAME, ...grouping]);
    return (labels) => labels.drop(dropped);
  }
  if (grouping.length === 0) return () => Labels.EMPTY;
  const kept = new Set(grouping);
  return (labels) => labels.keep(kept);
}

/**
 * Groups columns. Groups are in the order of their first columns. Their labels and keys stay reserved until the caller
 * releases `memory`.
 */
export async function groupColumns(
  { pacer, rawBudget }: Pick<Evaluator, 'pacer' | 'rawBudget'>,
  columns: readonly Column[],
  grouping: readonly string[],
  without: boolean,
): Promise<{ readonly groups: readonly Group[]; readonly memory: LabelMemory }> {
  const memory = new LabelMemory(rawBudget);
  const labelsOf = groupLabels(grouping, without);
  const groups = new Map<string, { labels: Labels; dropsName: boolean; columns: Column[] }>();
  for (const column of columns) {
    if (pacer.due) await pacer.pause();
    const labels = labelsOf(column.labels);
    const group = groups.get(labels.key);
    if (group === undefined) {
      memory.addEntry(labels.key);
      if (labels !== column.labels) memory.addLabels(labels);
      groups.set(labels.key, { labels, dropsName: column.dropsName === true, columns: [column] });
    } else {
      group.columns.push(column);
      group.dropsName ||= column.dropsName === true;
    }
  }
  return { groups: [...groups.values()], memory };
}
