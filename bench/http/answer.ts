// The answers of the query API as far as the benchmarks check them.

import type { Region } from './two-regions-testbed.js';

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values?: readonly (readonly [number, string])[];
  readonly value?: readonly [number, string];
}

/** Series by their labels, each with its samples as text. */
export type Answer = ReadonlyMap<string, readonly (readonly [number, string])[]>;

/** Throws an Error when the document is not a successful answer, carries warnings, or repeats a series. */
export function readAnswer(document: unknown, extraLabels: Readonly<Record<string, string>> = {}): Answer {
  const { status, data, warnings } = document as {
    status?: string;
    data?: { result?: readonly Series[] };
    warnings?: readonly string[];
  };
  if (status !== 'success' || data?.result === undefined) throw new Error('not a successful answer');
  if (warnings !== undefined && warnings.length > 0) throw new Error(`warnings: ${warnings.join('; ')}`);
  const series = new Map<string, readonly (readonly [number, string])[]>();
  for (const { metric, values, value } of data.result) {
    const labels = Object.entries({ ...metric, ...extraLabels }).sort(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify(labels);
    if (series.has(key)) throw new Error(`series twice in one answer: ${key}`);
    series.set(key, values ?? (value === undefined ? [] : [value]));
  }
  return series;
}

/** What one server holding both regions would answer to a selector. */
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

/** Adds the answers of an aggregation that keeps no region label. */
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
 * Throws an Error that names the first difference. Values are equal when their distance is at most `tolerance`
 * times the larger one.
 */
export function assertSame(found: Answer, expected: Answer, tolerance = 0): void {
  if (found.size !== expected.size) throw new Error(`${found.size} series where ${expected.size} are right`);
  for (const [key, samples] of expected) {
    const others = found.get(key);
    if (others === undefined) throw new Error(`no series ${key}`);
    if (others.length !== samples.length)
      throw new Error(`${key}: ${others.length} samples, not ${samples.length}`);
    for (const [i, [time, value]] of samples.entries()) {
      const [otherTime, otherValue] = others[i]!;
      const [a, b] = [Number(value), Number(otherValue)];
      const near = Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b));
      if (time !== otherTime || !near) {
        throw new Error(`${key}: ${otherValue} at ${otherTime}, where ${value} at ${time} is right`);
      }
    }
  }
}
