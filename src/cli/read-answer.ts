// Answers of the API, read from their envelopes. The sender is not trusted.

import { PromfedError, tryParseFloat } from '../model/index.js';
import type { Answer, AnswerSeries, Point } from './answer.js';
import { jsonHistogramText } from './histogram-text.js';

type JsonObject = Readonly<Record<string, unknown>>;

/** An answer with its annotations. */
export interface AnnotatedAnswer extends Answer {
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

export interface ExplanationText {
  /** The plan as lines of text. */
  readonly text: string;
  /** The error of the run with `analyze=true`; undefined when it succeeded or did not run. */
  readonly failure: string | undefined;
}

/** @throws PromfedError the error in the envelope; `upstream` when the body is not an envelope with an answer. */
export function readAnswer(body: string): AnnotatedAnswer {
  const { envelope, data } = readEnvelope(body);
  const annotations = { warnings: textsOf(envelope['warnings']), infos: textsOf(envelope['infos']) };
  const { resultType, result } = data;
  if (!Array.isArray(result)) throw invalidAnswer();
  switch (resultType) {
    case 'scalar':
    case 'string':
      return { resultType, series: [{ labels: {}, points: [pointOf(result)] }], ...annotations };
    case 'vector':
    case 'matrix':
      return { resultType, series: result.map(seriesOf), ...annotations };
    default:
      throw invalidAnswer();
  }
}

/** @throws PromfedError the error in the envelope; `upstream` when the body is not an envelope with an explanation. */
export function readExplanation(body: string): ExplanationText {
  const { text, analysis } = readEnvelope(body).data;
  if (typeof text !== 'string') throw invalidAnswer();
  const error = isObject(analysis) && isObject(analysis['error']) ? analysis['error']['error'] : undefined;
  return { text, failure: typeof error === 'string' ? error : undefined };
}

function readEnvelope(body: string): { readonly envelope: JsonObject; readonly data: JsonObject } {
  const envelope = parseJson(body);
  const { status, error, data } = envelope;
  if (status === 'error' && typeof error === 'string') throw new PromfedError('execution', error);
  if (status !== 'success' || !isObject(data)) throw invalidAnswer();
  return { envelope, data };
}

function seriesOf(item: unknown): AnswerSeries {
  if (!isObject(item) || !isObject(item['metric'])) throw invalidAnswer();
  const labels: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(item['metric'])) {
    if (typeof value !== 'string') throw invalidAnswer();
    labels[name] = value;
  }
  const floats = listOf(item, 'value', 'values').map(pointOf);
  const histograms = listOf(item, 'histogram', 'histograms').map(histogramPointOf);
  const points = histograms.length === 0 ? floats : [...floats, ...histograms];
  return { labels, points: points.sort((a, b) => a.timeMs - b.timeMs) };
}

/** The item under `single`, or the list under `many`. */
function listOf(item: JsonObject, single: string, many: string): readonly unknown[] {
  if (item[single] !== undefined) return [item[single]];
  const list = item[many] ?? [];
  if (!Array.isArray(list)) throw invalidAnswer();
  return list as readonly unknown[];
}

function pointOf(pair: unknown): Point {
  const [timeMs, text] = pairOf(pair);
  if (typeof text !== 'string') throw invalidAnswer();
  return { timeMs, text, value: tryParseFloat(text) };
}

function histogramPointOf(pair: unknown): Point {
  const [timeMs, histogram] = pairOf(pair);
  if (!isObject(histogram)) throw invalidAnswer();
  return { timeMs, text: jsonHistogramText(histogram), value: undefined };
}

function pairOf(pair: unknown): readonly [timeMs: number, value: unknown] {
  if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'number') throw invalidAnswer();
  return [Math.round(pair[0] * 1000), pair[1]];
}

function parseJson(body: string): JsonObject {
  try {
    const parsed: unknown = JSON.parse(body);
    if (isObject(parsed)) return parsed;
  } catch {
    // Reported below.
  }
  throw invalidAnswer();
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((text) => typeof text === 'string') : [];
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The error for an answer of another shape. */
function invalidAnswer(): PromfedError {
  return new PromfedError('upstream', 'the answer is not one of the Prometheus HTTP API');
}
