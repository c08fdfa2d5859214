// Parses a series object of a `result` into labels and the bytes of its samples.

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
import { invalidAnswer, unexpectedByte } from './upstream-answer-error.js';
import { ValueScanner } from './value-scanner.js';

/** Bits of `members`, one for each member that holds samples. */
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

/** Results of `tryParse`: the series has another form than the fast path reads. */
const OTHER_FORM = -1;
/** The samples continue after the end of the bytes. */
export const SAMPLES_CONTINUE = -2;

const METRIC = Buffer.from('{"metric":{');
const VALUES_KEY = Buffer.from(',"values":[');
const VALUE_KEY = Buffer.from(',"value":[');
const NO_SAMPLES = Buffer.alloc(0);

/**
 * Parses one series after the other. The fields hold the latest.
 *
 * The fast path (`tryParse`) reads the form that almost all servers send: `{"metric":{…},"values":[[…]]}` or
 * `{"metric":{…},"value":[…]}`, without white space. It does not scan the samples: it searches for the next closing brace
 * and proves from the bytes around it that it ends the series. `parse` reads every other form.
 */
export class SeriesParser {
  labels: Labels = Labels.EMPTY;
  samples: Buffer = NO_SAMPLES;
  /** The members that hold samples, as bits. */
  members = 0;
  /** Index of the samples, after `SAMPLES_CONTINUE`. */
  samplesStart = 0;

  readonly #labelsParser = new LabelsParser();
  readonly #scanner = new ValueScanner();
  readonly #maxLabelsBytes: number;

  /** @param maxLabelsBytes maximum size of a `metric` object, as the upstream sends it. */
  constructor(maxLabelsBytes: number) {
    this.#maxLabelsBytes = maxLabelsBytes;
  }

  /**
   * Parses a series on the fast path.
   *
   * @returns the index after the series; `SAMPLES_CONTINUE` when the bytes end within a `values` member, after which
   *   `labels` and `samplesStart` are set; otherwise `OTHER_FORM`.
   * @throws PromfedError `upstream` when the labels are not an object of strings.
   */
  tryParse(bytes: Buffer, start: number, end: number): number {
    if (!holdsAt(bytes, start, end, METRIC)) return OTHER_FORM;
    let pos = this.#labelsParser.parse(bytes, start + METRIC.length, end);
    if (pos < 0) return OTHER_FORM;
    this.#checkLabelsSize(pos - start);
    this.labels = this.#labelsParser.labels;
    if (holdsAt(bytes, pos, end, VALUES_KEY)) {
      this.members = VALUES;
      const brace = bytes.indexOf(CLOSE_BRACE, pos + VALUES_KEY.length);
      if (brace < 0 || brace >= end) {
        this.samplesStart = pos + 1;
        return SAMPLES_CONTINUE;
      }
      const samples = bytes.subarray(pos + 1, brace);
      if (!endsSeries(samples)) return OTHER_FORM;
      this.samples = samples;
      return brace + 1;
    }
    if (!holdsAt(bytes, pos, end, VALUE_KEY)) return OTHER_FORM;
    const samplesStart = pos + 1;
    pos += VALUE_KEY.length;
    while (pos < end && bytes[pos] !== CLOSE_BRACKET) {
      const byte = bytes[pos++]!;
      if (byte === OPEN_BRACKET || byte === OPEN_BRACE || byte === BACKSLASH) return OTHER_FORM;
    }
    if (pos + 1 >= end || bytes[pos + 1] !== CLOSE_BRACE || !closesValue(bytes, pos - 1)) return OTHER_FORM;
    this.members = VALUE;
    this.samples = bytes.subarray(samplesStart, pos + 1);
    return pos + 2;
  }

