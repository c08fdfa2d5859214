// Why groups are not asked, in words: for explain.

import { printMatchers, type Matcher, type TimeBounds } from '../../../model/index.js';
import { walk, type Expr, type VectorSelector } from '../../language/index.js';
import { exclusionsOf, type Exclusion, type PlannedGroup } from './group-pruning.js';
import { printTime } from '../explain/print-time.js';
import type { PlanTimes } from '../times.js';
import { dataWindows } from './data-windows.js';

/** A group that a selector of the query has no use for. */
export interface LeftOut {
  readonly selector: VectorSelector;
  readonly group: PlannedGroup;
  /** Reads on after the group's name. */
  readonly reason: string;
}

/**
 * The groups that are left out, by the selectors in the order they are written, then in the groups' order.
 *
 * @throws PromfedError `execution` when a duration of the expression cannot be calculated.
 */
export function groupsLeftOut(expr: Expr, groups: readonly PlannedGroup[], times: PlanTimes): LeftOut[] {
  const windows = dataWindows(expr, times);
  const found: LeftOut[] = [];
  walk(expr, (selector) => {
    if (selector.kind !== 'vectorSelector') return;
    const absences = exclusionsOf(selector.matchers, groups, windows.get(selector));
    for (const [i, absence] of absences.entries()) {
      const group = groups[i]!;
      if (absence !== undefined) found.push({ selector, group, reason: reasonOf(absence, group) });
    }
  });
  return found;
}

function reasonOf(absence: Exclusion, { labels }: PlannedGroup): string {
  if (absence.kind === 'time') return `it has samples ${spanText(absence.bounds)} only`;
  const { matcher } = absence;
  const wanted = matcherText(matcher);
  switch (absence.kind) {
    case 'label': {
      const own = matcherText({ name: matcher.name, op: '=', value: labels.get(matcher.name) });
      return `its label ${own} does not satisfy ${wanted}`;
    }
    case 'injected':
      return `its injected ${matcherText(absence.injected)} excludes ${wanted}`;
    case 'configured':
      return `its label_filter allows for no value that satisfies ${wanted}`;
    case 'learned':
      return `its label_filter knows of no value that satisfies ${wanted}`;
  }
}

/** Without the braces around it. */
function matcherText(matcher: Matcher): string {
  return printMatchers([matcher]).slice(1, -1);
}

function spanText({ startMs, endMs }: TimeBounds): string {
  const from = startMs === undefined ? '' : `from ${printTime(startMs)}`;
  if (endMs === undefined) return `${from} on`;
  return `${from} until ${printTime(endMs)}`.trim();
}
