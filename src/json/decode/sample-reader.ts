// Reads samples out of a frame's bytes: times and values as numbers, without making a string of any.

import { PromfedError } from '../../model/index.js';
import {
  BACKSLASH,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  DOT,
  holdsAt,
  isSpace,
  LOWER_E,
  MINUS,
  NINE,
  OPEN_BRACKET,
  PLUS,
  QUOTE,
  skipSpace,
  UPPER_E,
  ZERO,
} from '../byte.js';
import { areDigits, countDigits, firstDigits, fourDigits } from '../number/swar-digits.js';
import { tryFloatText } from '../number/float-text.js';
import { EXACT_POWERS, MAX_EXACT_POWER } from '../number/powers-of-ten.js';
import { scaleDecimal } from '../number/scale-decimal.js';
import { invalidAnswer } from '../read/upstream-answer-error.js';

/** Samples come in blocks of at most so many: small enough to stay in the processor's cache. */
const MAX_BLOCK = 1024;

/** As long as `[1700000000,`. */
const KNOWN_BYTES = 12;
const KNOWN_WORDS = KNOWN_BYTES / 4;

const NOTHING = new Uint8Array(0);
const NO_VIEW = new DataView(NOTHING.buffer);
const VALUES_KEY = Buffer.from('"values":[');
const NUMBER = /^-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
/** Times beyond this many seconds are no times, and their milliseconds would not be exact. */
const MAX_SECONDS = 1e12;
/** So many digits are exact as a double. */
const MAX_LOW_DIGITS = 15;
/** The largest number whose product with 10^i is exact, for each i: 5^i of it are below 2⁵³, and 2^i costs no bits. */
const MAX_HIGH = Float64Array.from({ length: MAX_LOW_DIGITS + 1 }, (_, i) => Math.floor(2 ** 53 / 5 ** i));

/**
 * Reads one frame's samples after the other's, a block at a time.
 *
 * Values are exactly rounded, as `Number()` rounds: short ones by one exact division or multiplication, longer ones as
 * the sum of two doubles, whose rounding is proven for each value or else left to `Number()`.
 */
export class SampleReader {
  /** Milliseconds since the epoch. Of the current block, as are the others. */
  readonly timestamps = new Float64Array(MAX_BLOCK);
  readonly values = new Float64Array(MAX_BLOCK);
  /** Where each sample's text is in the frame's bytes: from its opening bracket to behind its closing one. */
  readonly starts = new Int32Array(MAX_BLOCK);
  readonly ends = new Int32Array(MAX_BLOCK);

  /**
   * The times of the samples read last at each place of a block, and their texts where those have `KNOWN_BYTES`: series
   * of one answer mostly have the same times, which need not be read again.
   */
  readonly #knownTimes = new Float64Array(MAX_BLOCK);
  readonly #knownTexts = createZeroTimes();

  #bytes: Uint8Array = NOTHING;
  #view: DataView = NO_VIEW;
  #pos = 0;
  /** Whether samples are left to read. */
  #more = false;
  #isList = false;

  // What `#readSlowly` read.
  #time = 0;
  #value = 0;

  /** Whether the frame's samples are those of a matrix. */
  get isList(): boolean {
    return this.#isList;
  }

