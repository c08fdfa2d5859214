// Series in the notation of test files: labels, and samples as `1 2 _ stale 5+10x3`.

import { appendAll, Labels, PromfedError, tryParseFloat } from '../../model/index.js';
import { parseSelector } from '../../promql/language/index.js';
import { tryExpandHistograms, type WrittenHistogram } from './histogram-notation.js';

/** A sample as written; undefined for a missing one. */
export type WrittenSample = number | 'stale' | WrittenHistogram | undefined;

/** Maximum number of samples of one series. */
const MAX_SAMPLES = 1_000_000;

/**
 * Splits `name{l="v"} rest` or `name{l="v"}@st rest`.
 *
 * @throws PromfedError `bad_data` for invalid labels.
 */
export function splitSeries(line: string): { labels: Labels; rest: string; isStarts: boolean } {
  let quoted: string | undefined;
  let depth = 0;
  let end = 0;
  for (; end < line.length; end++) {
    const c = line[end]!;
    if (quoted !== undefined) {
      if (c === '\\' && quoted !== '`') end++;
      else if (c === quoted) quoted = undefined;
    } else if (c === '"' || c === "'" || c === '`') quoted = c;
    else if (c === '{') depth++;
    else if (c === '}') depth--;
    else if (/\s/.test(c) && depth === 0) break;
  }
  const isStarts = line.slice(0, end).endsWith('@st');
  const text = line.slice(0, isStarts ? end - 3 : end);
  const rest = line.slice(end).trim();
  if (text === '{}') return { labels: Labels.EMPTY, rest, isStarts };
  return { labels: Labels.of(parseSelector(text).map(({ name, value }) => [name, value])), rest, isStarts };
}

const ITEM =
  /^(?<value>_|stale|[+-]?(?:inf|nan|[0-9.]+(?:e[+-]?[0-9]+)?))(?<delta>[+-][0-9.]+(?:e[+-]?[0-9]+)?)?(?:x(?<times>[0-9]+))?$/i;

const ITEMS = /\{\{.*?\}\}(?:[+-]\{\{.*?\}\})?(?:x[0-9]+)?|\S+/g;

/** Expands a sequence of samples. @throws PromfedError `bad_data` */
export function expandSamples(text: string): WrittenSample[] {
  const values: WrittenSample[] = [];
  for (const [item] of text.matchAll(ITEMS)) {
    const histograms = tryExpandHistograms(item);
    if (histograms !== undefined) {
      appendAll(values, histograms);
      continue;
    }
    const { value, delta, times } = ITEM.exec(item)?.groups ?? {};
    if (value === undefined) throw new PromfedError('bad_data', `invalid sample: ${item}`);
    const count = times === undefined ? 1 : value === '_' ? Number(times) : Number(times) + 1;
    if (values.length + count > MAX_SAMPLES) {
      throw new PromfedError('bad_data', `too many samples: at most ${MAX_SAMPLES} are allowed`);
    }
    for (let i = 0; i < count; i++) {
      if (value === '_') values.push(undefined);
      else if (value === 'stale') values.push('stale');
      else values.push(parseValue(value) + i * Number(delta ?? 0));
    }
  }
  return values;
}

/** Parses a number. `inf` and `nan` may have any letter case. */
export function parseValue(text: string): number {
  const lower = text.toLowerCase();
  if (lower === 'nan') return NaN;
  if (/^[+-]?inf$/.test(lower)) return lower.startsWith('-') ? -Infinity : Infinity;
  const value = tryParseFloat(text);
  if (value === undefined) throw new PromfedError('bad_data', `not a number: ${text}`);
  return value;
}
