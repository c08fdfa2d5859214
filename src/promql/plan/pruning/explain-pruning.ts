// The reasons for which groups are not queried, as text.

import { printMatchers, type Matcher, type TimeBounds } from '../../../model/index.js';
import { printTime } from '../explain/print-time.js';
import type { ExcludedGroup, Exclusion } from './group-pruning.js';
import type { PlannedGroup } from './planned-group.js';

/** Number of reasons printed for a group. One of them is enough for most expressions. */
const MAX_REASONS = 3;
/** Number of characters printed of a matcher's value. */
const MAX_VALUE = 200;

/** The reasons, to be read after the name of the group. */
export function printExclusion({ group, reasons }: ExcludedGroup): string {
  const texts = new Set<string>();
  for (const reason of reasons) {
    texts.add(printReason(reason, group));
    if (texts.size === MAX_REASONS) break;
  }
  return [...texts].join(', ');
}

function printReason(exclusion: Exclusion, { labels }: PlannedGroup): string {
  if (exclusion.kind === 'time') return printBounds(exclusion.bounds);
  if (exclusion.kind === 'owned') return `only ${exclusion.owner.name} has the metric`;
  const { matcher } = exclusion;
  const wanted = matcherText(matcher);
  switch (exclusion.kind) {
    case 'label': {
      const own = matcherText({ name: matcher.name, op: '=', value: labels.get(matcher.name) });
      return `its label ${own} does not match ${wanted}`;
    }
    case 'injected':
      return `its injected matcher ${matcherText(exclusion.injected)} excludes ${wanted}`;
    case 'configured':
      return `its label_filter allows no value that matches ${wanted}`;
    case 'learned':
      return `none of its learned label values matches ${wanted}`;
  }
}

/** A matcher without the braces around it, its value shortened. */
function matcherText(matcher: Matcher): string {
  const { value } = matcher;
  const shown = value.length > MAX_VALUE ? { ...matcher, value: `${value.slice(0, MAX_VALUE)}…` } : matcher;
  return printMatchers([shown]).slice(1, -1);
}

function printBounds({ startMs, endMs }: TimeBounds): string {
  const texts = [];
  if (startMs !== undefined) texts.push(`begins at ${printTime(startMs)}`);
  if (endMs !== undefined) texts.push(`ends at ${printTime(endMs)}`);
  return `its time range ${texts.join(' and ')}`;
}
