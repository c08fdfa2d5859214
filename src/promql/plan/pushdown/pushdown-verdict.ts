// What is known of an expression: whether it reads series, and where it can be computed.

import { labelsOf, type PlannedGroup } from '../pruning/group-pruning.js';
import type { PushdownReason } from './reason.js';

/**
 * - `constant`: it reads no series and has the same value in every region and here.
 * - `local`: its result over the union of the regions is the union of its results over each of `groups`.
 * - `here`: it must be computed here, from the results of its operands.
 */
export type PushdownVerdict = Constant | Local | ComputedHere;

interface Constant {
  readonly kind: 'constant';
}

export interface Local {
  readonly kind: 'local';
  /** The groups that are relevant for it. A scalar that reads series is only local when there is exactly one. */
  readonly groups: readonly PlannedGroup[];
  /** Which labels of groups the series of the result still carry: those of them that a group has. */
  readonly remainingLabels: ReadonlySet<string>;
  /**
   * Whether those labels keep the results of every two groups apart. When not, the groups are overlapping, the
   * expression works on each series by itself, and equal series of different groups have to be merged.
   */
  readonly disjoint: boolean;
  /** Whether every group answers from one place. When not, equal series of its replicas have to be merged. */
  readonly single: boolean;
  /**
   * Whether a region may take the names of the series away. Not where series of different metrics could then be taken
   * for one: where they are merged by their labels, and where names are dropped in the end only.
   */
  readonly mayLoseNames: boolean;
  /** Whether it has series of one metric only, or without a name: then no two become equal without it. */
  readonly oneName: boolean;
  /** Whether it may end in an error by the series that there are: two that match, or that become equal. */
  readonly fallible: boolean;
}

interface ComputedHere {
  readonly kind: 'here';
  readonly reason: PushdownReason;
}

export const CONSTANT: Constant = { kind: 'constant' };

export function computedHere(reason: PushdownReason): ComputedHere {
  return { kind: 'here', reason };
}

/** As `here`, for a reason that needs no more than words. */
export function computedHereBecause(text: string): ComputedHere {
  return computedHere({ kind: 'other', text });
}

/** What is not settled, and so has to be merged before anything looks at several series. */
export function unsettled({ disjoint, groups }: Local): ComputedHere {
  return computedHere({ kind: disjoint ? 'replicas' : 'alike', groups });
}

/**
 * Whether each region's result is final: no series of it is to be merged with one of elsewhere. Only then may a region
 * compute what looks at more than one series, or what leaves series out by their values.
 */
export function isSettled({ disjoint, single }: Local): boolean {
  return disjoint && single;
}

/** Whether there is one region that has everything there is to know: it computes whatever one Prometheus would. */
export function isSingleSource(local: Local): boolean {
  return local.groups.length === 1 && isSettled(local);
}

/** What is known of an expression, when it has `others` for operands beside. */
export function failingLike<R extends PushdownVerdict>(reach: R, others: readonly PushdownVerdict[]): R {
  const fails = others.some((other) => other.kind === 'local' && other.fallible);
  return reach.kind === 'local' && fails ? { ...reach, fallible: true } : reach;
}

/** Whether a label of this name is one that the algebra goes by: a group sets it, or injects one value of it. */
export function setsLabel(groups: readonly PlannedGroup[], name: string): boolean {
  return groups.some((group) => labelsOf(group).has(name));
}

/** No label of any group is left. */
export const NONE: ReadonlySet<string> = new Set();
