// Pushdown verdicts: where an expression can be computed.

import { labelsOf, type PlannedGroup } from '../pruning/planned-group.js';
import type { PushdownReason } from './reason.js';

/**
 * - `constant`: the expression reads no series and has the same value in every region and in promfed.
 * - `local`: its result over the union of the groups is the union of its results over each of `groups`.
 * - `computed`: promfed computes it from the results of its operands.
 */
export type PushdownVerdict = Constant | Local | Computed;

interface Constant {
  readonly kind: 'constant';
}

export interface Local {
  readonly kind: 'local';
  /**
   * The groups that may have series for it; overlapping ones are joined (`JoinedGroup`). A scalar that reads series is
   * local only when there is exactly one.
   */
  readonly groups: readonly PlannedGroup[];
  /**
   * Labels of groups that the series of the result still have. A group need not have all of them. They distinguish the
   * results of every two groups.
   */
  readonly remainingLabels: ReadonlySet<string>;
  /**
   * True when no group is replicated. When false, equal series of replicas are merged. Only when true is the result of
   * each region final, so that a region may compare series, or drop series by their values.
   */
  readonly single: boolean;
  /**
   * True when a region may drop the names of the series. False when series of different metrics could then be mistaken
   * for one: where they are merged by their labels, and where names are dropped at the end of the query.
   */
  readonly mayLoseNames: boolean;
  /** True when all series have the same name or none. No two become equal when the name is dropped. */
  readonly oneName: boolean;
  /** True when the expression can fail, depending on the series: two match the same one, or two become equal. */
  readonly fallible: boolean;
}

export interface Computed {
  readonly kind: 'computed';
  readonly reason: PushdownReason;
}

export const CONSTANT: Constant = { kind: 'constant' };

/** The remaining labels of a result without any label of a group. */
export const NO_LABELS: ReadonlySet<string> = new Set();

export function computed(reason: PushdownReason): Computed {
  return { kind: 'computed', reason };
}

/** The verdict when an operand is computed. */
export const OPERAND_COMPUTED = computed({ kind: 'operand' });

/** @param text the reason, without a capital letter and a full stop. */
export function computedBecause(text: string): Computed {
  return computed({ kind: 'other', text });
}

/** The verdict when a region would drop names that the query still needs (`Local.mayLoseNames`). */
export const NAMES_NEEDED = computedBecause(
  'without their names, series of different metrics could be merged or could no longer be distinguished',
);

/** The verdict when equal series of replicas have to be merged before an operation compares series. */
export function computedAfterMerge({ groups }: Local): Computed {
  return computed({ kind: 'replicas', groups });
}

/** Reports whether one region has all the data. It computes any expression as one Prometheus would. */
export function isSingleSource({ groups, single }: Local): boolean {
  return groups.length === 1 && single;
}

/** Returns the verdict, fallible when one of the other operands is. */
export function withFallibility<V extends PushdownVerdict>(
  verdict: V,
  operands: readonly PushdownVerdict[],
): V {
  const isFallible = operands.some((operand) => operand.kind === 'local' && operand.fallible);
  return verdict.kind === 'local' && isFallible ? { ...verdict, fallible: true } : verdict;
}

/** Reports whether a group sets the label, or limits it to one value by an injected matcher. */
export function setsLabel(groups: readonly PlannedGroup[], name: string): boolean {
  return groups.some((group) => labelsOf(group).has(name));
}