  /**
   * Parses a series of any form.
   *
   * @param start the index after the object's opening brace, or after the comma that follows the `metric` member.
   * @param end the index of its closing brace. Brackets between the braces are known to match.
   * @param labels the labels, when the `metric` member was parsed before.
   * @throws PromfedError `upstream` when the object is not a series.
   */
  parse(bytes: Buffer, start: number, end: number, labels?: Labels): void {
    const kept: Buffer[] = [];
    let found = labels;
    this.members = 0;
    let runStart = -1;
    let runEnd = -1;
    let pos = skipSpace(bytes, start, end);
    while (pos < end) {
      const keyStart = pos;
      const keyEnd = this.#endOfValue(bytes, keyStart, end);
      if (bytes[keyStart] !== QUOTE) throw invalidAnswer('a member of a series has no name');
      const key = unescape(bytes, keyStart, keyEnd);
      pos = skipSpace(bytes, keyEnd, end);
      if (bytes[pos] !== COLON || pos >= end) throw missingValue();
      const valueStart = skipSpace(bytes, pos + 1, end);
      const valueEnd = this.#endOfValue(bytes, valueStart, end);
      const member = MEMBERS.get(key);
      if (key === 'metric') {
        if (found !== undefined) throw invalidAnswer('a series has two members "metric"');
        found = this.#parseMetric(bytes, valueStart, valueEnd);
      } else if (member !== undefined) {
        if ((this.members & member) !== 0) throw invalidAnswer(`a series has two members "${key}"`);
        if (bytes[valueStart] !== OPEN_BRACKET) throw invalidAnswer(`"${key}" of a series is not an array`);
        this.members |= member;
        if (keyEnd - keyStart !== key.length + 2) {
          // The name contains escapes, which later stages do not decode.
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
        if (bytes[pos] !== COMMA) throw unexpectedByte(bytes[pos]!, 'inside a series');
        pos = skipSpace(bytes, pos + 1, end);
        if (pos >= end) throw invalidAnswer('a series ends with a comma');
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
        throw invalidAnswer('"metric" of a series is truncated');
      return this.#labelsParser.labels;
    }
    if (bytes.toString('latin1', start, end) === 'null') return Labels.EMPTY;
    throw invalidAnswer('"metric" of a series is not an object');
  }

  #checkLabelsSize(bytes: number): void {
    if (bytes > this.#maxLabelsBytes) {
      throw new PromfedError('limit', `the labels of a series exceed ${this.#maxLabelsBytes} bytes`);
    }
  }

  /** Returns the index after the value that starts at `start` and must end before `end`. */
  #endOfValue(bytes: Buffer, start: number, end: number): number {
    this.#scanner.begin();
    const valueEnd = this.#scanner.feed(bytes, start, end);
    if (valueEnd >= 0) return valueEnd;
    // A number may extend to the brace. No server sends one as a member of a series.
    if (start < end && bytes[start] !== QUOTE) return end;
    throw missingValue();
  }
}

function missingValue(): PromfedError {
  return invalidAnswer('a member of a series has no value');
}

/**
 * Reports whether `samples`, the bytes `"values":[…` before a closing brace, are one complete member, so that the brace
 * ends the series. False negatives are possible, for strings with a colon.
 *
 * In valid JSON, a quote after a digit, or after the last letter of NaN or Inf, closes a string: within a string it would
 * be escaped, and an opening quote follows a separator. So the brackets after that quote and the brace are not text. The
 * brace does not close an inner object either, because there is no colon after the one of the member's name: an object
 * with members contains a colon, and one without members ends in two braces.
 */
export function endsSeries(samples: Buffer): boolean {
  const length = samples.length;
  if (samples[length - 1] !== CLOSE_BRACKET) return false;
  if (length === VALUES_KEY.length) return true;
  if (samples[length - 2] !== CLOSE_BRACKET || !closesValue(samples, length - 3)) return false;
  return samples.indexOf(COLON, VALUES_KEY.length - 1) < 0;
}

/** Reports whether the byte at `pos` is the quote that closes a float. */
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
    // A part that ends with a colon is the name of the next part.
    if (i > 0 && kept[i - 1]!.at(-1) !== COLON) parts.push(comma);
    parts.push(part);
  });
  return Buffer.concat(parts);
}
