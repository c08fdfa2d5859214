// What a range function is: the contract between its implementations here and the evaluator that runs them.

/**
 * The samples of one series and, for each step, which of them are in the step's window: indices `from[step]`
 * inclusive to `to[step]` exclusive. Both only ever grow. Stale samples are gone. Times are milliseconds.
 *
 * Owned by the evaluator, which uses `from` and `to` again for the next series.
 */
export interface Windows {
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  /** As in `RawSeries`. */
  readonly startTimestamps?: Float64Array | undefined;
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** A window is open at its end less this, closed at its end. */
  readonly rangeMs: number;
  /** The end of step i's window is `firstEndMs + i * endStepMs`; `endStepMs` is 0 where `@` fixes the window. */
  readonly firstEndMs: number;
  readonly endStepMs: number;
  /** The time of step i is `gridStartMs + i * gridStepMs`: not the window's end, where there is an offset or `@`. */
  readonly gridStartMs: number;
  readonly gridStepMs: number;
}

/** Where a range function writes its result: a value and a 1 in `present` for each step that has one. */
export interface RangeOutput {
  readonly values: Float64Array;
  readonly present: Uint8Array;
}

/** Computes the steps `fromStep` inclusive to `toStep` exclusive. Called with adjoining, growing ranges. */
export type RunSteps = (fromStep: number, toStep: number) => void;

export interface RangeFunction {
  /** The result keeps the metric name. */
  readonly keepsName: boolean;
  /** Meant for counters: other metric names earn an info annotation. */
  readonly expectsCounter: boolean;
  /** Its first scalar argument is a quantile: one outside of 0 to 1 earns a warning. */
  readonly hasQuantileArgument: boolean;
  /** A step costs the same however many samples its window has. */
  readonly slides: boolean;
  /** The result depends on the time of the step, not on its window and arguments alone. */
  readonly dependsOnStepTime: boolean;
  /** Prepares one series. `args` are the other arguments in order, one value a step. */
  start(windows: Windows, args: readonly Float64Array[], output: RangeOutput): RunSteps;
}

/** A result from the samples `from … to` of one window. */
export type ComputeWindow = (
  windows: Windows,
  from: number,
  to: number,
  step: number,
  args: readonly Float64Array[],
) => number;

/** A function that looks at its whole window anew at each step, which then needs at least `minSamples` samples. */
export function eachWindow(
  minSamples: number,
  compute: ComputeWindow,
  traits: Partial<Omit<RangeFunction, 'start'>> = {},
): RangeFunction {
  return {
    keepsName: false,
    expectsCounter: false,
    hasQuantileArgument: false,
    slides: false,
    dependsOnStepTime: false,
    ...traits,
    start: (windows, args, output) => (fromStep, toStep) => {
      for (let step = fromStep; step < toStep; step++) {
        const from = windows.from[step]!;
        const to = windows.to[step]!;
        if (to - from < minSamples) continue;
        output.values[step] = compute(windows, from, to, step, args);
        output.present[step] = 1;
      }
    },
  };
}
