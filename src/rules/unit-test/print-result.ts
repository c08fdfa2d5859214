// Results as promtool prints them.

import {
  compareStrings,
  formatExponent,
  formatFloat,
  type Histogram,
  type SparseBuckets,
} from '../../model/index.js';
import { quote } from '../../promql/language/index.js';

/** Labels or annotations, sorted by name. Empty values are kept, as promtool compares them. */
export type Pairs = readonly (readonly [name: string, value: string])[];

export function sortPairs(pairs: Iterable<readonly [string, string]>): Pairs {
  return [...pairs].sort(([a], [b]) => compareStrings(a, b));
}

/** The order of Prometheus' `labels.Compare`. */
export function comparePairs(a: Pairs, b: Pairs): number {
  for (const [i, [name, value]] of a.entries()) {
    const other = b[i];
    if (other === undefined) break;
    const order = compareStrings(name, other[0]) || compareStrings(value, other[1]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

export function printPairs(pairs: Pairs): string {
  const parts = pairs.map(([name, value]) => {
    const isPlain = /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name);
    return `${isPlain ? name : quote(name)}=${quote(value)}`;
  });
  return `{${parts.join(', ')}}`;
}

/** Prints a float as Go's `FormatFloat(v, 'E', -1, 64)` does. */
export function printValue(value: number): string {
  return Number.isFinite(value) ? formatExponent(value).replace('e', 'E') : formatFloat(value);
}

/** Prints a duration as Go's `Duration.String` does, for whole milliseconds. */
export function printGoDuration(durationMs: number): string {
  if (durationMs === 0) return '0s';
  if (durationMs < 1000) return `${durationMs}ms`;
  const hours = Math.floor(durationMs / 3_600_000);
  const minutes = Math.floor(durationMs / 60_000) % 60;
  const seconds = (durationMs % 60_000) / 1000;
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds}s`;
}

/** Prints a histogram in the notation of test files. Equal texts mean equal histograms. */
export function printHistogram(histogram: Histogram): string {
  const { schema, count, sum, zeroCount, zeroThreshold, customValues, hint, positive, negative } = histogram;
  const number = (name: string, value: number): string[] =>
    value === 0 ? [] : [`${name}:${formatFloat(value)}`];
  const parts = [
    ...number('schema', schema),
    ...number('count', count),
    ...number('sum', sum),
    ...number('z_bucket', zeroCount),
    ...number('z_bucket_w', zeroThreshold),
    ...(customValues.length === 0 ? [] : [`custom_values:[${customValues.map(formatFloat).join(' ')}]`]),
    ...(hint === 'unknown' ? [] : [`counter_reset_hint:${hint}`]),
    ...printBuckets('offset', 'buckets', positive),
    ...printBuckets('n_offset', 'n_buckets', negative),
  ];
  return `{{${parts.join(' ')}}}`;
}

function printBuckets(offsetName: string, name: string, { indices, counts }: SparseBuckets): string[] {
  const first = indices[0];
  const last = indices.at(-1);
  if (first === undefined || last === undefined) return [];
  const byIndex = new Map(indices.map((index, i) => [index, counts[i]!]));
  const dense = Array.from({ length: last - first + 1 }, (_, i) => formatFloat(byIndex.get(first + i) ?? 0));
  return [...(first === 0 ? [] : [`${offsetName}:${first}`]), `${name}:[${dense.join(' ')}]`];
}

/** Indents all lines but the first one. */
export function indentLines(text: string, indent: string): string {
  return text.replaceAll('\n', `\n${indent}`);
}
