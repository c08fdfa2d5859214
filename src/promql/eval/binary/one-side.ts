// The "one" side of an operation between vectors: at most one series of each match group at each step.

import { Labels, type Column } from '../../../model/index.js';
import type { VectorMatching } from '../../language/index.js';
import type { Evaluator, VectorOperand } from '../evaluator.js';
import type { LabelMemory } from '../label-memory.js';
import type { MatchError } from './match-error.js';
import { groupBySignature, matchLabels, presenceOf, printLabels } from './matching.js';

/** The series of the "one" side in a match group. */
export interface OneSideGroup {
  readonly columns: readonly Column[];
  /** Index of the column with a sample at each step, −1 for no sample; undefined for a group of one column. */
  readonly columnAt: Int32Array | undefined;
}

/** The match groups of the "one" side by signature. */
export interface OneSide {
  readonly groups: ReadonlyMap<string, OneSideGroup>;
  /** Keys of the groups. */
  readonly memory: LabelMemory;
}

/** A match group without series on the "one" side. */
export const NO_SERIES: OneSideGroup = { columns: [], columnAt: undefined };

/**
 * Groups the columns of the "one" side by signature. Reserves `columnAt` from the budget; release it with
 * `releaseOneSide`. Records an error for two series of a group at a step at which any series can match.
 */
export async function groupOneSide(
  evaluator: Evaluator,
  matching: VectorMatching,
  manySide: VectorOperand,
  oneSide: VectorOperand,
  error: MatchError,
): Promise<OneSide> {
  const groups = new Map<string, OneSideGroup>();
  const { groups: bySignature, memory } = await groupBySignature(evaluator, oneSide.columns, matching);
  let relevantSteps: Uint8Array | undefined;
  for (const [signature, columns] of bySignature) {
    let columnAt: Int32Array | undefined;
    if (columns.length > 1) {
      if (evaluator.pacer.due) await evaluator.pacer.pause();
      relevantSteps ??= await stepsWithMatches(evaluator, matching, manySide);
      columnAt = await indexColumns(evaluator, matching, columns, relevantSteps, error);
    }
    groups.set(signature, { columns, columnAt });
  }
  return { groups, memory };
}

/** Releases the budget of `groupOneSide`. */
export function releaseOneSide(evaluator: Evaluator, { groups, memory }: OneSide): void {
  memory.release();
  for (const { columnAt } of groups.values()) {
    if (columnAt !== undefined) evaluator.budget.release(evaluator.grid.count);
  }
}

/** Steps at which series can match: without a fill value, only those with samples on the "many" side. */
async function stepsWithMatches(
  evaluator: Evaluator,
  { fill }: VectorMatching,
  manySide: VectorOperand,
): Promise<Uint8Array> {
  const isFilled = fill.lhs !== undefined || fill.rhs !== undefined;
  return isFilled ? new Uint8Array(evaluator.grid.count).fill(1) : presenceOf(evaluator, manySide.columns);
}

async function indexColumns(
  evaluator: Evaluator,
  matching: VectorMatching,
  columns: readonly Column[],
  relevantSteps: Uint8Array,
  error: MatchError,
): Promise<Int32Array> {
  const { count } = evaluator.grid;
  evaluator.budget.reserve(count);
  const columnAt = new Int32Array(count).fill(-1);
  for (const [i, { labels, present }] of columns.entries()) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    const running = evaluator.forSteps((fromStep, toStep) => {
      for (let step = fromStep; step < toStep; step++) {
        if (present[step] === 0 || relevantSteps[step] === 0) continue;
        const earlier = columnAt[step]!;
        if (earlier >= 0) {
          // Errors at later steps are not kept.
          error.record(step, 'one-side', () => duplicateMessage(matching, labels, columns[earlier]!.labels));
          return;
        }
        columnAt[step] = i;
      }
    });
    if (running !== undefined) await running;
  }
  return columnAt;
}

/** Source: Prometheus, promql/engine.go (`VectorBinop`). */
function duplicateMessage(matching: VectorMatching, labels: Labels, earlier: Labels): string {
  const group = printLabels(matchLabels(matching)(labels));
  const side = matching.card === 'one-to-many' ? 'left' : 'right';
  const both = `[${[labels, earlier]
    .sort((a, b) => Labels.compare(a, b))
    .map(printLabels)
    .join(', ')}]`;
  return `found duplicate series for the match group ${group} on the ${side} hand-side of the operation: ${both};many-to-many matching not allowed: matching labels must be unique on one side`;
}
