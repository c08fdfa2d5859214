// A range query in segments: each evaluated on its own steps, and the results put together series by series.

import { PromfedError, type Column } from '../../model/index.js';
import type { SegmentsNode, SegmentNode } from '../plan/index.js';

import { settleNames } from './columns.js';
import type { HistogramColumn, Operand, Scope, VectorOperand } from './scope.js';

/** The result on the steps of the segment; names whose removal was delayed are dropped. */
export async function evalSegment(scope: Scope, { grid, input }: SegmentNode): Promise<Operand> {
  const part = scope.segment(grid);
  const operand = await part.evaluate(input);
  // A region drops names at once, and what is computed here in the end: both must be called the same.
  return operand.type === 'vector' ? settleNames(part, operand) : operand;
}

/** Evaluates all segments at once. A column has nothing at the steps of segments that do not have its series. */
export async function evalSegments(scope: Scope, { segments }: SegmentsNode): Promise<Operand> {
  const parts = await Promise.all(segments.map((segment) => scope.evaluate(segment)));
  const first = parts[0];
  if (first?.type === 'scalar') return putScalars(scope, parts, segments);
  const byKey = new Map<string, Column>();
  for (const [i, part] of parts.entries()) {
    if (part.type !== 'vector') throw unexpected(part);
    // Most of what a segment held is held by the whole from here on.
    scope.segment(segments[i]!.grid).release(part);
    await putColumns(scope, byKey, part, firstStepOf(scope, segments[i]!));
  }
  return scope.vector([...byKey.values()]);
}

function putScalars(scope: Scope, parts: readonly Operand[], segments: readonly SegmentNode[]): Operand {
  const whole = scope.newScalar(() => NaN);
  for (const [i, part] of parts.entries()) {
    if (part.type !== 'scalar') throw unexpected(part);
    whole.values.set(part.values, firstStepOf(scope, segments[i]!));
    scope.segment(segments[i]!.grid).release(part);
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

function firstStepOf({ grid: { startMs, stepMs } }: Scope, { grid }: SegmentNode): number {
  return Math.round((grid.startMs - startMs) / stepMs);
}

function unexpected({ type }: Operand): PromfedError {
  return new PromfedError('internal', `a segment of a range query came to a ${type}`);
}
