// Merges streams that may hold the same series: replicas of one group, or groups whose labels do not part them.

import { type FrameStream, GeneratedFrames } from '../json/index.js';
import type { MemoryAccount } from '../runtime/index.js';
import { mergeSamples } from './merge-samples.js';
import { type MergeLimits, mergeUnordered } from './merge-unordered.js';
import { pickEarlier, pickReplica } from './pick-samples.js';

export interface MergeReplicaOptions extends Partial<MergeLimits> {
  /** promxy's `prefer_max`. Default false. */
  readonly preferMax?: boolean;
  /** Account for the held bytes. Default: not counted. */
  readonly memory?: MemoryAccount | undefined;
}

/** Default limits: 64 MiB held at most, order relied on after 1 MiB. */
const DEFAULT_LIMITS: MergeLimits = { maxHeldBytes: 64 << 20, lookAheadBytes: 1 << 20 };

/**
 * The answers of a group's targets as one: every series once, in the targets' order where they agree on one, its
 * samples merged by promxy's anti-affinity rule (`pickReplica`), target after target. Takes the streams over.
 *
 * Samples keep the bytes the upstream wrote; a series that only one target has, or that two have alike, passes
 * untouched. The tail is the union of the tails.
 *
 * The stream throws what one of the streams throws, after closing the others; PromfedError `unsupported` when copies with
 * native histograms differ; `upstream` and `limit` as `joinStreams` says.
 */
export function mergeReplicaStreams(
  streams: readonly FrameStream[],
  bufferMs: number,
  options: MergeReplicaOptions = {},
): FrameStream {
  if (streams.length === 1) return streams[0]!;
  const { preferMax = false } = options;
  return new GeneratedFrames(
    streams,
    mergeUnordered(
      streams,
      (a, b, labels) =>
        mergeSamples(a, b, labels, (x, y) => pickReplica(x, y, { bufferMs, preferMax }), !preferMax),
      { ...DEFAULT_LIMITS, ...options },
    ),
  );
}

/**
 * As `mergeReplicaStreams`, for parts whose label sets may meet: at each time the earliest stream's sample wins, and
 * every sample at another time is kept.
 */
export function mergeOverlappingStreams(
  streams: readonly FrameStream[],
  options: Partial<MergeLimits> & { readonly memory?: MemoryAccount | undefined } = {},
): FrameStream {
  if (streams.length === 1) return streams[0]!;
  return new GeneratedFrames(
    streams,
    mergeUnordered(streams, (a, b, labels) => mergeSamples(a, b, labels, pickEarlier, true), {
      ...DEFAULT_LIMITS,
      ...options,
    }),
  );
}
