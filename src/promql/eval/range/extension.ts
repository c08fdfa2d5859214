// Ranges with the modifiers `anchored` and `smoothed`.

import { PromfedError, type RawSeries } from '../../../model/index.js';
import {
  extendedFunction,
  extendedSamples,
  type Extension,
  type RangeFunction,
} from '../../functions/index.js';
import type { CallNode, RangeNode, SubqueryNode } from '../../plan/index.js';
import { unsupported, type Evaluator } from '../evaluator.js';
import type { RangeOperand } from './range.js';
import { SlidingWindows } from './sliding-windows.js';

/** Returns the modifier of a range, or `undefined` for a range without one. */
export function extensionOf(node: RangeNode | SubqueryNode): Extension | undefined {
  return node.kind === 'range' ? node.selector.extension : undefined;
}

/**
 * Returns the variant of a function for a range with a modifier, or `undefined` for a range without one.
 *
 * @throws PromfedError `execution` when the function does not accept the modifier.
 */
export function tryExtendedFunction(
  { func }: CallNode,
  rangeNode: RangeNode | SubqueryNode,
): RangeFunction | undefined {
  const extension = extensionOf(rangeNode);
  if (extension === undefined) return undefined;
  const extended = extendedFunction(func, extension);
  if (typeof extended === 'string') throw new PromfedError('execution', extended);
  return extended;
}

/**
 * Returns a range with a modifier as a result of an instant query: each series gets a sample at both edges. Releases
 * the samples of `range`; those of the result are reserved.
 *
 * @throws PromfedError `unsupported` for native histograms.
 */
export async function extendSeries(
  evaluator: Evaluator,
  range: RangeOperand,
  extension: Extension,
): Promise<RangeOperand> {
  if (range.series.some(({ histograms }) => histograms !== undefined)) {
    throw unsupported(`${extension} on a range vector of native histograms`);
  }
  const windows = new SlidingWindows(evaluator, range);
  const extended: RawSeries[] = [];
  let held = 0;
  for (const series of range.series) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    const samples = extendedSamples(await windows.slide(series), extension);
    if (samples === undefined) continue;
    const size = samples.timestamps.length;
    evaluator.rawBudget.reserve(size);
    held += size;
    extended.push({ labels: series.labels, ...samples });
  }
  windows.release();
  evaluator.rawBudget.release(range.held);
  return { ...range, series: extended, held };
}
