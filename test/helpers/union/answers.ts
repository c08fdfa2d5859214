// Two answers of the query API to the same question, compared: status, error, types, label sets, times and values.

import type { ApiAnswer } from '../promfed/promfed.js';

/** An answer to a query, its data as it came. */
export type UnionAnswer = ApiAnswer<{ readonly resultType: string; readonly result: unknown }>;

interface OneSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [timeS: number, value: string];
  readonly values?: readonly (readonly [timeS: number, value: string])[];
}

/**
 * Returns the differences, a line each. The texts of errors and the order of series may differ, and numbers by the
 * rounding of another order of summation.
 */
export function answerDifferences(ours: UnionAnswer, theirs: UnionAnswer): string[] {
  const [outcome, expected] = [outcomeOf(ours), outcomeOf(theirs)];
  if (outcome !== expected) {
    return [`${outcome}, not ${expected}: ${ours.error ?? ''}${theirs.error ?? ''}`];
  }
  if (ours.data === undefined || theirs.data === undefined) return [];
  if (ours.data.resultType !== theirs.data.resultType) {
    return [`a ${ours.data.resultType}, not a ${theirs.data.resultType}`];
  }
  if (theirs.data.resultType === 'scalar') {
    const series = [ours, theirs].map((one) => ({ metric: {}, value: one.data!.result as [number, string] }));
    return seriesDifferences([series[0]!], [series[1]!]);
  }
  return seriesDifferences(ours.data.result as OneSeries[], theirs.data.result as OneSeries[]);
}

/** Warnings of promfed and newer versions that the Prometheus of the tests does not have. */
const NEWER = /^PromQL warning: sort(_desc)? is ineffective/;

/** Warnings and infos without the places they end in, sorted. */
export function annotationsOf({ warnings = [], infos = [] }: UnionAnswer): string[] {
  const texts = [...warnings, ...infos].map((text) => text.replace(/ \(\d+:\d+\)$/, ''));
  return [...new Set(texts.filter((text) => !NEWER.test(text)))].sort();
}

/** Reports whether an answer has samples. */
export function hasSamples({ data }: UnionAnswer): boolean {
  return Array.isArray(data?.result) && data.result.length > 0;
}

/** The answer without metric names, which functions of VictoriaMetrics keep that drop them in PromQL. */
export function nameless(answer: UnionAnswer): UnionAnswer {
  if (answer.data === undefined || !Array.isArray(answer.data.result)) return answer;
  const result = (answer.data.result as (OneSeries | [])[]).map((one) => {
    if (Array.isArray(one)) return one;
    const metric = Object.fromEntries(Object.entries(one.metric).filter(([name]) => name !== '__name__'));
    return { ...one, metric };
  });
  return { ...answer, data: { ...answer.data, result } };
}

function outcomeOf({ httpStatus, status, errorType }: UnionAnswer): string {
  return status === 'success' ? 'success' : `${httpStatus} ${errorType ?? ''}`;
}

function seriesDifferences(ours: readonly OneSeries[], theirs: readonly OneSeries[]): string[] {
  const expected = samplesOf(theirs);
  const found: string[] = [];
  if (samplesOf(ours).size !== ours.length) found.push('two series of one label set');
  for (const [labels, samples] of samplesOf(ours)) {
    const others = expected.get(labels);
    expected.delete(labels);
    if (others === undefined) {
      found.push(`${labels}: ${samples.length} samples of nothing`);
      continue;
    }
    const [times, otherTimes] = [samples, others].map((list) => list.map(([time]) => time).join(' '));
    if (times !== otherTimes) {
      found.push(`${labels}: at ${times}, not ${otherTimes}`);
      continue;
    }
    const wrong = samples.findIndex(([, value], i) => !isClose(value, others[i]![1]));
    if (wrong >= 0) {
      const [time, value] = samples[wrong]!;
      found.push(`${labels}: ${value} at ${time}, not ${others[wrong]![1]}`);
    }
  }
  return [...found, ...[...expected.keys()].map((labels) => `${labels}: missing`)];
}

function samplesOf(result: readonly OneSeries[]): Map<string, (readonly [number, string])[]> {
  return new Map(
    result.map(({ metric, value, values }) => [
      JSON.stringify(Object.entries(metric).sort()),
      [...(values ?? [value!])],
    ]),
  );
}

/** Sums are taken in another order than in one store: that may change the last digits of sixteen. */
function isClose(a: string, b: string): boolean {
  if (a === b) return true;
  const [x, y] = [Number(a), Number(b)];
  return Math.abs(x - y) <= 1e-9 * Math.max(Math.abs(x), Math.abs(y));
}
