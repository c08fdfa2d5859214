// Merges small answers that are buffered: their series are labelled and sorted at once, without streams.

import type { SeriesFrame } from '../json/index.js';
import { Labels, labelsBytes } from '../model/index.js';
import { LabelSetter, type LostSeries } from './set-labels.js';
import { MAX_SORTED_BYTES } from './sort-if-small.js';

/** The buffered answer of one group. */
export interface BufferedPart {
  readonly frames: readonly SeriesFrame[];
  /** Set on every series, over labels of the same names. */
  readonly addLabels: Labels;
}

/**
 * Returns the same series as `sortIfSmall` of `mergeOrdered`: all series in the order of their labels. Returns undefined
 * when they are too large to be sorted, because then the order of the streams applies.
 *
 * @param parts the series of each part, with its labels set.
 */
export function tryMergeBuffered(
  parts: readonly (readonly SeriesFrame[])[],
): readonly SeriesFrame[] | undefined {
  const merged = parts.flat();
  let bytes = 0;
  for (const { labels, samples } of merged) bytes += samples.length + labelsBytes(labels);
  return bytes > MAX_SORTED_BYTES ? undefined : merged.sort((a, b) => Labels.compare(a.labels, b.labels));
}

/**
 * Sets labels like `setLabels`, for a buffered answer.
 *
 * @param fail see `SeriesEnd`. If it returns, the result ends before the series whose labels cannot be set.
 */
export function setBufferedLabels(
  { frames, addLabels }: BufferedPart,
  fail?: LostSeries,
): readonly SeriesFrame[] {
  return new LabelSetter(addLabels).setAll(frames, fail);
}
