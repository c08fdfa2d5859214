// Pushdown verdicts of functions and of other operations on single series.

import { BUCKET_LABELS, SIGNATURES } from '../../functions/index.js';
import type { CallExpr } from '../../language/index.js';
import { tryText } from '../parens.js';
import {
  computedAfterMerge,
  computedBecause,
  isSingleSource,
  NAMES_NEEDED,
  NO_LABELS,
  OPERAND_COMPUTED,
  setsLabel,
  type Local,
  type PushdownVerdict,
} from './pushdown-verdict.js';

/** A function of the series of one local argument. */
export function functionVerdict({ func, args }: CallExpr, input: Local): PushdownVerdict {
  switch (SIGNATURES.get(func)?.dependsOn ?? 'all') {
    case 'one':
      return perSeriesVerdict(input);
    case 'buckets': {
      if (!input.single) return computedAfterMerge(input);
      const used = [...BUCKET_LABELS].find((name) => setsLabel(input.groups, name));
      return used === undefined ? perSeriesVerdict(input) : usesGroupLabel(func, used);
    }
    case 'labels': {
      const names = args.map(tryText);
      const used = names.find((name) => name !== undefined && setsLabel(input.groups, name));
      if (!input.single) return computedAfterMerge(input);
      return used === undefined ? { ...input, fallible: true } : usesGroupLabel(func, used);
    }
    case 'all':
      return func === 'scalar' && isSingleSource(input)
        ? { ...input, remainingLabels: NO_LABELS }
        : computedBecause(`${func}() depends on the series of all groups together`);
  }
}

/** The verdict of a function that uses a label that groups set. A region may have another label of that name. */
function usesGroupLabel(func: string, label: string): PushdownVerdict {
  return computedBecause(`${func}() uses the label ${label}, which a group sets`);
}

/**
 * The verdict of windows over local samples. Raw samples of replicas may have to be merged first: another replica can
 * have the samples that are missing in the windows of one.
 */
export function windowsVerdict(input: PushdownVerdict): PushdownVerdict {
  if (input.kind === 'computed') return OPERAND_COMPUTED;
  const group = input.kind === 'local' ? input.groups.find((one) => one.mergesWindows) : undefined;
  return group === undefined
    ? input
    : computedBecause(
        `${group.name} has replicas: their raw samples are merged before a function reads windows`,
      );
}

/** An operation that works on each series separately and may drop its name. */
export function perSeriesVerdict(input: PushdownVerdict): PushdownVerdict {
  if (input.kind === 'computed') return OPERAND_COMPUTED;
  if (input.kind !== 'local') return input;
  if (!input.mayLoseNames) return NAMES_NEEDED;
  return input.oneName ? input : { ...input, fallible: true };
}
