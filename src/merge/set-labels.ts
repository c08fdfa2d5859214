// Splice: a group's labels onto every series of its stream.

import { type FrameStream, transformFrames } from '../json/index.js';
import type { Labels } from '../model/index.js';
import { LabelSetter } from './label-setter.js';

/**
 * The same series with `extra` set over their labels, in the same order; samples untouched. Takes `frames` over.
 *
 * The stream throws PromfedError `execution` when two series become one by it, which needs that the region sends
 * labels of these names itself, and `upstream` when a series comes twice.
 */
export function setLabels(frames: FrameStream, extra: Labels): FrameStream {
  const setter = new LabelSetter(extra);
  return transformFrames(frames, {
    map: (batch) => batch.map(({ labels, samples }) => ({ labels: setter.set(labels), samples })),
  });
}