  /**
   * Begins a frame's samples.
   *
   * @throws PromfedError `unsupported` when they are native histograms, `upstream` when they are no samples.
   */
  begin(samples: Uint8Array): void {
    this.#bytes = samples;
    this.#view = new DataView(samples.buffer, samples.byteOffset, samples.byteLength);
    this.#pos = 0;
    this.#more = samples.length > 0;
    if (samples.length === 0) return;
    // The loops over digits rely on a last byte that is none.
    if (isDigit(samples[samples.length - 1]!)) throw malformed();
    if (holdsAt(samples, 0, samples.length, VALUES_KEY)) {
      this.#isList = true;
      this.#pos = VALUES_KEY.length;
    } else {
      this.#beginMember(skipSpace(samples, 0, samples.length));
    }
    if (this.#isList) this.#beginList();
  }

  /**
   * Reads the next block.
   *
   * @returns how many samples it has; 0 when all were read.
   * @throws PromfedError `unsupported` when native histograms follow, `upstream` when the bytes are no samples.
   */
  next(): number {
    const bytes = this.#bytes;
    const view = this.#view;
    const lastWord = bytes.length - 4;
    const { timestamps, values, starts, ends } = this;
    const knownTexts = this.#knownTexts;
    const knownTimes = this.#knownTimes;
    let pos = this.#pos;
    let count = 0;
    while (this.#more && count < MAX_BLOCK) {
      starts[count] = pos;
      // The common case, `[1700000000.123,"-0.5"]`, without a call, and four digits at a time.
      let byte: number;
      let word: number;
      let p = pos + KNOWN_BYTES;
      let time: number;
      let usual: boolean;
      const known = count * KNOWN_WORDS;
      if (
        p <= lastWord &&
        view.getInt32(pos, true) === knownTexts[known] &&
        view.getInt32(pos + 4, true) === knownTexts[known + 1] &&
        view.getInt32(pos + 8, true) === knownTexts[known + 2]
      ) {
        // `[1700000000,` again, as in the series before.
        time = knownTimes[count]!;
        usual = true;
        byte = COMMA - ZERO;
        p--;
      } else {
        let seconds = 0;
        p = pos + 1;
        while (p <= lastWord && areDigits((word = view.getInt32(p, true)))) {
          seconds = seconds * 10_000 + fourDigits(word);
          p += 4;
        }
        while ((byte = bytes[p]! - ZERO) >= 0 && byte <= 9) {
          seconds = seconds * 10 + byte;
          p++;
        }
        time = seconds * 1000;
        usual = bytes[pos] === OPEN_BRACKET && p > pos + 1 && p < pos + 14;
        if (byte === DOT - ZERO) {
          const fractionStart = ++p;
          let unit = 100;
          while ((byte = bytes[p]! - ZERO) >= 0 && byte <= 9) {
            time += byte * unit;
            unit /= 10;
            p++;
          }
          if (p === fractionStart || p > fractionStart + 3) usual = false;
        } else if (usual && byte === COMMA - ZERO && p + 1 === pos + KNOWN_BYTES && p < lastWord) {
          for (let i = 0; i < KNOWN_WORDS; i++) knownTexts[known + i] = view.getInt32(pos + i * 4, true);
          knownTimes[count] = time;
        }
      }
      if (usual && byte === COMMA - ZERO && bytes[p + 1] === QUOTE) {
        p += 2;
        const negative = bytes[p] === MINUS;
        if (negative) p++;
        const textStart = p;
        // The first digits, at most nine from the first that is not 0, and those behind them.
        let high = 0;
        let low = 0;
        let lowDigits = 0;
        while (p <= lastWord) {
          word = view.getInt32(p, true);
          const digits = countDigits(word);
          const part = firstDigits(word, digits);
          if (high < 1e5) {
            high = high * EXACT_POWERS[digits]! + part;
          } else {
            low = low * EXACT_POWERS[digits]! + part;
            lowDigits += digits;
          }
          p += digits;
          if (digits < 4) break;
        }
        byte = bytes[p]! - ZERO;
        // What stands so near to the end is read slowly.
        if (byte >= 0 && byte <= 9) usual = false;
        let textLength = p - textStart;
        let exponent = 0;
        if (byte === DOT - ZERO) {
          const fractionStart = ++p;
          while (p <= lastWord) {
            word = view.getInt32(p, true);
            const digits = countDigits(word);
            const part = firstDigits(word, digits);
            if (high < 1e5 && lowDigits === 0) {
              high = high * EXACT_POWERS[digits]! + part;
            } else {
              low = low * EXACT_POWERS[digits]! + part;
              lowDigits += digits;
            }
            p += digits;
            if (digits < 4) break;
          }
          byte = bytes[p]! - ZERO;
          if (byte >= 0 && byte <= 9) usual = false;
          exponent = fractionStart - p;
          textLength -= exponent;
        }
        if (textLength === 0 || lowDigits > MAX_LOW_DIGITS || high > MAX_HIGH[lowDigits]!) usual = false;
        if (byte === LOWER_E - ZERO || byte === UPPER_E - ZERO) {
          p++;
          const down = bytes[p] === MINUS;
          if (down || bytes[p] === PLUS) p++;
          const exponentStart = p;
          let written = 0;
          while ((byte = bytes[p]! - ZERO) >= 0 && byte <= 9) {
            written = written * 10 + byte;
            p++;
          }
          if (p === exponentStart || p > exponentStart + 3) usual = false;
          exponent += down ? -written : written;
        }
        if (usual && byte === QUOTE - ZERO && bytes[p + 1] === CLOSE_BRACKET) {
          let value: number;
          if (lowDigits === 0 && exponent <= 0 && exponent >= -MAX_EXACT_POWER) {
            value = high / EXACT_POWERS[-exponent]!;
          } else {
            const whole = high * EXACT_POWERS[lowDigits]!;
            const rounded = whole + low;
            const rest = low - (rounded - whole);
            value =
              rest === 0 && exponent <= 0 && exponent >= -MAX_EXACT_POWER
                ? rounded / EXACT_POWERS[-exponent]!
                : scaleDecimal(rounded, rest, exponent);
          }
          if (value === value) {
            timestamps[count] = time;
            values[count] = negative ? -value : value;
            p += 2;
            ends[count++] = p;
            if (bytes[p] === COMMA && bytes[p + 1] === OPEN_BRACKET && this.#isList) pos = p + 1;
            else pos = this.#afterSample(p);
            continue;
          }
        }
      }
      const end = this.#readSlowly(pos);
      timestamps[count] = this.#time;
      values[count] = this.#value;
      ends[count++] = end;
      pos = this.#afterSample(end);
    }
    this.#pos = pos;
    // A reader outlives its frames and must not keep their memory.
    if (!this.#more) this.#forget();
    return count;
  }

  #forget(): void {
    this.#bytes = NOTHING;
    this.#view = NO_VIEW;
  }

  /** Goes past the name of a member and what stands between it and its samples. */
  #beginMember(pos: number): void {
    const bytes = this.#bytes;
    const end = bytes.length;
    const nameEnd = bytes.indexOf(QUOTE, pos + 1);
    if (bytes[pos] !== QUOTE || nameEnd < 0) throw malformed();
    const name = latin1(bytes, pos + 1, nameEnd);
    if (name.startsWith('histogram')) {
      throw notWhole();
    }
    if (name !== 'value' && name !== 'values') throw malformed();
    this.#isList = name === 'values';
    pos = skipSpace(bytes, nameEnd + 1, end);
    if (bytes[pos] !== COLON) throw malformed();
    pos = skipSpace(bytes, pos + 1, end);
    if (bytes[pos] !== OPEN_BRACKET) throw malformed();
    this.#pos = this.#isList ? pos + 1 : pos;
  }

  /** Before the first sample of a list, or before the bracket that closes an empty one. */
  #beginList(): void {
    const bytes = this.#bytes;
    const pos = skipSpace(bytes, this.#pos, bytes.length);
    this.#pos = bytes[pos] === CLOSE_BRACKET ? this.#afterMember(pos + 1) : pos;
  }

  /** What follows a sample: the next one's index is returned, or nothing more is. */
  #afterSample(pos: number): number {
    const bytes = this.#bytes;
    if (!this.#isList) return this.#afterMember(pos);
    pos = skipSpace(bytes, pos, bytes.length);
    if (bytes[pos] === COMMA) return skipSpace(bytes, pos + 1, bytes.length);
    if (bytes[pos] !== CLOSE_BRACKET) throw malformed();
    return this.#afterMember(pos + 1);
  }

  /** What follows the list of floats: nothing, or a member that is none. */
  #afterMember(pos: number): number {
    const bytes = this.#bytes;
    pos = skipSpace(bytes, pos, bytes.length);
    this.#more = false;
    if (pos === bytes.length) return pos;
    if (bytes[pos] !== COMMA) throw malformed();
    // Floats once: whatever else may follow is refused.
    this.#beginMember(skipSpace(bytes, pos + 1, bytes.length));
    throw malformed();
  }

