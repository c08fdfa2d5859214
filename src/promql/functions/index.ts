export * from './signatures.js';
export { bucketQuantile, tryParseBound, type ForcedBuckets } from './bucket-quantile.js';
export { ELEMENT_FUNCTIONS, greatest, least, type ElementFunction } from './element-function.js';
export {
  edgeSamples,
  extendedFunction,
  extendedSamples,
  smoothedAt,
  type Extension,
} from './extended-range.js';
export { extrapolationFactor } from './extrapolation.js';
export { formatOpenMetrics, formatPlain, formatShort } from './go-format.js';
export { sampleOffset } from './label-hash.js';
export { compareNaturally } from './natural-order.js';
export { createLabelJoin, createLabelReplace, isLabelName, type MapLabels } from './label-functions.js';
export {
  bucketFraction,
  formatHistogram,
  nativeFraction,
  nativeQuantile,
  nativeVariance,
} from './native-histogram.js';
export { quantileOf } from './quantile.js';
export type { RangeFunction, RunSteps, Windows } from './range-function.js';
export { RANGE_FUNCTIONS } from './range-functions.js';
export { startsAnew, startsTooEarly, tryZeroTime, type StartedSamples } from './start-timestamps.js';
