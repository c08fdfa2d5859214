// label_replace and label_join.

import { METRIC_NAME, type Column, type Labels } from '../../../model/index.js';
import { createLabelJoin, createLabelReplace, type MapLabels } from '../../functions/index.js';
import type { CallNode } from '../../plan/index.js';
import { dropEmptyColumns, mergeSameLabels, type ColumnIdentity } from '../columns.js';
import type { Evaluator, VectorOperand } from '../evaluator.js';
import { LabelMemory } from '../label-memory.js';
import { stringArguments } from './string-arguments.js';

/** Evaluates label_replace. */
export async function evalLabelReplace(evaluator: Evaluator, node: CallNode): Promise<VectorOperand> {
  const [dst, replacement, src, regex] = stringArguments(node);
  const memory = new LabelMemory(evaluator.rawBudget);
  const call = { dst: dst!, replacement: replacement!, src: src!, regex: regex! };
  const map = createLabelReplace(call, (chars) => {
    memory.addText(chars);
  });
  return mapLabels(evaluator, await evaluator.evaluateVector(node.args[0]!), { map, dst: dst!, memory });
}

/** Evaluates label_join. */
export async function evalLabelJoin(evaluator: Evaluator, node: CallNode): Promise<VectorOperand> {
  const [dst, separator, ...sources] = stringArguments(node);
  const memory = new LabelMemory(evaluator.rawBudget);
  const map = createLabelJoin({ dst: dst!, separator: separator!, sources }, (chars) => {
    memory.addText(chars);
  });
  return mapLabels(evaluator, await evaluator.evaluateVector(node.args[0]!), { map, dst: dst!, memory });
}

interface LabelWriter {
  readonly map: MapLabels;
  /** The label that is written. */
  readonly dst: string;
  /** Memory of the texts that `map` creates. */
  readonly memory: LabelMemory;
}

/**
 * Applies a function that writes one label to all series. The labels that it creates stay reserved until the result is
 * released; those of the operand, which they replace, are returned.
 */
async function mapLabels(
  evaluator: Evaluator,
  vector: VectorOperand,
  { map, dst, memory }: LabelWriter,
): Promise<VectorOperand> {
  const columns: Column[] = [];
  let wasPresent = false;
  for (const column of vector.columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    wasPresent ||= column.labels.has(dst);
    const changed = map(column.labels);
    if (changed !== column.labels) memory.addLabels(changed);
    columns.push({ ...column, ...identityOf(column, changed, dst) });
  }
  // Labels of the operand that were kept are still in use.
  const mapped = { ...vector, columns, labelBytes: memory.bytes + keptBytes(vector, columns) };
  evaluator.rawBudget.releaseLabels((vector.labelBytes ?? 0) - keptBytes(vector, columns));
  // Distinct labels stay distinct when a new one is added.
  if (!wasPresent) return mapped.held > 0 ? dropEmptyColumns(evaluator, mapped) : mapped;
  return mergeSameLabels(evaluator, mapped);
}

/** A metric name that the query writes is not removed. */
function identityOf({ labels, dropsName }: Column, changed: Labels, dst: string): ColumnIdentity {
  const writesName = dst === METRIC_NAME && changed !== labels;
  return { labels: changed, dropsName: dropsName === true && !writesName };
}

/** The share of the operand's labels, by the number of series, that the result keeps. */
function keptBytes({ labelBytes = 0, columns }: VectorOperand, mapped: readonly Column[]): number {
  if (labelBytes === 0 || columns.length === 0) return 0;
  let kept = 0;
  for (const [i, { labels }] of columns.entries()) if (mapped[i]!.labels === labels) kept++;
  return Math.floor((labelBytes * kept) / columns.length);
}
