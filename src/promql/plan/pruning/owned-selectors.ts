// Owned selectors: selectors of metrics that only one group has at the time of an instant query.

import { METRIC_NAME } from '../../../model/index.js';
import { selectorsByTime, type Expr, type VectorSelector } from '../../language/index.js';
import type { PlanTimes } from '../times.js';
import type { PlannedGroup } from './planned-group.js';

/** The groups of a query, and the selectors that read an owner only. */
export interface OwnedSelectors {
  /** The groups without owned names, in their order. The same array as all groups when none has any. */
  readonly groups: readonly PlannedGroup[];
  /** The owner of each owned selector. */
  readonly owners: ReadonlyMap<VectorSelector, PlannedGroup>;
}

const NO_OWNERS: ReadonlyMap<VectorSelector, PlannedGroup> = new Map();

/** Finds the owned selectors of an expression (`PlannedGroup.ownedNames`). A range query has none. */
export function findOwnedSelectors(
  expr: Expr,
  groups: readonly PlannedGroup[],
  { stepMs }: PlanTimes,
): OwnedSelectors {
  const owning = groups.filter(({ ownedNames }) => ownedNames !== undefined);
  if (owning.length === 0) return { groups, owners: NO_OWNERS };
  const others = groups.filter(({ ownedNames }) => ownedNames === undefined);
  const owners = new Map<VectorSelector, PlannedGroup>();
  if (stepMs > 0) return { groups: others, owners };
  for (const selector of selectorsByTime(expr).current) {
    const names = selector.matchers.filter(({ name, op }) => name === METRIC_NAME && op === '=');
    const owner = owning.find(({ ownedNames }) => names.some(({ value }) => ownedNames?.has(value) === true));
    if (owner !== undefined) owners.set(selector, owner);
  }
  return { groups: others, owners };
}
