// The text of values whose Go type has a String method.

import { durationText } from './duration.js';
import { histogramText } from './histogram.js';
import { timeText } from './time.js';
import type { Value } from './value.js';
import { MONTHS, WEEKDAYS } from './calendar.js';

/** Returns the text; undefined when the type lacks the method. */
export function stringOf(value: Value): string | undefined {
  if (value.kind === 'time') return timeText(value.ns);
  if (value.kind === 'histogram') return histogramText(value.value);
  if (value.kind === 'pointer') return value.to === undefined ? undefined : stringOf(value.to);
  if (value.kind !== 'int') return undefined;
  if (value.type === 'time.Duration') return durationText(value.value);
  if (value.type === 'time.Month') return MONTHS[Number(value.value) - 1];
  return value.type === 'time.Weekday' ? WEEKDAYS[Number(value.value)] : undefined;
}
