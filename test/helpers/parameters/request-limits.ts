import type { RequestLimits } from '../../../src/http/index.js';

/** The limits of the flags' defaults. */
export const REQUEST_LIMITS: RequestLimits = {
  maxQueryLength: 1 << 20,
  maxNodes: 10_000,
  maxSelectors: 1000,
};
