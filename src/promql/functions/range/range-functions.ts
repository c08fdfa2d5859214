// The table of range functions.

import { OVER_TIME_FUNCTIONS } from './over-time.js';
import type { RangeFunction } from './range-function.js';
import { RATE_FUNCTIONS } from './rate.js';
import { TREND_FUNCTIONS } from './trend.js';

/** Functions that map each window of a range vector to a float, by name. */
export const RANGE_FUNCTIONS: ReadonlyMap<string, RangeFunction> = new Map(
  Object.entries({ ...RATE_FUNCTIONS, ...OVER_TIME_FUNCTIONS, ...TREND_FUNCTIONS }),
);
