// Comparison of two answers of the query API: status, error, types, label sets, times and values.

import type { ApiAnswer } from '../promfed/promfed.js';

/** An answer to a query, with data of any type. */
export type UnionAnswer = ApiAnswer<{ readonly resultType: string; readonly result: unknown }>;

interface ApiSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [timeS: number, value: string];
  readonly values?: readonly (readonly [timeS: number, value: string])[];
}

/**
 * Returns the differences between two answers, one per line. The texts of errors and the order of series may differ, and
 * values within the rounding error of sums in another order.
 */
export function answerDifferences(actual: UnionAnswer, expected: UnionAnswer): string[] {
  const [outcome, expectedOutcome] = [outcomeOf(actual), outcomeOf(expected)];
  if (outcome !== expectedOutcome) {
    return [`${outcome}, expected ${expectedOutcome}: ${actual.error ?? ''}${expected.error ?? ''}`];
  }
  if (actual.data === undefined || expected.data === undefined) return [];
  if (actual.data.resultType !== expected.data.resultType) {
    return [`a ${actual.data.resultType}, expected a ${expected.data.resultType}`];
  }
  if (expected.data.resultType === 'scalar') {
    const series = [actual, expected].map(({ data }) => ({
      metric: {},
      value: data!.result as [number, string],
    }));
    return seriesDifferences([series[0]!], [series[1]!]);
  }
  return seriesDifferences(actual.data.result as ApiSeries[], expected.data.result as ApiSeries[]);
}

/** Warnings of promfed and newer versions of Prometheus, which the Prometheus of the tests lacks. */
const NEWER_WARNINGS = /^PromQL warning: sort(_desc)? is ineffective/;

/** Newer versions of Prometheus add the buckets that histogram_quantile repaired, and the steps. */
const REPAIRED_BUCKETS = /(needed to be fixed for monotonicity) .*/;

/** Returns the warnings and infos of an answer without positions, sorted. */
export function annotationsOf({ warnings = [], infos = [] }: UnionAnswer): string[] {
  const texts = [...warnings, ...infos].map((text) =>
    text.replace(/ \(\d+:\d+\)$/, '').replace(REPAIRED_BUCKETS, '$1'),
  );
  return [...new Set(texts.filter((text) => !NEWER_WARNINGS.test(text)))].sort();
}

/** Reports whether an answer has any series. */
export function hasSamples({ data }: UnionAnswer): boolean {
  return Array.isArray(data?.result) && data.result.length > 0;
}

/** Removes metric names from an answer. Some functions of VictoriaMetrics keep names that PromQL removes. */
export function nameless(answer: UnionAnswer): UnionAnswer {
  if (answer.data === undefined || !Array.isArray(answer.data.result)) return answer;
  const result = (answer.data.result as (ApiSeries | [])[]).map((one) => {
    if (Array.isArray(one)) return one;
    const metric = Object.fromEntries(Object.entries(one.metric).filter(([name]) => name !== '__name__'));
    return { ...one, metric };
  });
  return { ...answer, data: { ...answer.data, result } };
}

/** Returns the differences between the label sets, types and errors of two answers, one per line. */
export function labelDifferences(actual: UnionAnswer, expected: UnionAnswer): string[] {
  const [outcome, expectedOutcome] = [outcomeOf(actual), outcomeOf(expected)];
  if (outcome !== expectedOutcome) {
    return [`${outcome}, expected ${expectedOutcome}: ${actual.error ?? ''}${expected.error ?? ''}`];
  }
  if (actual.data === undefined || expected.data === undefined) return [];
  const [type, expectedType] = [actual.data.resultType, expected.data.resultType];
  if (type !== expectedType) return [`a ${type}, expected a ${expectedType}`];
  if (expectedType === 'scalar') return [];
  const [series, others] = [actual, expected].map(({ data }) => samplesOf(data!.result as ApiSeries[]));
  const count = (actual.data.result as ApiSeries[]).length;
  return [
    ...(series!.size === count ? [] : [`${count} series with ${series!.size} label sets`]),
    ...[...series!.keys()].filter((labels) => !others!.has(labels)).map((labels) => `${labels}: unexpected`),
    ...[...others!.keys()].filter((labels) => !series!.has(labels)).map((labels) => `${labels}: missing`),
  ];
}

function outcomeOf({ httpStatus, status, errorType }: UnionAnswer): string {
  return status === 'success' ? 'success' : `${httpStatus} ${errorType ?? ''}`;
}

function seriesDifferences(actual: readonly ApiSeries[], expected: readonly ApiSeries[]): string[] {
  const missing = samplesOf(expected);
  const differences: string[] = [];
  if (samplesOf(actual).size !== actual.length) differences.push('two series with one label set');
  for (const [labels, samples] of samplesOf(actual)) {
    const others = missing.get(labels);
    missing.delete(labels);
    if (others === undefined) {
      differences.push(`${labels}: unexpected series with ${samples.length} samples`);
      continue;
    }
    const [times, otherTimes] = [samples, others].map((list) => list.map(([time]) => time).join(' '));
    if (times !== otherTimes) {
      differences.push(`${labels}: samples at ${times}, expected at ${otherTimes}`);
      continue;
    }
    const wrong = samples.findIndex(([, value], i) => !isClose(value, others[i]![1]));
    if (wrong >= 0) {
      const [time, value] = samples[wrong]!;
      differences.push(`${labels}: ${value} at ${time}, expected ${others[wrong]![1]}`);
    }
  }
  return [...differences, ...[...missing.keys()].map((labels) => `${labels}: missing`)];
}

function samplesOf(result: readonly ApiSeries[]): Map<string, (readonly [number, string])[]> {
  return new Map(
    result.map(({ metric, value, values }) => [
      JSON.stringify(Object.entries(metric).sort()),
      [...(values ?? [value!])],
    ]),
  );
}

/** Compares values within the rounding error of sums in another order. */
function isClose(a: string, b: string): boolean {
  if (a === b) return true;
  const [x, y] = [Number(a), Number(b)];
  return Math.abs(x - y) <= 1e-9 * Math.max(Math.abs(x), Math.abs(y));
}
