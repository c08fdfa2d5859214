// Two replicas merged by the rule of `pickReplica`.

import type { AntiAffinity } from '../../src/merge/samples/pick-samples.js';
import { pickReplica, type Samples } from '../../src/merge/samples/pick-samples.js';

/**
 * Returns the samples of two replicas merged by `pickReplica`, in new arrays. More than two replicas are merged one after
 * the other, in the order of the targets, as promxy does.
 */
export function mergeReplicas(a: Samples, b: Samples, rule: AntiAffinity): Samples {
  const { times, values } = pickReplica(a, b, rule);
  return {
    timestamps: Float64Array.from(times, (i) => (i >= 0 ? a.timestamps[i]! : b.timestamps[~i]!)),
    values: Float64Array.from(values, (i) => (i >= 0 ? a.values[i]! : b.values[~i]!)),
  };
}