  /** Reads any sample that JSON allows, to `#time` and `#value`; returns the index behind it. */
  #readSlowly(start: number): number {
    const bytes = this.#bytes;
    const end = bytes.length;
    if (bytes[start] !== OPEN_BRACKET) throw malformed();
    const timeStart = skipSpace(bytes, start + 1, end);
    let pos = timeStart;
    while (pos < end && bytes[pos] !== COMMA && !isSpace(bytes[pos]!)) pos++;
    const timeText = latin1(bytes, timeStart, Math.min(pos, timeStart + 64));
    const seconds = NUMBER.test(timeText) ? Number(timeText) : NaN;
    if (!(Math.abs(seconds) <= MAX_SECONDS)) throw malformed();
    this.#time = Math.round(seconds * 1000);
    pos = skipSpace(bytes, pos, end);
    if (bytes[pos] !== COMMA) throw malformed();
    pos = skipSpace(bytes, pos + 1, end);
    if (bytes[pos] !== QUOTE) throw malformed();
    const textEnd = bytes.indexOf(QUOTE, pos + 1);
    if (textEnd < 0) throw malformed();
    this.#value = parseFloatText(bytes, pos + 1, textEnd);
    pos = skipSpace(bytes, textEnd + 1, end);
    if (bytes[pos] !== CLOSE_BRACKET) throw malformed();
    return pos + 1;
  }
}

