// Checks the result of an expression that a unit test expects.

import type { ExpectedSampleSettings, ExprTestSettings } from '../../config/index.js';
import type { QueryEngine } from '../../federation/index.js';
import { asPromfedError, printDuration, PromfedError, type StopSignal } from '../../model/index.js';
import { quote, type FeatureSet } from '../../promql/language/index.js';
import { createEngineQuery } from '../query/engine-query.js';
import {
  comparePairs,
  printHistogram,
  printPairs,
  printValue,
  sortPairs,
  type Pairs,
} from './print-result.js';
import { expandSamples, splitSeries } from './series-notation.js';

interface Sample {
  readonly labels: Pairs;
  readonly value: number;
  /** Empty for a float. */
  readonly histogram: string;
}

export interface CheckExprOptions {
  readonly engine: QueryEngine;
  readonly timeMs: number;
  readonly features: FeatureSet;
  readonly timeoutMs: number;
  readonly signal: StopSignal;
  /** True to accept floats that differ in their last bit. */
  readonly fuzzyCompare: boolean;
}

/** Returns the difference as promtool prints it; undefined when the result is the expected one. */
export async function checkExpr(
  { expr, evalTimeMs, expected }: ExprTestSettings,
  { engine, timeMs, features, timeoutMs, signal, fuzzyCompare }: CheckExprOptions,
): Promise<string | undefined> {
  const head = `    expr: ${quote(expr)}, time: ${printDuration(evalTimeMs)},`;
  try {
    const query = createEngineQuery(expr, { features, timeoutMs, signal });
    const { samples } = await query(engine, timeMs);
    const got = samples.map(({ labels, value }): Sample => ({
      labels: sortPairs(labels),
      ...(typeof value === 'number'
        ? { value, histogram: '' }
        : { value: 0, histogram: printHistogram(value) }),
    }));
    const wanted = expected.map(parseExpected);
    for (const list of [got, wanted]) list.sort((a, b) => comparePairs(a.labels, b.labels));
    const isEqual =
      got.length === wanted.length &&
      wanted.every((sample, i) => equalSamples(sample, got[i]!, fuzzyCompare));
    return isEqual
      ? undefined
      : `${head}\n        exp: ${printSamples(wanted)}\n        got: ${printSamples(got)}`;
  } catch (thrown) {
    return `${head} err: ${asPromfedError(thrown).message}`;
  }
}

/** @throws PromfedError `bad_data` */
function parseExpected({ labels, value, histogram }: ExpectedSampleSettings): Sample {
  try {
    const parsed = sortPairs(labels.trim() === '' ? [] : splitSeries(labels).labels);
    if (histogram === '') return { labels: parsed, value, histogram };
    const samples = expandSamples(histogram);
    if (samples.length !== 1) throw new PromfedError('bad_data', `expected 1 value, got ${samples.length}`);
    const [written] = samples;
    if (typeof written !== 'object')
      throw new PromfedError('bad_data', `expected histogram, got ${histogram}`);
    return { labels: parsed, value, histogram: printHistogram(written.histogram) };
  } catch (thrown) {
    throw new PromfedError('bad_data', `labels ${quote(labels)}: ${asPromfedError(thrown).message}`);
  }
}

/** NaN differs from NaN, as in promtool. */
function equalSamples(a: Sample, b: Sample, isFuzzy: boolean): boolean {
  if (comparePairs(a.labels, b.labels) !== 0 || a.histogram !== b.histogram) return false;
  return a.value === b.value || (isFuzzy && isNextFloat(a.value, b.value));
}

/** Reports whether no float is between two floats. */
function isNextFloat(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return false;
  const distance = orderOf(a) - orderOf(b);
  return distance >= -1n && distance <= 1n;
}

/** An integer in the order of floats: consecutive floats have consecutive integers. */
function orderOf(value: number): bigint {
  const bits = new BigInt64Array(Float64Array.of(value).buffer)[0]!;
  return bits < 0n ? -(bits & 0x7fff_ffff_ffff_ffffn) : bits;
}

function printSamples(samples: readonly Sample[]): string {
  if (samples.length === 0) return 'nil';
  return samples
    .map(
      ({ labels, value, histogram }) =>
        `${printPairs(labels)} ${histogram === '' ? printValue(value) : histogram}`,
    )
    .join(', ');
}
