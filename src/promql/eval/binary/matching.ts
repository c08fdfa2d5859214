// Match signatures of the series of binary operations, computed once for each series.

import { METRIC_NAME, type Column, type Labels } from '../../../model/index.js';
import type { VectorMatching } from '../../language/index.js';
import type { Evaluator } from '../evaluator.js';
import { LabelMemory } from '../label-memory.js';

/**
 * Returns the function for the matching labels of a series: those of `on`, or all except those of `ignoring` and the
 * metric name.
 *
 * Source: Prometheus, model/labels/labels.go (`BytesWithLabels`, `BytesWithoutLabels`).
 */
export function matchLabels({ on, labels: names }: VectorMatching): (labels: Labels) => Labels {
  const set = new Set(on ? names : [METRIC_NAME, ...names]);
  return on ? (labels) => labels.keep(set) : (labels) => labels.drop(set);
}

/** Columns by match signature. */
interface SignatureGroups {
  readonly groups: ReadonlyMap<string, Column[]>;
  /** Keys of the groups, which the caller releases. */
  readonly memory: LabelMemory;
}

/** Groups columns by match signature, the key of their matching labels. Groups and their columns keep the order. */
export async function groupBySignature(
  { pacer, rawBudget }: Pick<Evaluator, 'pacer' | 'rawBudget'>,
  columns: readonly Column[],
  matching: VectorMatching,
): Promise<SignatureGroups> {
  const memory = new LabelMemory(rawBudget);
  const signature = matchLabels(matching);
  const groups = new Map<string, Column[]>();
  for (const column of columns) {
    if (pacer.due) await pacer.pause();
    const { key } = signature(column.labels);
    const group = groups.get(key);
    if (group !== undefined) {
      group.push(column);
      continue;
    }
    memory.addEntry(key);
    groups.set(key, [column]);
  }
  return { groups, memory };
}

/**
 * Returns an array that is not 0 at the steps at which any of the columns has a sample. The caller must not change it:
 * it is the column's own array when there is only one column.
 */
export async function presenceOf(evaluator: Evaluator, columns: readonly Column[]): Promise<Uint8Array> {
  if (columns.length === 1) return columns[0]!.present;
  const any = new Uint8Array(evaluator.grid.count);
  for (const { present } of columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    const running = evaluator.forSteps((fromStep, toStep) => {
      for (let step = fromStep; step < toStep; step++) if (present[step] !== 0) any[step] = 1;
    });
    if (running !== undefined) await running;
  }
  return any;
}

const PLAIN_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Prints labels as Prometheus does in errors of the evaluation, where the metric name is a label like any other. */
export function printLabels(labels: Labels): string {
  const pairs = [...labels].map(
    ([name, value]) => `${PLAIN_NAME.test(name) ? name : JSON.stringify(name)}=${JSON.stringify(value)}`,
  );
  return `{${pairs.join(', ')}}`;
}
