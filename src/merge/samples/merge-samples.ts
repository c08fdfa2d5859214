// Merges two copies of a series as bytes: samples are copied as the upstream wrote them, not printed again.

import { countSamples, invalidAnswer } from '../../json/index.js';
import type { Labels } from '../../model/index.js';
import type { MemoryAccount, Pacer } from '../../runtime/index.js';
import { Composition } from './compose-samples.js';
import type { Picks, Samples } from './pick-samples.js';
import { haveSameTimes } from './same-times.js';
import { SampleScratch } from './sample-scratch.js';

/** Decides which samples of two copies are kept. Undefined for the first copy as it is. */
export type PickRule = (a: Samples, b: Samples) => Picks | undefined;

/** Size of two copies together up to which they are merged without a pause, in the same arrays as other series. */
const MAX_UNPACED_BYTES = 256 << 10;

/** Memory of a sample of a merge in bytes: its time, value and bounds, and its place in the picks. */
const SAMPLE_BYTES = 64;

/**
 * Merges the samples of two copies of the series `labels`, in the form of `SeriesFrame.samples`.
 *
 * Copies with the same bytes are returned unchanged, whatever they contain. An instant vector (`value`) has one sample: the
 * copy is returned whose value the rule picks for the first copy's sample.
 *
 * @param keepsFirst true when the rule keeps exactly the first copy if both have the same timestamps. Values are then not
 *   decoded.
 * @throws PromfedError `unsupported` when copies differ and one holds native histograms; `upstream` when samples are
 *   malformed or go back in time.
 */
export function mergeSamples(
  a: Uint8Array,
  b: Uint8Array,
  labels: Labels,
  rule: PickRule,
  keepsFirst: boolean,
): Uint8Array {
  const kept = keptCopy(a, b, keepsFirst);
  if (kept !== undefined) return kept;
  const merge = new Merge(a, b, labels, rule);
  for (;;) {
    const merged = merge.step();
    if (merged !== undefined) return merged;
  }
}

/** Returns the copy that is the result where no sample has to be decoded to know it. */
function keptCopy(a: Uint8Array, b: Uint8Array, keepsFirst: boolean): Uint8Array | undefined {
  if (b.length === 0 || Buffer.compare(a, b) === 0) return a;
  if (a.length === 0) return b;
  return keepsFirst && haveSameTimes(a, b) ? a : undefined;
}

/** Reports whether two copies are merged in several steps. */
export function areLarge(a: Uint8Array, b: Uint8Array): boolean {
  return a.length + b.length > MAX_UNPACED_BYTES;
}

/** Does the same in time slices, for copies of any size. The memory that the merge needs is reserved meanwhile. */
export async function mergeSamplesPaced(
  a: Uint8Array,
  b: Uint8Array,
  labels: Labels,
  rule: PickRule,
  keepsFirst: boolean,
  { pacer, memory }: { readonly pacer: Pacer; readonly memory: MemoryAccount },
): Promise<Uint8Array> {
  const samples = countSamples({ labels, samples: a }) + countSamples({ labels, samples: b });
  const bytes = a.length + b.length + SAMPLE_BYTES * samples;
  memory.reserve('merging', bytes);
  try {
    const merging = mergeSamplesInSteps(a, b, labels, rule, keepsFirst);
    for (;;) {
      if (pacer.due) await pacer.pause();
      const { done, value } = merging.next();
      if (done === true) return value;
    }
  } finally {
    memory.release('merging', bytes);
  }
}

/** Does the same. Yields where the caller may pause, for copies that are large only. */
export function* mergeSamplesInSteps(
  a: Uint8Array,
  b: Uint8Array,
  labels: Labels,
  rule: PickRule,
  keepsFirst: boolean,
): Generator<undefined, Uint8Array, undefined> {
  if (!areLarge(a, b)) return mergeSamples(a, b, labels, rule, keepsFirst);
  const kept = keptCopy(a, b, keepsFirst);
  if (kept !== undefined) return kept;
  const merge = new Merge(a, b, labels, rule);
  let merged = merge.step();
  for (; merged === undefined; merged = merge.step()) yield undefined;
  return merged;
}

/** The merge of two copies that differ. */
class Merge {
  readonly #labels: Labels;
  readonly #rule: PickRule;
  readonly #first: SampleScratch;
  readonly #second: SampleScratch;
  #composition: Composition | undefined;

  constructor(a: Uint8Array, b: Uint8Array, labels: Labels, rule: PickRule) {
    this.#labels = labels;
    this.#rule = rule;
    // Other series are merged during the pauses of a large one.
    [this.#first, this.#second] = areLarge(a, b) ? [new SampleScratch(), new SampleScratch()] : scratches;
    this.#first.begin(a, labels);
    this.#second.begin(b, labels);
  }

  /** Does a part of the work. Returns the result when all is done. */
  step(): Uint8Array | undefined {
    if (this.#composition !== undefined) return this.#composition.step();
    if (this.#first.readBlock() || this.#second.readBlock()) return undefined;
    const first = this.#first.samples();
    const second = this.#second.samples();
    if (first.isList !== second.isList) {
      throw invalidAnswer(
        `series ${this.#labels.toString()} is a vector in one copy and a matrix in the other`,
      );
    }
    const picks = this.#rule(first, second);
    if (picks === undefined) return first.bytes;
    if (!first.isList) return instant(first.bytes, second.bytes, picks);
    this.#composition = new Composition(first, second, picks);
    return this.#composition.step();
  }
}

const scratches = [new SampleScratch(), new SampleScratch()] as const;

/** Returns the copy whose value the rule picks for the first copy's sample. */
function instant(a: Uint8Array, b: Uint8Array, picks: Picks): Uint8Array {
  const firstCopy = picks.times.findIndex((pick) => pick >= 0);
  if (firstCopy < 0) return a;
  return picks.values[firstCopy]! >= 0 ? a : b;
}
