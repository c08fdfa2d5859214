// Merges streams that may contain the same series: those of replicas, or of overlapping groups.

import { type FrameStream, GeneratedFrames } from '../json/index.js';
import { mergeSamples } from './merge-samples.js';
import { type MergeCopies, type MergeLimits, mergeUnordered } from './merge-unordered.js';
import { pickEarlier, pickReplica } from './pick-samples.js';

export interface MergeReplicaOptions extends Partial<MergeLimits> {
  /** promxy's `prefer_max`. Default false. */
  readonly preferMax?: boolean;
}

const DEFAULT_LIMITS: MergeLimits = { maxHeldBytes: 64 << 20, lookAheadBytes: 1 << 20 };

/**
 * Returns the answers of a group's targets as one: every series once, in the targets' order if they have the same one.
 * Samples are merged by promxy's anti-affinity rule (`pickReplica`), target after target. Takes ownership of the streams.
 *
 * Samples keep the upstream's bytes. A series that one target has, or that two have alike, is not changed. The trailer is
 * the union of the trailers.
 *
 * @throws PromfedError when the result is read: the error of the first stream that fails, after closing the others;
 *   `unsupported` when copies with native histograms differ; and the errors of `mergeUnordered`.
 */
export function mergeReplicaStreams(
  streams: readonly FrameStream[],
  bufferMs: number,
  options: MergeReplicaOptions = {},
): FrameStream {
  const { preferMax = false } = options;
  return mergeStreams(
    streams,
    (a, b, labels) =>
      mergeSamples(a, b, labels, (x, y) => pickReplica(x, y, { bufferMs, preferMax }), !preferMax),
    options,
  );
}

/**
 * Merges like `mergeReplicaStreams`, for groups that may contain the same series: all samples are kept, and of several
 * samples at the same time the one of the first stream.
 */
export function mergeOverlappingStreams(
  streams: readonly FrameStream[],
  options: Partial<MergeLimits> = {},
): FrameStream {
  return mergeStreams(streams, (a, b, labels) => mergeSamples(a, b, labels, pickEarlier, true), options);
}

function mergeStreams(
  streams: readonly FrameStream[],
  merge: MergeCopies,
  options: Partial<MergeLimits>,
): FrameStream {
  if (streams.length === 1) return streams[0]!;
  return new GeneratedFrames(streams, mergeUnordered(streams, merge, { ...DEFAULT_LIMITS, ...options }));
}
