// Parses one series object of a `result` into labels and the bytes of its samples.

import { Labels, PromfedError } from '../../model/index.js';
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  holdsAt,
  LOWER_F,
  NINE,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  skipSpace,
  UPPER_N,
  ZERO,
} from '../byte.js';
import { LabelsParser, unescape } from './labels-parser.js';
import { invalidAnswer, printByte } from './upstream-answer-error.js';
import { ValueScanner } from './value-scanner.js';

/** The members that hold samples, as bits of `members`. */
export const VALUE = 1;
export const VALUES = 2;
export const HISTOGRAM = 4;
export const HISTOGRAMS = 8;

const MEMBERS: ReadonlyMap<string, number> = new Map([
  ['value', VALUE],
  ['values', VALUES],
  ['histogram', HISTOGRAM],
  ['histograms', HISTOGRAMS],
]);

/** What `tryParse` answers when it did not reach the series' end. */
const UNUSUAL = -1;
export const SAMPLES_GO_ON = -2;

const METRIC = Buffer.from('{"metric":{');
const VALUES_KEY = Buffer.from(',"values":[');
const VALUE_KEY = Buffer.from(',"value":[');
const NO_SAMPLES = Buffer.alloc(0);

/**
 * Parses one series after the other; what was parsed last is in the fields.
 *
 * There are two ways. The quick one reads what nearly every server sends: `{"metric":{…},"values":[[…]]}` or
 * `{"metric":{…},"value":[…]}`, without white space. It does not walk through the samples but looks for the brace
 * that ends the series and proves from its surroundings that it does. The whole one reads everything else.
 */
export class SeriesParser {
  labels: Labels = Labels.EMPTY;
  samples: Buffer = NO_SAMPLES;
  /** Which members hold samples. */
  members = 0;
  /** After `SAMPLES_GO_ON`: where the samples begin. */
  samplesStart = 0;

  readonly #labelsParser = new LabelsParser();
  readonly #scanner = new ValueScanner();
  readonly #maxLabelsBytes: number;

  /** @param maxLabelsBytes the largest `metric` object that is taken, as the upstream writes it. */
  constructor(maxLabelsBytes: number) {
    this.#maxLabelsBytes = maxLabelsBytes;
  }

  /**
   * The quick way.
   *
   * @returns the index after the series; `SAMPLES_GO_ON` when everything is as usual until the bytes end within
   *   the samples of a `values` member: `labels` and `samplesStart` are then set; else `UNUSUAL`.
   * @throws PromfedError `upstream` when the labels are no object of strings.
   */
  tryParse(bytes: Buffer, start: number, end: number): number {
    if (!holdsAt(bytes, start, end, METRIC)) return UNUSUAL;
    let pos = this.#labelsParser.parse(bytes, start + METRIC.length, end);
    if (pos < 0) return UNUSUAL;
    this.#checkLabelsSize(pos - start);
    this.labels = this.#labelsParser.labels;
    if (holdsAt(bytes, pos, end, VALUES_KEY)) {
      this.members = VALUES;
      const brace = bytes.indexOf(CLOSE_BRACE, pos + VALUES_KEY.length);
      if (brace < 0 || brace >= end) {
        this.samplesStart = pos + 1;
        return SAMPLES_GO_ON;
      }
      const samples = bytes.subarray(pos + 1, brace);
      if (!endsSeries(samples)) return UNUSUAL;
      this.samples = samples;
      return brace + 1;
    }
    if (!holdsAt(bytes, pos, end, VALUE_KEY)) return UNUSUAL;
    const samplesStart = pos + 1;
    pos += VALUE_KEY.length;
    while (pos < end && bytes[pos] !== CLOSE_BRACKET) {
      const byte = bytes[pos++]!;
      if (byte === OPEN_BRACKET || byte === OPEN_BRACE || byte === BACKSLASH) return UNUSUAL;
    }
    if (pos + 1 >= end || bytes[pos + 1] !== CLOSE_BRACE || !closesValue(bytes, pos - 1)) return UNUSUAL;
    this.members = VALUE;
    this.samples = bytes.subarray(samplesStart, pos + 1);
    return pos + 2;
  }

