// Range functions that aggregate the samples of a window: the *_over_time family.

import { quantileOf, quantileOfSorted } from '../quantile/quantile.js';
import { eachWindow, type ComputeWindow, type RangeFunction, type Windows } from './range-function.js';
import { trySlidingSum } from './sliding-sum.js';
import { SortedWindow } from './sorted-window.js';
import { CompensatedSum, meanOf } from '../summation.js';

/** A function of the sum of a window, which slides where that changes no bit. */
function ofSum(scan: ComputeWindow, finish: (sum: number, count: number) => number): RangeFunction {
  const scanning = eachWindow(1, scan);
  return {
    ...scanning,
    start: (windows, args, output) => {
      const sumAt = trySlidingSum(windows);
      if (sumAt === undefined) return scanning.start(windows, args, output);
      return (fromStep, toStep) => {
        for (let step = fromStep; step < toStep; step++) {
          const count = windows.to[step]! - windows.from[step]!;
          if (count <= 0) continue;
          output.values[step] = finish(sumAt(step), count);
          output.present[step] = 1;
        }
      };
    },
  };
}

/** Source: Prometheus, promql/functions.go (`funcSumOverTime`). */
const sum = ofSum(
  ({ values }, from, to) => {
    const running = new CompensatedSum();
    for (let i = from; i < to; i++) running.add(values[i]!);
    return Math.abs(running.sum) === Infinity ? running.sum : running.total;
  },
  (total) => total,
);

const avg = ofSum(
  ({ values }, from, to) => meanOf(values, from, to),
  (total, count) => total / count,
);

/**
 * Source: Prometheus, promql/functions.go (`varianceOverTime`): Welford's method with both sums compensated.
 *
 * Each window is scanned: the running mean depends on the order of its samples and on the first of them, so that no
 * way of sliding gives the same bits.
 */
function variance(finish: (variance: number) => number): RangeFunction {
  return eachWindow(1, ({ values }, from, to) => {
    const mean = new CompensatedSum();
    const squares = new CompensatedSum();
    for (let i = from; i < to; i++) {
      const delta = values[i]! - mean.total;
      mean.add(delta / (i - from + 1));
      squares.add(delta * (values[i]! - mean.total));
    }
    return finish(squares.total / (to - from));
  });
}

/**
 * What `result` makes of the sample with the greatest or least value of a window, its index −1 when all are NaN. A
 * queue of the samples that may still become the extreme slides along, so that each sample is looked at a bounded
 * number of times.
 *
 * @param lastOfEquals of equal values the last counts, else the first.
 */
function ofExtreme(
  isMax: boolean,
  lastOfEquals: boolean,
  result: (windows: Windows, index: number, to: number) => number,
): RangeFunction {
  const yields = (old: number, value: number): boolean =>
    (isMax ? old < value : old > value) || (lastOfEquals && old === value);
  return {
    ...eachWindow(1, () => NaN, { slides: true }),
    start: (windows, _args, output) => {
      const { values, from, to } = windows;
      const queue = new Int32Array(values.length);
      let head = 0;
      let tail = 0;
      let next = 0;
      return (fromStep, toStep) => {
        for (let step = fromStep; step < toStep; step++) {
          const first = from[step]!;
          const end = to[step]!;
          if (end <= first) continue;
          if (next < first) next = first;
          for (; next < end; next++) {
            const value = values[next]!;
            if (Number.isNaN(value)) continue;
            while (tail > head && yields(values[queue[tail - 1]!]!, value)) tail--;
            queue[tail++] = next;
          }
          while (head < tail && queue[head]! < first) head++;
          output.values[step] = result(windows, head < tail ? queue[head]! : -1, end);
          output.present[step] = 1;
        }
      };
    },
  };
}

/**
 * The greatest or least value of a window; NaN only when there is nothing else; of equal values the first.
 *
 * Source: Prometheus, promql/functions.go (`compareOverTime`).
 */
function extreme(isMax: boolean): RangeFunction {
  return ofExtreme(isMax, false, ({ values }, index) => (index < 0 ? NaN : values[index]!));
}

/** The time in seconds of the last sample that has the window's extreme; NaN loses to anything. */
function timeOfExtreme(isMax: boolean): RangeFunction {
  return ofExtreme(
    isMax,
    true,
    ({ timestamps }, index, to) => timestamps[index < 0 ? to - 1 : index]! / 1000,
  );
}

/** Source: Prometheus, promql/functions.go (`funcQuantileOverTime`). */
const quantile: RangeFunction = {
  ...eachWindow(1, () => NaN, { hasQuantileArgument: true }),
  start: ({ values, from, to }, args, output) => {
    const window = new SortedWindow(values);
    return (fromStep, toStep) => {
      for (let step = fromStep; step < toStep; step++) {
        if (to[step]! <= from[step]!) continue;
        output.values[step] = quantileOfSorted(args[0]![step]!, window.moveTo(from[step]!, to[step]!));
        output.present[step] = 1;
      }
    };
  },
};

/**
 * Source: Prometheus, promql/functions.go (`funcMadOverTime`): a NaN spoils the whole window. Each window is scanned, its deviations
 * being from a median that moves.
 */
const mad = eachWindow(1, ({ values }, from, to) => {
  const window = values.slice(from, to);
  if (window.some(Number.isNaN)) return NaN;
  const median = quantileOf(0.5, window);
  return quantileOf(
    0.5,
    window.map((value) => Math.abs(value - median)),
  );
});

export const OVER_TIME_FUNCTIONS: Readonly<Record<string, RangeFunction>> = {
  sum_over_time: sum,
  avg_over_time: avg,
  count_over_time: eachWindow(1, (_windows, from, to) => to - from, { slides: true }),
  min_over_time: extreme(false),
  max_over_time: extreme(true),
  stddev_over_time: variance(Math.sqrt),
  stdvar_over_time: variance((value) => value),
  quantile_over_time: quantile,
  first_over_time: eachWindow(1, ({ values }, from) => values[from]!, { slides: true, keepsName: true }),
  last_over_time: eachWindow(1, ({ values }, _from, to) => values[to - 1]!, {
    slides: true,
    keepsName: true,
  }),
  present_over_time: eachWindow(1, () => 1, { slides: true }),
  mad_over_time: mad,
  ts_of_first_over_time: eachWindow(1, ({ timestamps }, from) => timestamps[from]! / 1000, { slides: true }),
  ts_of_last_over_time: eachWindow(1, ({ timestamps }, _from, to) => timestamps[to - 1]! / 1000, {
    slides: true,
  }),
  ts_of_max_over_time: timeOfExtreme(true),
  ts_of_min_over_time: timeOfExtreme(false),
};
