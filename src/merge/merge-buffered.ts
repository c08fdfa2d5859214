// Answers that are there as a whole: small ones, whose frames are put together at once instead of as streams.

import type { SeriesFrame } from '../json/index.js';
import { Labels, labelsBytes } from '../model/index.js';
import { LabelSetter } from './label-setter.js';
import { SORTED_BYTES } from './sort-if-small.js';

/** A part of an answer, every series of it at hand. */
export interface BufferedPart {
  readonly frames: readonly SeriesFrame[];
  /** Set over every series' own labels. */
  readonly addLabels: Labels;
}

/**
 * What `sortIfSmall` makes of `mergeOrdered`: all series of all parts in the order of their labels, each part's labels
 * set. Undefined when they are more than are sorted, and their order is that of the streams.
 *
 * @throws PromfedError as the stream of `mergeOrdered` does.
 */
export function tryMergeBuffered(parts: readonly BufferedPart[]): readonly SeriesFrame[] | undefined {
  const merged = parts.flatMap(setBufferedLabels);
  let bytes = 0;
  for (const { labels, samples } of merged) bytes += samples.length + labelsBytes(labels);
  return bytes > SORTED_BYTES ? undefined : merged.sort((a, b) => Labels.compare(a.labels, b.labels));
}

/** As `setLabels`, of all series at once. */
export function setBufferedLabels({ frames, addLabels }: BufferedPart): readonly SeriesFrame[] {
  const setter = new LabelSetter(addLabels);
  return frames.map(({ labels, samples }) => ({ labels: setter.set(labels), samples }));
}
