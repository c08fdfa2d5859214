// Every range function by name.

import { OVER_TIME_FUNCTIONS } from './over-time.js';
import type { RangeFunction } from './range-function.js';
import { RATE_FUNCTIONS } from './rate.js';
import { TREND_FUNCTIONS } from './trend.js';

/** Functions of a range vector that give a value a window. */
export const RANGE_FUNCTIONS: ReadonlyMap<string, RangeFunction> = new Map(
  Object.entries({ ...RATE_FUNCTIONS, ...OVER_TIME_FUNCTIONS, ...TREND_FUNCTIONS }),
);
