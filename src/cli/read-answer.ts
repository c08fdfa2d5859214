// An answer of the API, read from its envelope. Whoever sent it may have sent anything.

import { PromfedError, tryParseFloat } from '../model/index.js';
import { histogramText } from './histogram-text.js';

type JsonObject = Readonly<Record<string, unknown>>;

export interface Point {
  readonly timeMs: number;
  /** As the API prints it; a native histogram in the notation of Prometheus' own table. */
  readonly text: string;
  /** Undefined for a native histogram or a string. */
  readonly value: number | undefined;
}

export interface AnswerSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** Ordered by time; a vector's series have one. */
  readonly points: readonly Point[];
}

export interface Answer {
  readonly resultType: 'vector' | 'matrix' | 'scalar' | 'string';
  /** In the order they came; a scalar or a string is one series without labels. */
  readonly series: readonly AnswerSeries[];
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

/**
 * @throws PromfedError the error that the envelope holds, or that it is none.
 */
export function readAnswer(body: string): Answer {
  const { envelope, data } = readEnvelope(body);
  const notes = { warnings: textsOf(envelope['warnings']), infos: textsOf(envelope['infos']) };
  const { resultType, result } = data;
  if (!Array.isArray(result)) throw foreign();
  switch (resultType) {
    case 'scalar':
    case 'string':
      return { resultType, series: [{ labels: {}, points: [pointOf(result)] }], ...notes };
    case 'vector':
    case 'matrix':
      return { resultType, series: result.map(seriesOf), ...notes };
    default:
      throw foreign();
  }
}

/**
 * The envelope and its `data`.
 *
 * @throws PromfedError the error that the envelope holds, or that it is none.
 */
export function readEnvelope(body: string): { readonly envelope: JsonObject; readonly data: JsonObject } {
  const envelope = parseJson(body);
  const { status, error, data } = envelope;
  if (status === 'error' && typeof error === 'string') throw new PromfedError('execution', error);
  if (status !== 'success' || !isObject(data)) throw foreign();
  return { envelope, data };
}

function seriesOf(item: unknown): AnswerSeries {
  if (!isObject(item) || !isObject(item['metric'])) throw foreign();
  const labels: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(item['metric'])) {
    if (typeof value !== 'string') throw foreign();
    labels[name] = value;
  }
  const floats = listOf(item, 'value', 'values').map(pointOf);
  const histograms = listOf(item, 'histogram', 'histograms').map(histogramPointOf);
  const points = histograms.length === 0 ? floats : [...floats, ...histograms];
  return { labels, points: points.sort((a, b) => a.timeMs - b.timeMs) };
}

/** The one under `single`, or the list under `many`. */
function listOf(item: Readonly<Record<string, unknown>>, single: string, many: string): readonly unknown[] {
  if (item[single] !== undefined) return [item[single]];
  const list = item[many] ?? [];
  if (!Array.isArray(list)) throw foreign();
  return list as readonly unknown[];
}

function pointOf(pair: unknown): Point {
  const [timeMs, text] = pairOf(pair);
  if (typeof text !== 'string') throw foreign();
  return { timeMs, text, value: tryParseFloat(text) };
}

function histogramPointOf(pair: unknown): Point {
  const [timeMs, histogram] = pairOf(pair);
  if (!isObject(histogram)) throw foreign();
  return { timeMs, text: histogramText(histogram), value: undefined };
}

function pairOf(pair: unknown): readonly [timeMs: number, value: unknown] {
  if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'number') throw foreign();
  return [Math.round(pair[0] * 1000), pair[1]];
}

function parseJson(body: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(body);
    if (isObject(parsed)) return parsed;
  } catch {
    // Told below.
  }
  throw foreign();
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((text) => typeof text === 'string') : [];
}

/** Whether it is an object of JSON. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The error for an answer that is shaped otherwise than it should be. */
export function foreign(): PromfedError {
  return new PromfedError('upstream', 'the answer is not one of the Prometheus HTTP API');
}
