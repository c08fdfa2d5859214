// Splice: a group's labels onto every series of its stream.

import { type FrameStream, type ResponseTrailer, type SeriesFrame, ClosableStream } from '../json/index.js';
import type { Labels } from '../model/index.js';
import { LabelSetter } from './label-setter.js';

/**
 * The same series with `extra` set over their labels, in the same order; samples untouched. Takes `frames` over.
 *
 * The stream throws PromfedError `execution` when two series become one by it, which needs that the region sends
 * labels of these names itself, and `upstream` when a series comes twice.
 */
export function setLabels(frames: FrameStream, extra: Labels): FrameStream {
  return new ClosableStream([frames], settled(frames, extra));
}

async function* settled(
  frames: FrameStream,
  extra: Labels,
): AsyncGenerator<readonly SeriesFrame[], ResponseTrailer, undefined> {
  const setter = new LabelSetter(extra);
  for (;;) {
    const result = await frames.next();
    if (result.done === true) return result.value;
    yield result.value.map(({ labels, samples }) => ({ labels: setter.set(labels), samples }));
  }
}
