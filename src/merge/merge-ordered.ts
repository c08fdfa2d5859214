// Merges the streams of disjoint groups into one, in the order of labels.

import { type FrameStream, type SeriesFrame, GeneratedFrames } from '../json/index.js';
import { Labels } from '../model/index.js';
import { LabelSetter } from './label-setter.js';
import { ReadAhead } from './read-ahead.js';
import { setLabels } from './set-labels.js';

/** The answer of one group. */
export interface OrderedPart {
  /** With the labels as the region sends them. */
  readonly frames: FrameStream;
  /** Set over every series' own labels. */
  readonly addLabels: Labels;
}

/** Frames of several batches are handed on together, but no more than so many, or so many bytes of samples. */
const MAX_BATCH = 512;
const MAX_BATCH_BYTES = 256 << 10;

/**
 * All series of all parts as one stream, each with its part's labels set. Takes the streams over.
 *
 * Merged by `Labels.compare` of the labels as the regions send them: setting a label may swap two series of
 * one region ({a} and {a,b} change places when m is added), so only the regions' own labels are in their order.
 * Series that are equal by those come in the order of the parts. A region that breaks its own order makes the order of
 * the whole approximate; every series is still delivered once, and the order depends on nothing but the
 * sequence of series in each stream. Parts are not compared with each other: their labels must keep them apart.
 *
 * All parts are read at once, each at most one batch ahead; the tail is the union of the parts' tails.
 *
 * The stream throws what one of the parts throws, after closing the others; PromfedError `execution` when two series
 * of one part become one by setting its labels, and `upstream` when a part sends a series twice.
 */
export function mergeOrdered(parts: readonly OrderedPart[]): FrameStream {
  if (parts.length === 1) return setLabels(parts[0]!.frames, parts[0]!.addLabels);
  return new GeneratedFrames(
    parts.map((part) => part.frames),
    merge(parts),
  );
}

/** A part's place in the merge: the batch being handed out, and where in it. */
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
    if (batch === undefined) continue;
    const setter = new LabelSetter(parts[part]!.addLabels);
    heap.push({ part, setter, batch, index: 0, frame: batch[0]! });
    siftUp(heap);
  }
  let merged: SeriesFrame[] = [];
  let bytes = 0;
  while (heap.length > 0) {
    const head = heap[0]!;
    merged.push({ labels: head.setter.set(head.frame.labels), samples: head.frame.samples });
    bytes += head.frame.samples.length;
    if (++head.index === head.batch.length) {
      if (merged.length >= MAX_BATCH || bytes >= MAX_BATCH_BYTES || !ahead.isReady(head.part)) {
        yield merged;
        merged = [];
        bytes = 0;
      }
      const batch = await ahead.take(head.part);
      if (batch === undefined) {
        const last = heap.pop()!;
        if (heap.length > 0) {
          heap[0] = last;
          siftDown(heap);
        }
        continue;
      }
      head.batch = batch;
      head.index = 0;
    }
    head.frame = head.batch[head.index]!;
    siftDown(heap);
  }
  if (merged.length > 0) yield merged;
}

function before(a: Head, b: Head): boolean {
  const order = Labels.compare(a.frame.labels, b.frame.labels);
  return order === 0 ? a.part < b.part : order < 0;
}

function siftUp(heap: Head[]): void {
  let i = heap.length - 1;
  const head = heap[i]!;
  while (i > 0) {
    const parent = (i - 1) >> 1;
    if (!before(head, heap[parent]!)) break;
    heap[i] = heap[parent]!;
    i = parent;
  }
  heap[i] = head;
}

function siftDown(heap: Head[]): void {
  const head = heap[0]!;
  let i = 0;
  for (;;) {
    let child = 2 * i + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
    if (!before(heap[child]!, head)) break;
    heap[i] = heap[child]!;
    i = child;
  }
  heap[i] = head;
}
