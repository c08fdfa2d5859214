// Feature flags that change the language, named as in Prometheus' --enable-feature.

/** All supported features, in the order of the documentation. */
export const FEATURES = [
  /** Experimental functions, and the aggregations limitk and limit_ratio. */
  'promql-experimental-functions',
  /** Arithmetic, `step()`, `range()`, `min_of()` and `max_of()` in durations. */
  'promql-duration-expr',
  /** `anchored` and `smoothed` after a selector. */
  'promql-extended-range-selectors',
  /** `fill`, `fill_left` and `fill_right` on binary operations. */
  'promql-binop-fill-modifiers',
  /** Metric names are removed at the end of an evaluation. Changes the evaluation, not the grammar. */
  'promql-delayed-name-removal',
] as const;

/** The name of a feature. */
export type Feature = (typeof FEATURES)[number];
/** The enabled features. */
export type FeatureSet = ReadonlySet<Feature>;

/** No experimental features, Prometheus' default. */
export const NO_FEATURES: FeatureSet = new Set();
