// Rules that every vector keeps: no two columns with equal labels, none that is empty.

import { PromfedError, type Column, type Labels } from '../../model/index.js';

import type { Evaluator, VectorOperand } from './evaluator.js';

/** The labels that name and describe a metric: operations that change its meaning drop them. */
const METADATA_LABELS: ReadonlySet<string> = new Set(['__name__', '__type__', '__unit__']);

/** What a column is called. */
export type ColumnIdentity = Pick<Column, 'labels' | 'dropsName'>;

/** What an operation that changes the meaning of a metric makes of the column's identity. */
export function removeName(evaluator: Evaluator, labels: Labels): ColumnIdentity {
  return evaluator.delaysNameRemoval ? { labels, dropsName: true } : { labels: dropMetadataLabels(labels) };
}

/** The vector with the names dropped whose removal was delayed. */
export async function removeDelayedNames(
  evaluator: Evaluator,
  operand: VectorOperand,
): Promise<VectorOperand> {
  if (!operand.columns.some(({ dropsName }) => dropsName === true)) return operand;
  const settled = await mapIdentities(evaluator, operand, ({ labels, dropsName }) => ({
    labels: dropsName === true ? dropMetadataLabels(labels) : labels,
  }));
  return mergeSameLabels(evaluator, settled);
}

/** Labels without the metric's name and its kin. Source: Prometheus, schema/labels.go (`IsMetadataLabel`). */
export function dropMetadataLabels(labels: Labels): Labels {
  return labels.drop(METADATA_LABELS);
}

function sameLabelset(): PromfedError {
  return new PromfedError('execution', 'vector cannot contain metrics with the same labelset');
}

/** Whether the column has a sample at any step. */
function hasSamples({ present, histograms }: Column): boolean {
  return present.includes(1) || (histograms !== undefined && present.includes(2));
}

/** The vector with each column called otherwise. Values are shared with the operand, and so is its budget. */
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
 * The vector with columns of equal labels made one. Of an owned vector, empty columns go too.
 *
 * Source: Prometheus, promql/engine.go (`rangeEval`, `mergeSeriesWithSameLabelset`).
 *
 * @throws PromfedError `execution` when two of them have a sample at the same step.
 */
export async function mergeSameLabels(evaluator: Evaluator, operand: VectorOperand): Promise<VectorOperand> {
  const byKey = new Map<string, Column>();
  const anyHistograms = hasHistograms(operand);
  for (const column of operand.columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    byKey.set(column.labels.key, column);
  }
  if (byKey.size === operand.columns.length) {
    return operand.held > 0 ? dropEmptyColumns(evaluator, operand) : operand;
  }
  byKey.clear();
  const owned = evaluator.toOwned(operand);
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
      mergeInto(earlier, column);
    }
  }
  return replace(evaluator, owned, columns);
}

/**
 * A vector of owned columns without the empty ones.
 *
 * Source: Prometheus, promql/engine.go (`eval`, calls with a matrix argument).
 *
 * @throws PromfedError `execution` when two columns have equal labels, at whatever steps.
 */
export async function requireDistinctLabels(
  evaluator: Evaluator,
  operand: VectorOperand,
): Promise<VectorOperand> {
  const columns = operand.columns.filter(hasSamples);
  const keys = new Set<string>();
  for (const { labels } of columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    if (keys.has(labels.key)) throw sameLabelset();
    keys.add(labels.key);
  }
  return replace(evaluator, operand, columns);
}

/** An owned vector without its empty columns. */
export function dropEmptyColumns(evaluator: Evaluator, operand: VectorOperand): VectorOperand {
  return replace(evaluator, operand, operand.columns.filter(hasSamples));
}

/**
 * Where an operator writes what it makes of a column: the column's own arrays when the operand is owned, else new
 * ones with nothing present. Together the targets of all columns hold what `evaluator.vector` says they hold.
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
  return evaluator.vector(columns, operand.ordered);
}

function mergeInto(target: Column, source: Column): void {
  for (let step = 0; step < source.present.length; step++) {
    if (source.present[step] === 0) continue;
    if (target.present[step] !== 0) throw sameLabelset();
    target.present[step] = source.present[step]!;
    target.values[step] = source.values[step]!;
    if (source.present[step] === 2) target.histograms![step] = source.histograms![step];
  }
}

/** Whether any sample of the vector may be a native histogram. */
export function hasHistograms({ columns }: Pick<VectorOperand, 'columns'>): boolean {
  return columns.some(({ histograms }) => histograms !== undefined);
}

/** The vector without its native histograms, which most functions of floats ignore. */
export function dropHistograms(evaluator: Evaluator, operand: VectorOperand): VectorOperand {
  if (!hasHistograms(operand)) return operand;
  const owned = evaluator.toOwned(operand);
  const columns = owned.columns.map(({ labels, dropsName, values, present }) => {
    for (let step = 0; step < present.length; step++) if (present[step] === 2) present[step] = 0;
    return { labels, dropsName, values, present };
  });
  return dropEmptyColumns(evaluator, { ...owned, columns });
}
