// Range functions that fit a trend: deriv, predict_linear, double_exponential_smoothing.

import { PromfedError } from '../../../model/index.js';

import { formatFixed } from '../go-format.js';
import { eachWindow, type RangeFunction, type Windows } from './range-function.js';
import { CompensatedSum } from '../summation.js';

/**
 * Computes the least-squares line through the samples with indices `from` inclusive to `to` exclusive: its slope per
 * second and its value at `interceptMs`. Equal values give an exact line, equal infinities NaN.
 *
 * Source: Prometheus, promql/functions.go (`linearRegression`).
 */
function regression(
  { timestamps, values }: Windows,
  from: number,
  to: number,
  interceptMs: number,
): { slope: number; intercept: number } {
  const x = new CompensatedSum();
  const y = new CompensatedSum();
  const xy = new CompensatedSum();
  const xx = new CompensatedSum();
  const first = values[from]!;
  let constant = true;
  for (let i = from; i < to; i++) {
    const value = values[i]!;
    if (i > from && value !== first) constant = false;
    const seconds = (timestamps[i]! - interceptMs) / 1000;
    x.add(seconds);
    y.add(value);
    xy.add(seconds * value);
    xx.add(seconds * seconds);
  }
  if (constant) {
    return Math.abs(first) === Infinity ? { slope: NaN, intercept: NaN } : { slope: 0, intercept: first };
  }
  const count = to - from;
  const covariance = xy.total - (x.total * y.total) / count;
  const variance = xx.total - (x.total * x.total) / count;
  const slope = covariance / variance;
  return { slope, intercept: y.total / count - (slope * x.total) / count };
}

/** Source: Prometheus, promql/functions.go (`funcDoubleExponentialSmoothing`). */
const smoothedWindow = eachWindow(2, ({ values }, from, to, step, args) => {
  const smoothingFactor = args[0]![step]!;
  const trendFactor = args[1]![step]!;
  let previous = 0;
  let level = values[from]!;
  let trend = values[from + 1]! - values[from]!;
  for (let i = from + 1; i < to; i++) {
    if (i > from + 1) trend = trendFactor * (level - previous) + (1 - trendFactor) * trend;
    const next = smoothingFactor * values[i]! + (1 - smoothingFactor) * (level + trend);
    previous = level;
    level = next;
  }
  return level;
});

/**
 * Checks the factors at every step with a sample, even when there are too few samples for a result. `start`'s function
 * throws a PromfedError `execution`, with Prometheus' text, for a factor outside (0, 1).
 */
const smoothing: RangeFunction = {
  ...smoothedWindow,
  start: (windows, args, output, pauses) => {
    const run = smoothedWindow.start(windows, args, output, pauses);
    return (fromStep, toStep) => {
      for (let step = fromStep; step < toStep; step++) {
        if (windows.to[step] === windows.from[step]) continue;
        checkFactor('smoothing', 'sf', args[0]![step]!);
        checkFactor('trend', 'tf', args[1]![step]!);
      }
      return run(fromStep, toStep);
    };
  },
};

function checkFactor(name: string, short: string, factor: number): void {
  if (factor <= 0 || factor >= 1) {
    throw new PromfedError(
      'execution',
      `invalid ${name} factor. Expected: 0 < ${short} < 1, got: ${formatFixed(factor)}`,
    );
  }
}

/** The functions of this file by name. */
export const TREND_FUNCTIONS: Readonly<Record<string, RangeFunction>> = {
  // An intercept near the samples keeps the products small and therefore precise.
  deriv: eachWindow(2, (windows, from, to) => regression(windows, from, to, windows.timestamps[from]!).slope),
  predict_linear: eachWindow(
    2,
    (windows, from, to, step, args) => {
      const line = regression(windows, from, to, windows.gridStartMs + step * windows.gridStepMs);
      return line.slope * args[0]![step]! + line.intercept;
    },
    { dependsOnStepTime: true },
  ),
  double_exponential_smoothing: smoothing,
};
