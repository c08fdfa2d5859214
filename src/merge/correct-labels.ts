// Corrects the labels of one target's answer, and joins or rejects series that become equal.

import { type FrameStream, GeneratedFrames, type SeriesFrame, transformFrames } from '../json/index.js';
import { type LabelCorrection, Labels, sameLabelset } from '../model/index.js';
import { UNCOUNTED_MEMORY, type MemoryAccount } from '../runtime/index.js';
import { frameWeight } from './frame-cursor.js';
import { mergeSamples } from './merge-samples.js';
import { pickEarlier, type Picks, type Samples } from './pick-samples.js';

/**
 * Gives every series the labels that the rule allows. Samples stay the same. Takes ownership of `frames`.
 *
 * An answer that is correct is not changed. If series may become equal, the first one that is changed begins to hold the
 * rest of the answer: equal series are joined, and the rest is returned in the order of labels.
 *
 * @throws PromfedError `execution` when the stream is read and two series become equal; with `joinsSteps`, only if both
 *   have a sample at the same step. `memory` when the answer cannot be held.
 */
export function correctLabels(
  frames: FrameStream,
  rule: LabelCorrection,
  memory: MemoryAccount = UNCOUNTED_MEMORY,
): FrameStream {
  if (rule.mayCollide) return new GeneratedFrames([frames], corrected(frames, rule, memory));
  return transformFrames(frames, { map: (batch) => mapLabels(batch, rule) });
}

/** Corrects labels like `correctLabels`, for a buffered answer. */
export function correctBufferedLabels(
  frames: readonly SeriesFrame[],
  rule: LabelCorrection,
): readonly SeriesFrame[] {
  const mapped = mapLabels(frames, rule);
  return mapped === frames || !rule.mayCollide ? mapped : joinEqual(mapped, rule);
}

/** Returns the batch itself when it is correct. */
function mapLabels(batch: readonly SeriesFrame[], rule: LabelCorrection): readonly SeriesFrame[] {
  let changed: SeriesFrame[] | undefined;
  for (let i = 0; i < batch.length; i++) {
    const { labels, samples } = batch[i]!;
    const correct = rule.correct(labels);
    if (correct !== labels && changed === undefined) changed = batch.slice(0, i);
    changed?.push(correct === labels ? batch[i]! : { labels: correct, samples });
  }
  return changed ?? batch;
}

async function* corrected(
  frames: FrameStream,
  rule: LabelCorrection,
  memory: MemoryAccount,
): AsyncGenerator<readonly SeriesFrame[], void, undefined> {
  let held: SeriesFrame[] | undefined;
  let heldBytes = 0;
  try {
    for (let batch = await frames.next(); batch !== undefined; batch = await frames.next()) {
      const mapped = mapLabels(batch, rule);
      if (held === undefined && mapped === batch) {
        yield batch;
        continue;
      }
      const bytes = mapped.reduce((sum, frame) => sum + frameWeight(frame), 0);
      memory.reserve('merging', bytes);
      heldBytes += bytes;
      held ??= [];
      for (const frame of mapped) held.push(frame);
    }
    if (held !== undefined) yield joinEqual(held, rule);
  } finally {
    memory.release('merging', heldBytes);
  }
}

/** Joins equal series, and sorts by labels. */
function joinEqual(frames: readonly SeriesFrame[], { joinsSteps }: LabelCorrection): readonly SeriesFrame[] {
  const byKey = new Map<string, SeriesFrame>();
  for (const frame of frames) {
    const known = byKey.get(frame.labels.key);
    if (known !== undefined && !joinsSteps) throw sameLabelset();
    byKey.set(frame.labels.key, known === undefined ? frame : join(known, frame));
  }
  return [...byKey.values()].sort((a, b) => Labels.compare(a.labels, b.labels));
}

function join({ labels, samples }: SeriesFrame, other: SeriesFrame): SeriesFrame {
  // An instant vector has all samples at the same step.
  if (isInstant(samples) || (samples.length > 0 && Buffer.compare(samples, other.samples) === 0))
    throw sameLabelset();
  return { labels, samples: mergeSamples(samples, other.samples, labels, pickDisjoint, false) };
}

const VALUE_KEYS = ['"value":', '"histogram":'].map((key) => Buffer.from(key));

function isInstant(samples: Uint8Array): boolean {
  return VALUE_KEYS.some((key) => Buffer.compare(samples.subarray(0, key.length), key) === 0);
}

/** Keeps the samples of both copies. */
function pickDisjoint(a: Samples, b: Samples): Picks {
  const picks = pickEarlier(a, b);
  if (picks.times.length < a.timestamps.length + b.timestamps.length) throw sameLabelset();
  return picks;
}
