// Range queries that are split into time segments.

import { PromfedError, type Column } from '../../model/index.js';
import type { SegmentsNode, SegmentNode } from '../plan/index.js';

import { removeDelayedNames } from './columns.js';
import type { HistogramColumn, Operand, Evaluator, VectorOperand } from './evaluator.js';

/** Evaluates a segment on its own steps. Metric names whose removal was delayed are removed. */
export async function evalSegment(evaluator: Evaluator, { grid, input }: SegmentNode): Promise<Operand> {
  const segmentEvaluator = evaluator.forSegment(grid);
  const operand = await segmentEvaluator.evaluate(input);
  // Regions remove names immediately. The same series must have the same labels in all segments.
  return operand.type === 'vector' ? removeDelayedNames(segmentEvaluator, operand) : operand;
}

/**
 * Evaluates all segments concurrently and joins their results series by series. A series that is missing in a segment
 * has no samples at its steps.
 */
export async function evalSegments(evaluator: Evaluator, { segments }: SegmentsNode): Promise<Operand> {
  const parts = await Promise.all(segments.map((segment) => evaluator.evaluate(segment)));
  const first = parts[0];
  if (first?.type === 'scalar') return joinScalars(evaluator, parts, segments);
  const byKey = new Map<string, Column>();
  for (const [i, part] of parts.entries()) {
    if (part.type !== 'vector') throw unexpected(part);
    // Released early: the joined columns reserve their own samples.
    evaluator.forSegment(segments[i]!.grid).release(part);
    await putColumns(evaluator, byKey, part, firstStepOf(evaluator, segments[i]!));
  }
  return evaluator.vector([...byKey.values()]);
}

async function joinScalars(
  evaluator: Evaluator,
  parts: readonly Operand[],
  segments: readonly SegmentNode[],
): Promise<Operand> {
  const joined = await evaluator.newScalar(() => NaN);
  for (const [i, part] of parts.entries()) {
    if (part.type !== 'scalar') throw unexpected(part);
    joined.values.set(part.values, firstStepOf(evaluator, segments[i]!));
    evaluator.forSegment(segments[i]!.grid).release(part);
  }
  return joined;
}

async function putColumns(
  evaluator: Evaluator,
  byKey: Map<string, Column>,
  part: VectorOperand,
  firstStep: number,
): Promise<void> {
  for (const { labels, values, present, histograms } of part.columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    let target = byKey.get(labels.key) ?? evaluator.newColumn(labels);
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

function firstStepOf({ grid: { startMs, stepMs } }: Evaluator, { grid }: SegmentNode): number {
  return Math.round((grid.startMs - startMs) / stepMs);
}

function unexpected({ type }: Operand): PromfedError {
  return new PromfedError('internal', `unexpected result of a time segment: ${type}`);
}
