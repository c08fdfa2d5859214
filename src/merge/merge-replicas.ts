// Merges streams that may contain the same series: those of replicas.

import { type FrameStream, GeneratedFrames } from '../json/index.js';
import { fillGaps } from './samples/fill-gaps.js';
import { areLarge, mergeSamples, mergeSamplesPaced, type PickRule } from './samples/merge-samples.js';
import { type MergeCopies, type MergeLimits, mergeUnordered } from './merge-unordered.js';
import { pickEarlier, pickReplica, type AntiAffinity } from './samples/pick-samples.js';

export interface MergeReplicaOptions extends Partial<MergeLimits> {
  /** The configured anti-affinity. Default: the first target leads, and the others fill its gaps. */
  readonly antiAffinity?: AntiAffinity | undefined;
  /** True for stored samples with times of their own, false for values on a step grid. Default false. */
  readonly areRaw?: boolean;
}

const DEFAULT_LIMITS = { maxHeldBytes: 64 << 20, lookAheadBytes: 1 << 20 };

/**
 * Returns the answers of a group's targets as one: every series once, in the targets' order if they have the same one.
 * Samples are merged target after target: by promxy's rule (`pickReplica`) when its anti-affinity is configured.
 * Otherwise each step has the value of the first target with one, and raw samples are merged by `fillGaps`. Takes
 * ownership of the streams.
 *
 * Samples keep the upstream's bytes. The trailer is the union of the trailers.
 *
 * @throws PromfedError when the result is read: the error of the first stream that fails, after closing the others;
 *   `unsupported` when copies with native histograms differ; and the errors of `mergeUnordered`.
 */
export function mergeReplicaStreams(
  streams: readonly FrameStream[],
  options: MergeReplicaOptions = {},
): FrameStream {
  const { antiAffinity, areRaw = false } = options;
  const rule: PickRule =
    antiAffinity !== undefined ? (x, y) => pickReplica(x, y, antiAffinity) : areRaw ? fillGaps : pickEarlier;
  const keepsFirst = antiAffinity?.preferMax !== true;
  if (streams.length === 1) return streams[0]!;
  const merge: MergeCopies = (a, b, labels, slices) =>
    areLarge(a, b)
      ? mergeSamplesPaced(a, b, labels, rule, keepsFirst, slices)
      : mergeSamples(a, b, labels, rule, keepsFirst);
  return new GeneratedFrames(streams, mergeUnordered(streams, merge, { ...DEFAULT_LIMITS, ...options }));
}
