export { appendAll, maxOf, minOf } from './collections.js';
export { Annotations, type MissingGroup, TRUNCATION_WARNING, withoutPosition } from './annotations.js';
export { ColumnSlabs } from './column-slabs.js';
export { compareStrings } from './compare.js';
export { isPublicHeader, isPublicParameter, isSecretName, MASK, maskUrl } from './secret-names.js';
export { MAX_DURATION_MS, MAX_DURATION_S, parseDuration, printDuration } from './duration.js';
export { asPromfedError, type ErrorCode, PromfedError } from './errors.js';
export { formatExponent, formatFloat, formatRfc3339, formatTimestamp } from './format.js';
export { type Grid, gridEndMs, instantGrid, MAX_POINTS, rangeGrid } from './grid.js';
export {
  detectReset,
  divideHistogram,
  multiplyHistogram,
  tryAddHistograms,
  trySubtractHistograms,
} from './histogram/arithmetic.js';
export {
  boundOf,
  type Bucket,
  bucketsOf,
  type CounterResetHint,
  createHistogram,
  CUSTOM_BUCKETS,
  equalHistograms,
  type Histogram,
  histogramWeight,
  type SparseBuckets,
  usesCustomBuckets,
} from './histogram/histogram.js';
export { printHistogram } from './histogram/print.js';
export { HistogramSum } from './histogram/sum.js';
export { trimHistogram } from './histogram/trim.js';
export { isHeaderName, isHeaderValue, isReservedHeader } from './http-header.js';
export { isLabelName, Labels, labelsBytes, MAX_LABELS, METRIC_NAME } from './labels.js';
export { ExpandingPattern } from './matchers/expanding-pattern.js';
export { fixedLabels, injectMatchers } from './matchers/inject-matchers.js';
export { type LabelCorrection, LabelRule, METADATA_LABELS, sameLabelset } from './matchers/label-rule.js';
export { anyValueMatches, type LabelFilter, type LabelVerdict } from './matchers/label-filter.js';
export {
  compileMatcher,
  compileMatchers,
  type Matcher,
  type MatchOp,
  printMatchers,
} from './matchers/matcher.js';
export {
  checkMatchWork,
  compileAnchored,
  compilePattern,
  quotePattern,
  type SizedPattern,
} from './matchers/regex.js';
export { tryNearest } from './nearest.js';
export {
  printProduct,
  type Product,
  sameProduct,
  tryParseVersion,
  UNKNOWN_PRODUCT,
} from './product/product.js';
export {
  type Construct,
  hasClosedLookback,
  hasClosedRanges,
  hasClosedSubqueries,
  isListed,
  lackOf,
} from './product/product-table.js';
export type { Instant } from './parse/instant.js';
export { tryParseFloat } from './parse/parse-float.js';
export { tryParseInstant, tryParseTime } from './parse/parse-time.js';
export { Relabeler } from './relabel/relabeler.js';
export { DEFAULT_RELABEL, RELABEL_ACTIONS, type RelabelSettings } from './relabel/relabel-settings.js';
export {
  type Column,
  emptyColumn,
  filterSamples,
  type RawSeries,
  seriesWeight,
  truncateSeries,
  type Vector,
} from './series.js';
export type { StopSignal } from './stop-signal.js';
export { cutText, detached } from './text.js';
export { targetSets } from './target-sets.js';
export {
  coversWindow,
  overlapsWindow,
  type TimeBounds,
  type TimeWindow,
  truncateWindow,
} from './time-bounds.js';
export type { MatrixValue, ScalarValue, StringValue, Value, VectorValue } from './value.js';
export { VALUE_TYPE_NAMES, type ValueType } from './value-type.js';
