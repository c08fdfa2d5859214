// The feature flags that change the language, by the names that Prometheus' --enable-feature takes.

/** Every feature that promfed knows, in the order they are documented. */
export const FEATURES = [
  /** Functions marked experimental, and the aggregations limitk and limit_ratio. */
  'promql-experimental-functions',
  /** Arithmetic, `step()`, `range()`, `min_of()` and `max_of()` where a duration stands. */
  'promql-duration-expr',
  /** `anchored` and `smoothed` after a selector. */
  'promql-extended-range-selectors',
  /** `fill`, `fill_left` and `fill_right` on binary operations. */
  'promql-binop-fill-modifiers',
  /** Metric names are dropped at the end of an evaluation. Concerns the evaluation, not the grammar. */
  'promql-delayed-name-removal',
] as const;

export type Feature = (typeof FEATURES)[number];
export type FeatureSet = ReadonlySet<Feature>;

export const NO_FEATURES: FeatureSet = new Set();
export const ALL_FEATURES: FeatureSet = new Set(FEATURES);

/** Whether a name is one of FEATURES. */
export function isFeature(name: string): name is Feature {
  return (FEATURES as readonly string[]).includes(name);
}
