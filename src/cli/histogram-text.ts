// A native histogram of the API as text.

/** Brackets of a bucket, by the number with which the API says which bounds are included. Source: Prometheus, util/jsonutil. */
const BRACKETS: readonly (readonly [open: string, close: string])[] = [
  ['(', ']'],
  ['[', ')'],
  ['(', ')'],
  ['[', ']'],
];

/** Same as `printHistogram`, for a histogram in the JSON of the API. Malformed members are left out. */
export function jsonHistogramText(histogram: Readonly<Record<string, unknown>>): string {
  const parts: string[] = [];
  for (const name of ['count', 'sum']) {
    const value = histogram[name];
    if (typeof value === 'string') parts.push(`${name}:${value}`);
  }
  const { buckets } = histogram;
  for (const bucket of Array.isArray(buckets) ? (buckets as readonly unknown[]) : []) {
    if (!Array.isArray(bucket)) continue;
    const [boundaries, lower, upper, count] = bucket as readonly unknown[];
    const brackets = typeof boundaries === 'number' ? BRACKETS[boundaries] : undefined;
    if (brackets === undefined) continue;
    parts.push(`${brackets[0]}${String(lower)},${String(upper)}${brackets[1]}:${String(count)}`);
  }
  return `{${parts.join(', ')}}`;
}
