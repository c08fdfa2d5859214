// A native histogram of the API as text.

/** How the API numbers the ends of a bucket: which are included. Source: Prometheus, util/jsonutil. */
const BRACKETS: readonly (readonly [open: string, close: string])[] = [
  ['(', ']'],
  ['[', ')'],
  ['(', ')'],
  ['[', ']'],
];

/**
 * `{count:3, sum:1.5, (0.5,1]:3}`: buckets in the order they came. What is not shaped as the API shapes it is left
 * out.
 *
 * Source: Prometheus, model/histogram/float_histogram.go (`FloatHistogram.String`).
 */
export function histogramText(histogram: Readonly<Record<string, unknown>>): string {
  const parts: string[] = [];
  for (const name of ['count', 'sum']) {
    const value = histogram[name];
    if (typeof value === 'string') parts.push(`${name}:${value}`);
  }
  const { buckets } = histogram;
  for (const bucket of Array.isArray(buckets) ? (buckets as readonly unknown[]) : []) {
    if (!Array.isArray(bucket)) continue;
    const [ends, from, to, count] = bucket as readonly unknown[];
    const brackets = typeof ends === 'number' ? BRACKETS[ends] : undefined;
    if (brackets === undefined) continue;
    parts.push(`${brackets[0]}${String(from)},${String(to)}${brackets[1]}:${String(count)}`);
  }
  return `{${parts.join(', ')}}`;
}
