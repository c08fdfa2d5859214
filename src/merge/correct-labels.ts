// Corrects the labels of one target's answer, and joins or rejects series that become equal.

import { type FrameStream, GeneratedFrames, type SeriesFrame, transformFrames } from '../json/index.js';
import { type LabelCorrection, Labels, sameLabelset, type StopSignal } from '../model/index.js';
import { Pacer, sortPaced, UNCOUNTED_MEMORY, type MemoryAccount } from '../runtime/index.js';
import { frameWeight } from './frame-cursor.js';
import { mergeSamplesInSteps } from './samples/merge-samples.js';
import { pickEarlier, type Picks, type Samples } from './samples/pick-samples.js';

/** Where labels are corrected. */
export interface CorrectionOptions {
  /** The query's memory. Default: bytes are not counted. */
  readonly memory?: MemoryAccount | undefined;
  /** Ends the correction of held series. */
  readonly signal: StopSignal;
}

/**
 * Gives every series the labels that the rule allows. Samples stay the same. Takes ownership of `frames`.
 *
 * An answer that is correct is not changed. If series may become equal, the first one that is changed begins to hold the
 * rest of the answer: equal series are joined, and the rest is returned in the order of labels.
 *
 * @throws PromfedError `execution` when the stream is read and two series become equal; with `joinsSteps`, only if both
 *   have a sample at the same step. `memory` when the answer cannot be held. The reason of the signal.
 */
export function correctLabels(
  frames: FrameStream,
  rule: LabelCorrection,
  options: CorrectionOptions,
): FrameStream {
  if (rule.mayCollide) return new GeneratedFrames([frames], corrected(frames, rule, options));
  return transformFrames(frames, { map: (batch) => mapLabels(batch, rule) });
}

/** Corrects labels like `correctLabels`, for a buffered answer. */
export function correctBufferedLabels(
  frames: readonly SeriesFrame[],
  rule: LabelCorrection,
): readonly SeriesFrame[] {
  const mapped = mapLabels(frames, rule);
  if (mapped === frames || !rule.mayCollide) return mapped;
  const joining = joinEqual([mapped], rule);
  for (;;) {
    const { done, value } = joining.next();
    if (done === true) return value.sort(compareFrames);
  }
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
  { memory = UNCOUNTED_MEMORY, signal }: CorrectionOptions,
): AsyncGenerator<readonly SeriesFrame[], void, undefined> {
  let held: (readonly SeriesFrame[])[] | undefined;
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
      (held ??= []).push(mapped);
    }
    if (held !== undefined) yield await joinPaced(held, rule, new Pacer(signal));
  } finally {
    memory.release('merging', heldBytes);
  }
}

async function joinPaced(
  held: (readonly SeriesFrame[])[],
  rule: LabelCorrection,
  pacer: Pacer,
): Promise<readonly SeriesFrame[]> {
  const joining = joinEqual(held, rule);
  for (;;) {
    const { done, value } = joining.next();
    if (done === true) return sortPaced(pacer, value, compareFrames);
    if (pacer.due) await pacer.pause();
  }
}

function compareFrames(a: SeriesFrame, b: SeriesFrame): number {
  return Labels.compare(a.labels, b.labels);
}

/**
 * Joins equal series. Yields where the caller may pause.
 *
 * @param batches emptied, so that series that were joined are not held any longer.
 */
function* joinEqual(
  batches: (readonly SeriesFrame[])[],
  { joinsSteps }: LabelCorrection,
): Generator<undefined, SeriesFrame[], undefined> {
  const byKey = new Map<string, SeriesFrame[]>();
  for (const batch of batches) {
    for (const frame of batch) {
      const equal = byKey.get(frame.labels.key);
      if (equal === undefined) byKey.set(frame.labels.key, [frame]);
      else if (joinsSteps) equal.push(frame);
      else throw sameLabelset();
      yield undefined;
    }
  }
  batches.length = 0;
  const joined: SeriesFrame[] = [];
  for (const [key, frames] of byKey) {
    byKey.delete(key);
    let equal = frames;
    // Joined in pairs: each sample is copied once for each doubling of the number of series.
    while (equal.length > 1) {
      const pairs: SeriesFrame[] = [];
      for (let i = 0; i < equal.length; i += 2) {
        pairs.push(i + 1 < equal.length ? yield* join(equal[i]!, equal[i + 1]!) : equal[i]!);
        yield undefined;
      }
      equal = pairs;
    }
    joined.push(equal[0]!);
    yield undefined;
  }
  return joined;
}

/** The samples of a series without any. */
const NO_SAMPLES = Buffer.from('"values":[]');

function* join(
  { labels, samples }: SeriesFrame,
  other: SeriesFrame,
): Generator<undefined, SeriesFrame, undefined> {
  // An instant vector has all samples at the same step.
  const isSame = samples.length > 0 && Buffer.compare(samples, other.samples) === 0;
  if (isInstant(samples) || (isSame && Buffer.compare(samples, NO_SAMPLES) !== 0)) throw sameLabelset();
  return {
    labels,
    samples: yield* mergeSamplesInSteps(samples, other.samples, labels, pickDisjoint, false),
  };
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
