export * from './annotations.js';
export * from './cancellation.js';
export * from './clock.js';
export * from './column-slabs.js';
export * from './compare.js';
export * from './duration.js';
export * from './errors.js';
export * from './format.js';
export * from './grid.js';
export * from './histogram.js';
export {
  detectReset,
  divideHistogram,
  multiplyHistogram,
  tryAddHistograms,
  trySubtractHistograms,
} from './histogram-arithmetic.js';
export * from './histogram-sum.js';
export { trimHistogram } from './histogram-trim.js';
export { fixedLabels, injectMatchers } from './inject-matchers.js';
export * from './label-filter.js';
export * from './labels.js';
export * from './limits.js';
export * from './matcher.js';
export * from './memory-budget.js';
export * from './nearest.js';
export * from './ports.js';
export * from './regex.js';
export * from './series.js';
export * from './time-bounds.js';
export * from './value-type.js';
