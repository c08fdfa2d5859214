import type { RawSeries } from '../../../model/index.js';
import type { Windows } from '../../functions/index.js';
import type { Evaluator } from '../evaluator.js';
import type { RangeOperand } from './range.js';

/** The windows of one series after another. Their arrays are allocated once and shared by all series. */
export class SlidingWindows {
  /** Indices of the samples of each step's window: `from` inclusive to `to` exclusive. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly #evaluator: Evaluator;
  readonly #range: RangeOperand;

  /** Reserves the arrays from the budget. */
  constructor(evaluator: Evaluator, range: RangeOperand) {
    const { count } = evaluator.grid;
    evaluator.budget.reserve(count);
    this.from = new Int32Array(count);
    this.to = new Int32Array(count);
    this.#evaluator = evaluator;
    this.#range = range;
  }

  /** Returns the arrays to the budget. */
  release(): void {
    this.#evaluator.budget.release(this.#evaluator.grid.count);
  }

  /** Computes the windows of a series. The result is valid until the next call. */
  async slide({ timestamps, values, startTimestamps }: RawSeries): Promise<Windows> {
    const { grid } = this.#evaluator;
    const { times, rangeMs, beforeMs = 0, afterMs = 0 } = this.#range;
    const running = this.#evaluator.forSteps((fromStep, toStep) => {
      let first = fromStep === 0 ? 0 : this.from[fromStep - 1]!;
      let end = fromStep === 0 ? 0 : this.to[fromStep - 1]!;
      for (let step = fromStep; step < toStep; step++) {
        const endMs = times.firstMs + step * times.stepMs;
        while (end < timestamps.length && timestamps[end]! <= endMs + afterMs) end++;
        while (first < end && timestamps[first]! <= endMs - rangeMs - beforeMs) first++;
        this.from[step] = first;
        this.to[step] = end;
      }
    });
    if (running !== undefined) await running;
    return {
      timestamps,
      values,
      startTimestamps,
      from: this.from,
      to: this.to,
      rangeMs,
      firstEndMs: times.firstMs,
      endStepMs: times.stepMs,
      gridStartMs: grid.startMs,
      gridStepMs: grid.stepMs,
    };
  }
}

/** Returns the windows of a series without its histograms. */
export function windowsOfFloats({ histograms = [] }: RawSeries, windows: Windows): Windows {
  const { timestamps, values, startTimestamps, from, to } = windows;
  /** The number of floats before each sample, and the number of all floats. */
  const floatsBefore = new Int32Array(timestamps.length + 1);
  for (let i = 0; i < timestamps.length; i++) {
    floatsBefore[i + 1] = floatsBefore[i]! + (histograms[i] === undefined ? 1 : 0);
  }
  const isFloat = (_: number, i: number): boolean => histograms[i] === undefined;
  return {
    ...windows,
    timestamps: timestamps.filter(isFloat),
    values: values.filter(isFloat),
    startTimestamps: startTimestamps?.filter(isFloat),
    from: from.map((index) => floatsBefore[index]!),
    to: to.map((index) => floatsBefore[index]!),
  };
}
