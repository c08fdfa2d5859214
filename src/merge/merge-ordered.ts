// Merges the streams of disjoint groups, in the order of labels.

import { type FrameStream, type SeriesFrame, GeneratedFrames } from '../json/index.js';
import { Labels } from '../model/index.js';
import { removeFirst, siftDown, siftUp } from './heap.js';
import { ReadAhead } from './read-ahead.js';
import { LabelSetter, type SeriesEnd, setLabels } from './set-labels.js';

/** The answer of one group, with callbacks for the end of its series. */
export interface OrderedPart extends SeriesEnd {
  /** Series with the region's own labels. */
  readonly frames: FrameStream;
  /** Set on every series, over labels of the same names. */
  readonly addLabels: Labels;
}

/** Maximum size of a batch that combines several batches: series, and bytes of samples. */
const MAX_BATCH = 512;
const MAX_BATCH_BYTES = 256 << 10;

/**
 * Returns all series of all parts as one stream, each with its part's labels set. Takes ownership of the streams.
 *
 * Series are merged by `Labels.compare` of the region's own labels, equal ones in the order of the parts. If a region
 * breaks its order, every series still comes once, in an order that depends only on the sequence of series in each
 * stream. The parts' labels must distinguish their series, which are not compared for equality. All parts are read at
 * once, each up to one batch ahead; the trailer is the union of theirs.
 *
 * @throws PromfedError when the stream is read: the error of the first part that fails, after closing the others; and the
 *   errors of `setLabels`.
 */
export function mergeOrdered(parts: readonly OrderedPart[]): FrameStream {
  if (parts.length === 1) return setLabels(parts[0]!.frames, parts[0]!.addLabels, parts[0]);
  return new GeneratedFrames(
    parts.map((part) => part.frames),
    merge(parts),
  );
}

/** The current series of a part. */
interface Head {
  readonly part: number;
  readonly setter: LabelSetter;
  batch: readonly SeriesFrame[];
  index: number;
  frame: SeriesFrame;
}

async function* merge(
  parts: readonly OrderedPart[],
): AsyncGenerator<readonly SeriesFrame[], void, undefined> {
  const ahead = new ReadAhead(parts.map((part) => part.frames));
  ahead.start();
  const heap: Head[] = [];
  for (let part = 0; part < parts.length; part++) {
    const batch = await ahead.take(part);
    if (batch === undefined) {
      end(parts[part]!);
      continue;
    }
    const setter = new LabelSetter(parts[part]!.addLabels);
    heap.push({ part, setter, batch, index: 0, frame: batch[0]! });
    siftUp(heap, before);
  }
  let merged: SeriesFrame[] = [];
  let bytes = 0;
  // Compares the region's own labels: setting a label may swap series ({a} and {a,b} change places when m is set).
  while (heap.length > 0) {
    const head = heap[0]!;
    const labels = trySet(head, parts[head.part]!);
    if (labels === undefined) {
      removeFirst(heap, before);
      continue;
    }
    merged.push({ labels, samples: head.frame.samples });
    bytes += head.frame.samples.length;
    if (++head.index === head.batch.length) {
      if (merged.length >= MAX_BATCH || bytes >= MAX_BATCH_BYTES || !ahead.isReady(head.part)) {
        yield merged;
        merged = [];
        bytes = 0;
      }
      const batch = await ahead.take(head.part);
      if (batch === undefined) {
        end(parts[head.part]!);
        removeFirst(heap, before);
        continue;
      }
      head.batch = batch;
      head.index = 0;
    }
    head.frame = head.batch[head.index]!;
    siftDown(heap, before);
  }
  if (merged.length > 0) yield merged;
}

function end(part: OrderedPart): void {
  part.end?.(part.frames.trailer);
}

/** Returns the labels of the head with those of its part. Undefined when they cannot be set and the part has ended. */
function trySet({ setter, frame }: Head, { frames, fail }: OrderedPart): Labels | undefined {
  try {
    return setter.set(frame.labels);
  } catch (thrown) {
    if (fail === undefined) throw thrown;
    fail(thrown);
    frames.close();
    return undefined;
  }
}

function before(a: Head, b: Head): boolean {
  const order = Labels.compare(a.frame.labels, b.frame.labels);
  return order === 0 ? a.part < b.part : order < 0;
}
