// Range functions that aggregate the samples of a window: the *_over_time family.

import { quantileOf } from './quantile.js';
import { eachWindow, type RangeFunction } from './range-function.js';
import { CompensatedSum, meanOf } from './summation.js';

/** Source: Prometheus, promql/functions.go (`funcSumOverTime`). */
const sum = eachWindow(1, ({ values }, from, to) => {
  const running = new CompensatedSum();
  for (let i = from; i < to; i++) running.add(values[i]!);
  return Math.abs(running.sum) === Infinity ? running.sum : running.total;
});

const avg = eachWindow(1, ({ values }, from, to) => meanOf(values, from, to));

/** Source: Prometheus, promql/functions.go (`varianceOverTime`): Welford's method with both sums compensated. */
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
 * The greatest or least value of a window; NaN only when there is nothing else; of equal values the first. A queue
 * of the samples that may still become the extreme slides along, so that each sample is looked at a bounded number
 * of times.
 *
 * Source: Prometheus, promql/functions.go (`compareOverTime`).
 */
function extreme(isMax: boolean): RangeFunction {
  return {
    keepsName: false,
    wantsCounter: false,
    takesQuantile: false,
    slides: true,
    seesStepTime: false,
    start: ({ values, from, to }, _args, output) => {
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
            while (
              tail > head &&
              (isMax ? values[queue[tail - 1]!]! < value : values[queue[tail - 1]!]! > value)
            ) {
              tail--;
            }
            queue[tail++] = next;
          }
          while (head < tail && queue[head]! < first) head++;
          output.values[step] = head < tail ? values[queue[head]!]! : NaN;
          output.present[step] = 1;
        }
      };
    },
  };
}

const quantile = eachWindow(
  1,
  ({ values }, from, to, step, args) => quantileOf(args[0]![step]!, values.slice(from, to)),
  { takesQuantile: true },
);

/** Source: Prometheus, promql/functions.go (`funcMadOverTime`): a NaN spoils the whole window. */
const mad = eachWindow(1, ({ values }, from, to) => {
  const window = values.slice(from, to);
  if (window.some(Number.isNaN)) return NaN;
  const median = quantileOf(0.5, window);
  return quantileOf(
    0.5,
    window.map((value) => Math.abs(value - median)),
  );
});

/** The time in seconds of the last sample that has the window's extreme; NaN loses to anything. */
function timeOfExtreme(isMax: boolean): RangeFunction {
  return eachWindow(1, ({ timestamps, values }, from, to) => {
    let best = from;
    for (let i = from; i < to; i++) {
      const [value, champion] = [values[i]!, values[best]!];
      if ((isMax ? value >= champion : value <= champion) || Number.isNaN(champion)) best = i;
    }
    return timestamps[best]! / 1000;
  });
}

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
