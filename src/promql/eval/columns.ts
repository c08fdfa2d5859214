// Invariants of vectors, unique labels and no empty columns, and the removal of metric names.

import { METADATA_LABELS, sameLabelset, type Column, type Labels } from '../../model/index.js';

import type { Evaluator, VectorOperand } from './evaluator.js';
import { LabelMemory } from './label-memory.js';

/** The labels of a column, and whether its name is removed at the end. */
export type ColumnIdentity = Pick<Column, 'labels' | 'dropsName'>;

/** Removes the metadata labels of the result of an operation that changes the meaning of a metric, or delays it. */
export function removeName(evaluator: Evaluator, labels: Labels): ColumnIdentity {
  return evaluator.delaysNameRemoval ? { labels, dropsName: true } : { labels: dropMetadataLabels(labels) };
}

/**
 * Removes the names of a vector whose removal was delayed.
 *
 * @throws PromfedError `execution` as mergeSameLabels.
 */
export async function removeDelayedNames(
  evaluator: Evaluator,
  operand: VectorOperand,
): Promise<VectorOperand> {
  if (!operand.columns.some(({ dropsName }) => dropsName === true)) return operand;
  const renamed = await mapIdentities(evaluator, operand, ({ labels, dropsName }) => ({
    labels: dropsName === true ? dropMetadataLabels(labels) : labels,
  }));
  return mergeSameLabels(evaluator, renamed);
}

/** Returns labels without the metric name, type and unit. */
export function dropMetadataLabels(labels: Labels): Labels {
  return labels.drop(METADATA_LABELS);
}

/** Reports whether a column has a sample at any step. */
function hasSamples({ present, histograms }: Column): boolean {
  return present.includes(1) || (histograms !== undefined && present.includes(2));
}

/** Returns a vector with new labels. It shares the values and the budget of the operand and replaces it. */
export async function mapIdentities(
  evaluator: Evaluator,
  operand: VectorOperand,
  map: (column: Column) => ColumnIdentity,
): Promise<VectorOperand> {
  const columns: Column[] = [];
  for (const column of operand.columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    const { labels, dropsName } = map(column);
    columns.push({ ...column, labels, dropsName });
  }
  return { ...operand, columns };
}

/**
 * Merges columns with equal labels. Of an owned vector, empty columns are dropped too.
 *
 * Source: Prometheus, promql/engine.go (`rangeEval`, `mergeSeriesWithSameLabelset`).
 *
 * @throws PromfedError `execution` when two columns with equal labels have a sample at the same step.
 */
export async function mergeSameLabels(evaluator: Evaluator, operand: VectorOperand): Promise<VectorOperand> {
  const byKey = new Map<string, Column>();
  const anyHistograms = hasHistograms(operand);
  const memory = new LabelMemory(evaluator.rawBudget);
  for (const column of operand.columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    const { key } = column.labels;
    memory.addEntry(key);
    byKey.set(key, column);
  }
  memory.release();
  if (byKey.size === operand.columns.length) {
    return operand.held > 0 ? dropEmptyColumns(evaluator, operand) : operand;
  }
  byKey.clear();
  const owned = await evaluator.toOwned(operand);
  const columns: Column[] = [];
  for (const column of owned.columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    if (!hasSamples(column)) continue;
    const earlier = byKey.get(column.labels.key);
    if (earlier === undefined) {
      const target = anyHistograms ? { ...column, histograms: column.histograms ?? [] } : column;
      byKey.set(column.labels.key, target);
      columns.push(target);
    } else {
      const merging = evaluator.forSteps((fromStep, toStep) => {
        mergeInto(earlier, column, fromStep, toStep);
      });
      if (merging !== undefined) await merging;
    }
  }
  return replace(evaluator, owned, columns);
}

/**
 * Drops the empty columns of an owned vector and checks that labels are unique.
 *
 * Source: Prometheus, promql/engine.go (`eval`, calls with a matrix argument).
 *
 * @throws PromfedError `execution` when two columns have equal labels, whatever their steps.
 */
export async function requireDistinctLabels(
  evaluator: Evaluator,
  operand: VectorOperand,
): Promise<VectorOperand> {
  const columns = operand.columns.filter(hasSamples);
  const keys = new Set<string>();
  const memory = new LabelMemory(evaluator.rawBudget);
  for (const { labels } of columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    if (keys.has(labels.key)) throw sameLabelset();
    memory.addEntry(labels.key);
    keys.add(labels.key);
  }
  memory.release();
  return replace(evaluator, operand, columns);
}

/** Drops the empty columns of an owned vector. */
export function dropEmptyColumns(evaluator: Evaluator, operand: VectorOperand): VectorOperand {
  return replace(evaluator, operand, operand.columns.filter(hasSamples));
}

/**
 * Creates the column for an operator's results: with the arrays of the input column when the operand is owned,
 * otherwise with new arrays without samples. The outputs of all columns of an operand make up a vector for
 * `evaluator.vector`.
 */
export function createOutputColumn(
  evaluator: Evaluator,
  operand: VectorOperand,
  column: Column,
  { labels, dropsName }: ColumnIdentity,
): Column {
  if (operand.held === 0) return evaluator.newColumn(labels, dropsName);
  return { labels, dropsName, values: column.values, present: column.present };
}

function replace(evaluator: Evaluator, operand: VectorOperand, columns: readonly Column[]): VectorOperand {
  evaluator.budget.release((operand.columns.length - columns.length) * evaluator.grid.count);
  if (columns.length > 0 || operand.labelBytes === undefined) return evaluator.inPlaceOf(operand, columns);
  evaluator.rawBudget.releaseLabels(operand.labelBytes);
  return evaluator.vector(columns, operand.ordered);
}

function mergeInto(target: Column, source: Column, fromStep: number, toStep: number): void {
  for (let step = fromStep; step < toStep; step++) {
    if (source.present[step] === 0) continue;
    if (target.present[step] !== 0) throw sameLabelset();
    target.present[step] = source.present[step]!;
    target.values[step] = source.values[step]!;
    if (source.present[step] === 2) target.histograms![step] = source.histograms![step];
  }
}

/** Reports whether a vector may contain native histograms. */
export function hasHistograms({ columns }: Pick<VectorOperand, 'columns'>): boolean {
  return columns.some(({ histograms }) => histograms !== undefined);
}

/** Drops the native histograms of a vector, which most functions ignore. */
export async function dropHistograms(evaluator: Evaluator, operand: VectorOperand): Promise<VectorOperand> {
  if (!hasHistograms(operand)) return operand;
  const owned = await evaluator.toOwned(operand);
  const columns: Column[] = [];
  for (const { labels, dropsName, values, present } of owned.columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    const running = evaluator.forSteps((fromStep, toStep) => {
      for (let step = fromStep; step < toStep; step++) if (present[step] === 2) present[step] = 0;
    });
    if (running !== undefined) await running;
    columns.push({ labels, dropsName, values, present });
  }
  return dropEmptyColumns(evaluator, { ...owned, columns });
}
