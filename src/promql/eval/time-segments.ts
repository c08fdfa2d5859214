// A range query in stretches: each evaluated on its own steps, and the results put together series by series.

import { PromfedError, type Column } from '../../model/index.js';
import type { StretchesNode, StretchNode } from '../plan/index.js';

import { settleNames } from './columns.js';
import type { HistogramColumn, Operand, Scope, VectorOperand } from './scope.js';

/** The result on the steps of the stretch; names whose removal was delayed are dropped. */
export async function evalStretch(scope: Scope, { grid, input }: StretchNode): Promise<Operand> {
  const part = scope.stretch(grid);
  const operand = await part.evaluate(input);
  // A region drops names at once, and what is computed here in the end: both must be called the same.
  return operand.type === 'vector' ? settleNames(part, operand) : operand;
}

/** Evaluates all stretches at once. A column has nothing at the steps of stretches that do not have its series. */
export async function evalStretches(scope: Scope, { stretches }: StretchesNode): Promise<Operand> {
  const parts = await Promise.all(stretches.map((stretch) => scope.evaluate(stretch)));
  const first = parts[0];
  if (first?.type === 'scalar') return putScalars(scope, parts, stretches);
  const byKey = new Map<string, Column>();
  for (const [i, part] of parts.entries()) {
    if (part.type !== 'vector') throw unexpected(part);
    // Most of what a stretch held is held by the whole from here on.
    scope.stretch(stretches[i]!.grid).release(part);
    await putColumns(scope, byKey, part, firstStepOf(scope, stretches[i]!));
  }
  return scope.vector([...byKey.values()]);
}

function putScalars(scope: Scope, parts: readonly Operand[], stretches: readonly StretchNode[]): Operand {
  const whole = scope.newScalar(() => NaN);
  for (const [i, part] of parts.entries()) {
    if (part.type !== 'scalar') throw unexpected(part);
    whole.values.set(part.values, firstStepOf(scope, stretches[i]!));
    scope.stretch(stretches[i]!.grid).release(part);
  }
  return whole;
}

async function putColumns(
  scope: Scope,
  byKey: Map<string, Column>,
  part: VectorOperand,
  firstStep: number,
): Promise<void> {
  for (const { labels, values, present, histograms } of part.columns) {
    if (scope.pacer.due) await scope.pacer.pause();
    let target = byKey.get(labels.key) ?? scope.newColumn(labels);
    target.values.set(values, firstStep);
    target.present.set(present, firstStep);
    if (histograms !== undefined) target = withHistograms(target, histograms, firstStep);
    byKey.set(labels.key, target);
  }
}

function withHistograms(
  column: Column,
  histograms: NonNullable<Column['histograms']>,
  firstStep: number,
): HistogramColumn {
  const all = column.histograms?.slice() ?? new Array<undefined>(column.values.length);
  for (const [step, histogram] of histograms.entries()) all[firstStep + step] = histogram;
  return { ...column, histograms: all };
}

function firstStepOf({ grid: { startMs, stepMs } }: Scope, { grid }: StretchNode): number {
  return Math.round((grid.startMs - startMs) / stepMs);
}

function unexpected({ type }: Operand): PromfedError {
  return new PromfedError('internal', `a stretch of a range query came to a ${type}`);
}
