// Results of the query API, parsed and compared by benchmarks.

import type { Region } from './two-regions-testbed.js';

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values?: readonly (readonly [number, string])[];
  readonly value?: readonly [number, string];
}

/** Samples by the labels of their series, with values as text. */
export type Answer = ReadonlyMap<string, readonly (readonly [number, string])[]>;

/** Parses a response. Throws an Error when it is not successful, has warnings, or repeats a series. */
export function readAnswer(document: unknown, extraLabels: Readonly<Record<string, string>> = {}): Answer {
  const { status, data, warnings } = document as {
    status?: string;
    data?: { result?: readonly Series[] };
    warnings?: readonly string[];
  };
  if (status !== 'success' || data?.result === undefined) throw new Error('response is not successful');
  if (warnings !== undefined && warnings.length > 0) throw new Error(`warnings: ${warnings.join('; ')}`);
  const series = new Map<string, readonly (readonly [number, string])[]>();
  for (const { metric, values, value } of data.result) {
    const labels = Object.entries({ ...metric, ...extraLabels }).sort(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify(labels);
    if (series.has(key)) throw new Error(`duplicate series in response: ${key}`);
    series.set(key, values ?? (value === undefined ? [] : [value]));
  }
  return series;
}

/** Returns the result of a selector on one server with the data of all regions. */
export function unionOf(
  documents: readonly unknown[],
  regions: readonly Region[],
  regionLabel: string,
): Answer {
  const union = new Map<string, readonly (readonly [number, string])[]>();
  for (const [i, document] of documents.entries()) {
    for (const [key, samples] of readAnswer(document, { [regionLabel]: regions[i]!.name }))
      union.set(key, samples);
  }
  return union;
}

/** Returns the sum of the results of an aggregation that drops the region label. */
export function sumOf(documents: readonly unknown[]): Answer {
  const sums = new Map<string, Map<number, number>>();
  for (const document of documents) {
    for (const [key, samples] of readAnswer(document)) {
      const sum = sums.get(key) ?? new Map<number, number>();
      sums.set(key, sum);
      for (const [time, value] of samples) sum.set(time, (sum.get(time) ?? 0) + Number(value));
    }
  }
  return new Map(
    [...sums].map(([key, sum]) => [key, [...sum].map(([time, value]) => [time, String(value)] as const)]),
  );
}

/**
 * Throws an Error with the first difference. Values are equal when they differ by at most `tolerance` times the larger
 * one.
 */
export function assertSame(found: Answer, expected: Answer, tolerance = 0): void {
  if (found.size !== expected.size) throw new Error(`${found.size} series, expected ${expected.size}`);
  for (const [key, samples] of expected) {
    const others = found.get(key);
    if (others === undefined) throw new Error(`missing series ${key}`);
    if (others.length !== samples.length)
      throw new Error(`${key}: ${others.length} samples, expected ${samples.length}`);
    for (const [i, [time, value]] of samples.entries()) {
      const [otherTime, otherValue] = others[i]!;
      const [a, b] = [Number(value), Number(otherValue)];
      const near = Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b));
      if (time !== otherTime || !near) {
        throw new Error(`${key}: ${otherValue} at ${otherTime}, expected ${value} at ${time}`);
      }
    }
  }
}