/** Any float that the HTTP API prints, from its text. */
function parseFloatText(bytes: Uint8Array, start: number, end: number): number {
  // No double needs more digits than this to be told from its neighbours.
  if (end - start > 1100 || bytes.subarray(start, end).includes(BACKSLASH)) throw malformed();
  const text = latin1(bytes, start, end);
  const value = tryFloatText(text);
  if (value === undefined) throw malformed();
  return value;
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}

/** `[0000000000,` at each place, which is the time 0 there. */
function createZeroTimes(): Int32Array {
  const text = Buffer.from('[0000000000,');
  return Int32Array.from({ length: MAX_BLOCK * KNOWN_WORDS }, (_, i) =>
    text.readInt32LE((i % KNOWN_WORDS) * 4),
  );
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

/**
 * The API's JSON does not have native histograms whole, so nothing is made of them but bytes that pass on.
 *
 * Of the buckets it has the bounds and counts of those that count something. That leaves out the schema: (1,2] and (2,4]
 * are buckets of schema 0 and of custom bounds 1, 2, 4 alike, which do not add up with one another. Also left out are
 * the custom bounds around empty buckets, which say what a sum keeps; the width of an empty zero bucket, which takes in
 * others' buckets; and the hint, without which a counter that was reset but counts more than before goes on.
 *
 * Source: Prometheus, util/jsonutil (`MarshalHistogram`).
 */
function notWhole(): PromfedError {
  return new PromfedError(
    'unsupported',
    'native histograms in a JSON answer are not whole and cannot be computed with; they are in the raw ' +
      'samples of a server group with remote_read: true, and native_histogram: {allow_lossy: true} makes the most of ' +
      'what there is',
  );
}

function malformed(): PromfedError {
  return invalidAnswer('a series whose samples are none');
}
