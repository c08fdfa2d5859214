// The interface of range functions: implemented in this folder, called by the evaluator.

/**
 * The samples of one series, without stale markers, and the window of each step: the samples with indices `from[step]`
 * inclusive to `to[step]` exclusive. Both arrays ascend. Times are milliseconds since the epoch.
 *
 * Owned by the evaluator, which reuses `from` and `to` for the next series.
 */
export interface Windows {
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  /** The same array as `RawSeries.startTimestamps`. */
  readonly startTimestamps?: Float64Array | undefined;
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Length of a window in milliseconds. A window excludes its start and includes its end. */
  readonly rangeMs: number;
  /** The window of step i ends at `firstEndMs + i * endStepMs`. `endStepMs` is 0 when `@` fixes the window. */
  readonly firstEndMs: number;
  readonly endStepMs: number;
  /** The time of step i is `gridStartMs + i * gridStepMs`. With an offset or `@` it is not the window's end. */
  readonly gridStartMs: number;
  readonly gridStepMs: number;
}

/** Output of a range function: for each step with a result its value, and a 1 in `present`. */
export interface RangeOutput {
  readonly values: Float64Array;
  readonly present: Uint8Array;
}

/**
 * Computes the steps `fromStep` inclusive to `toStep` exclusive. Called with consecutive, ascending ranges. Only the last
 * step of a range may have a window of more than LONG_WINDOW samples; a promise is returned for it where the function
 * takes long.
 */
export type RunSteps = (fromStep: number, toStep: number) => void | Promise<void>;

/** Number of samples from which on the work on one window is interrupted. */
export const LONG_WINDOW = 100_000;

/** Pauses of a long computation: `if (pauses.due) await pauses.pause()`. */
export interface Pauses {
  readonly due: boolean;
  pause(): Promise<void>;
}

/** A function of a range vector. */
export interface RangeFunction {
  /** True when the result keeps the metric name. */
  readonly keepsName: boolean;
  /** True for functions of counters: a metric name that is not one of a counter gets an info annotation. */
  readonly expectsCounter: boolean;
  /** True when the first scalar argument is a quantile: a value outside 0 to 1 gets a warning. */
  readonly hasQuantileArgument: boolean;
  /** True when the cost of a step does not depend on the number of samples in its window. */
  readonly slides: boolean;
  /** True when the function copies each window to sort it. */
  readonly sorts: boolean;
  /** True when the result depends on the step's time, and not only on its window and arguments. */
  readonly dependsOnStepTime: boolean;
  /**
   * Prepares one series.
   *
   * @param args the scalar arguments in order, each with one value for each step.
   */
  start(windows: Windows, args: readonly Float64Array[], output: RangeOutput, pauses: Pauses): RunSteps;
}

/** Computes the result of one window: the samples with indices `from` inclusive to `to` exclusive. */
export type ComputeWindow = (
  windows: Windows,
  from: number,
  to: number,
  step: number,
  args: readonly Float64Array[],
) => number;

/** Properties of a function of gauges that drops the metric name and scans its windows. */
export const DEFAULT_TRAITS: Omit<RangeFunction, 'start'> = {
  keepsName: false,
  expectsCounter: false,
  hasQuantileArgument: false,
  slides: false,
  sorts: false,
  dependsOnStepTime: false,
};

/**
 * Creates a function that scans the whole window at each step. A window needs at least `minSamples` samples to have a
 * result.
 */
export function eachWindow(
  minSamples: number,
  compute: ComputeWindow,
  traits: Partial<typeof DEFAULT_TRAITS> = {},
): RangeFunction {
  return {
    ...DEFAULT_TRAITS,
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
