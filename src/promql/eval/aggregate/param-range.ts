/** Bounds of the values of a parameter over all steps. */
export interface ParamRange {
  /** The least and the greatest value that is not NaN; Infinity and -Infinity without one. */
  readonly min: number;
  readonly max: number;
  readonly hasNaN: boolean;
}

/** Returns the bounds of a parameter's values. */
export function paramRange(values: Float64Array): ParamRange {
  let min = Infinity;
  let max = -Infinity;
  let hasNaN = false;
  for (const value of values) {
    if (Number.isNaN(value)) {
      hasNaN = true;
    } else {
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
  }
  return { min, max, hasNaN };
}
