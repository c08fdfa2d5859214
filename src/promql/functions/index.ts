export { ELEMENT_FUNCTIONS, type ElementFunction, goMax, goMin } from './element-function.js';
export { formatFixed, formatOpenMetrics, formatPlain, formatShort } from './go-format.js';
export { createLabelJoin, createLabelReplace, type MapLabels } from './label/label-functions.js';
export { hashLabels, sampleOffset } from './label/label-hash.js';
export { compareNaturally } from './label/natural-order.js';
export { bucketQuantile, type MonotonicityFix } from './quantile/bucket-quantile.js';
export {
  bucketFraction,
  formatHistogram,
  nativeFraction,
  nativeQuantile,
  nativeVariance,
} from './quantile/native-histogram.js';
export { quantileOf } from './quantile/quantile.js';
export { rangeFraction, rangeQuantile } from './quantile/range-buckets.js';
export {
  edgeSamples,
  extendedFunction,
  extendedSamples,
  type Extension,
  smoothedAt,
} from './range/extended-range.js';
export { extrapolationFactor } from './range/extrapolation.js';
export type { RangeFunction, RunSteps, Windows } from './range/range-function.js';
export { RANGE_FUNCTIONS } from './range/range-functions.js';
export {
  type SamplesWithStarts,
  isStartTimestampReset,
  hasStartTimeOverlap,
  tryZeroTime,
} from './range/start-timestamps.js';
export {
  argumentType,
  BUCKET_BOUND,
  BUCKET_LABELS,
  BUCKET_RANGE,
  type Signature,
  SIGNATURES,
} from './signatures.js';
