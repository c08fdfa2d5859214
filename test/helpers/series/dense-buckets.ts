// Buckets of native histograms without gaps.

import { populatedBuckets, type SparseBuckets } from '../../../src/model/histogram/histogram.js';

/** Creates buckets from the counts of consecutive indices, starting at `offset`. Counts of 0 are dropped. */
export function denseBuckets(offset: number, counts: readonly number[]): SparseBuckets {
  return populatedBuckets(counts.map((count, i) => [offset + i, count]));
}