  /**
   * The whole way.
   *
   * @param start the index after the object's opening brace, or after the comma behind a member that was read.
   * @param end the index of its closing brace; all between the braces was found to be balanced.
   * @param labels what the `metric` member held, when it was read already.
   * @throws PromfedError `upstream` when the object is no series.
   */
  parseWhole(bytes: Buffer, start: number, end: number, labels?: Labels): void {
    const kept: Buffer[] = [];
    let found = labels;
    this.members = 0;
    let runStart = -1;
    let runEnd = -1;
    let pos = skipSpace(bytes, start, end);
    while (pos < end) {
      const keyStart = pos;
      const keyEnd = this.#end(bytes, keyStart, end);
      if (bytes[keyStart] !== QUOTE) throw invalidAnswer('a series with a member that has no name');
      const key = unescape(bytes, keyStart, keyEnd);
      pos = skipSpace(bytes, keyEnd, end);
      if (bytes[pos] !== COLON || pos >= end) throw invalidAnswer('a series with a member that has no value');
      const valueStart = skipSpace(bytes, pos + 1, end);
      const valueEnd = this.#end(bytes, valueStart, end);
      const member = MEMBERS.get(key);
      if (key === 'metric') {
        if (found !== undefined) throw invalidAnswer('a series with two metrics');
        found = this.#parseMetric(bytes, valueStart, valueEnd);
      } else if (member !== undefined) {
        if ((this.members & member) !== 0) throw invalidAnswer(`a series with two members "${key}"`);
        if (bytes[valueStart] !== OPEN_BRACKET) throw invalidAnswer(`a series whose "${key}" is no list`);
        this.members |= member;
        if (keyEnd - keyStart !== key.length + 2) {
          // The name was written with escapes, which nobody downstream should have to see through.
          kept.push(Buffer.from(`"${key}":`), bytes.subarray(valueStart, valueEnd));
        } else if (runEnd >= 0) {
          runEnd = valueEnd;
        } else {
          runStart = keyStart;
          runEnd = valueEnd;
        }
      }
      if (runEnd >= 0 && runEnd !== valueEnd) {
        kept.push(bytes.subarray(runStart, runEnd));
        runEnd = -1;
      }
      pos = skipSpace(bytes, valueEnd, end);
      if (pos < end) {
        if (bytes[pos] !== COMMA) throw invalidAnswer(`unexpected ${printByte(bytes[pos]!)} inside a series`);
        pos = skipSpace(bytes, pos + 1, end);
        if (pos >= end) throw invalidAnswer('a series that ends in a comma');
      }
    }
    if (runEnd >= 0) kept.push(bytes.subarray(runStart, runEnd));
    this.labels = found ?? Labels.EMPTY;
    this.samples = joinMembers(kept);
  }

  #parseMetric(bytes: Buffer, start: number, end: number): Labels {
    if (bytes[start] === OPEN_BRACE) {
      this.#checkLabelsSize(end - start);
      if (this.#labelsParser.parse(bytes, start + 1, end) !== end)
        throw invalidAnswer('a metric that is cut');
      return this.#labelsParser.labels;
    }
    if (bytes.toString('latin1', start, end) === 'null') return Labels.EMPTY;
    throw invalidAnswer('a series whose metric is no object');
  }

  #checkLabelsSize(bytes: number): void {
    if (bytes > this.#maxLabelsBytes) {
      throw new PromfedError('limit', `the labels of a series are larger than ${this.#maxLabelsBytes} bytes`);
    }
  }

  /** The end of a value that must end before `end`. */
  #end(bytes: Buffer, start: number, end: number): number {
    this.#scanner.begin();
    const valueEnd = this.#scanner.feed(bytes, start, end);
    if (valueEnd >= 0) return valueEnd;
    // A number may be the last thing before the brace; what no server sends as a member of a series is harmless.
    if (start < end && bytes[start] !== QUOTE) return end;
    throw invalidAnswer('a series with a member that has no value');
  }
}

/**
 * Whether the bytes `"values":[…` up to a closing brace are one whole member, so that the brace ends the series.
 *
 * In valid JSON, a quote behind a digit or behind the letter that ends NaN or Inf closes a string: inside a string
 * it would be escaped, and an opening quote stands behind a separator. So the brackets behind that quote are no
 * text, and the brace is none either. It closes the series, and no object that was opened on the way, when there
 * is no colon after the one behind the member's name: an object with members has one, and one without members ends
 * in two braces. Strings with a colon in them are no numbers; such a series goes the whole way.
 */
export function endsSeries(samples: Buffer): boolean {
  const length = samples.length;
  if (samples[length - 1] !== CLOSE_BRACKET) return false;
  if (length === VALUES_KEY.length) return true;
  if (samples[length - 2] !== CLOSE_BRACKET || !closesValue(samples, length - 3)) return false;
  return samples.indexOf(COLON, VALUES_KEY.length - 1) < 0;
}

/** Whether the byte at `pos` is the quote that closes the text of a float. */
function closesValue(bytes: Buffer, pos: number): boolean {
  if (bytes[pos] !== QUOTE) return false;
  const last = bytes[pos - 1]!;
  return (last >= ZERO && last <= NINE) || last === UPPER_N || last === LOWER_F;
}

function joinMembers(kept: readonly Buffer[]): Buffer {
  if (kept.length === 0) return NO_SAMPLES;
  if (kept.length === 1) return kept[0]!;
  const parts: Buffer[] = [];
  const comma = Buffer.from(',');
  kept.forEach((part, i) => {
    // A part that ends in a colon is the name of the next one.
    if (i > 0 && kept[i - 1]!.at(-1) !== COLON) parts.push(comma);
    parts.push(part);
  });
  return Buffer.concat(parts);
}
