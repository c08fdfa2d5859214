// Reads samples out of a frame's bytes: times and values as numbers, without making a string of any.

import { PromfedError } from '../model/index.js';
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
} from './byte.js';
import { tryFloatText } from './float-text.js';
import { EXACT_POWERS, MAX_EXACT_POWER, MAX_POWER, POWER_STRIDE, POWERS, SPLITTER } from './powers-of-ten.js';
import { invalidAnswer } from './upstream-answer-error.js';

/** Samples come in blocks of at most so many: small enough to stay in the processor's cache. */
const MAX_BLOCK = 1024;

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
/** Two roundings that enclose the true value agree; their distance from the computed one, as a part of it. */
const DOUBT = 2 ** -100;

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
   * @throws PromfedError `not_built` when they are native histograms, `upstream` when they are no samples.
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
   * @throws PromfedError `not_built` when native histograms follow, `upstream` when the bytes are no samples.
   */
  next(): number {
    const bytes = this.#bytes;
    const view = this.#view;
    const lastWord = bytes.length - 4;
    const { timestamps, values, starts, ends } = this;
    let pos = this.#pos;
    let count = 0;
    while (this.#more && count < MAX_BLOCK) {
      starts[count] = pos;
      // The common case, `[1700000000.123,"-0.5"]`, without a call, and four digits at a time.
      let byte: number;
      let word: number;
      let p = pos + 1;
      let seconds = 0;
      while (p <= lastWord && areDigits((word = view.getInt32(p, true)))) {
        seconds = seconds * 10_000 + fourDigits(word);
        p += 4;
      }
      while ((byte = bytes[p]! - ZERO) >= 0 && byte <= 9) {
        seconds = seconds * 10 + byte;
        p++;
      }
      let time = seconds * 1000;
      let usual = bytes[pos] === OPEN_BRACKET && p > pos + 1 && p < pos + 14;
      if (byte === DOT - ZERO) {
        const fractionStart = ++p;
        let unit = 100;
        while ((byte = bytes[p]! - ZERO) >= 0 && byte <= 9) {
          time += byte * unit;
          unit /= 10;
          p++;
        }
        if (p === fractionStart || p > fractionStart + 3) usual = false;
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
        while ((byte = bytes[p]! - ZERO) >= 0 && byte <= 9) {
          if (high < 1e8) {
            high = high * 10 + byte;
          } else {
            low = low * 10 + byte;
            lowDigits++;
          }
          p++;
        }
        let textLength = p - textStart;
        let exponent = 0;
        if (byte === DOT - ZERO) {
          const fractionStart = ++p;
          while (p <= lastWord && areDigits((word = view.getInt32(p, true)))) {
            if (high < 1e5 && lowDigits === 0) {
              high = high * 10_000 + fourDigits(word);
            } else {
              low = low * 10_000 + fourDigits(word);
              lowDigits += 4;
            }
            p += 4;
          }
          while ((byte = bytes[p]! - ZERO) >= 0 && byte <= 9) {
            if (high < 1e8 && lowDigits === 0) {
              high = high * 10 + byte;
            } else {
              low = low * 10 + byte;
              lowDigits++;
            }
            p++;
          }
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
                : scale(rounded, rest, exponent);
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

/**
 * (high + low) · 10^exponent, exactly rounded; NaN when this way cannot prove it.
 *
 * `low` is at most half a unit in the last place of `high`. The product is taken as a sum of two doubles, product and
 * rest, that is off by less than 2⁻¹⁰² of it. So the true value lies between the rest made smaller and larger by
 * 2⁻¹⁰⁰; when both round to the same double, so does the true value.
 */
function scale(high: number, low: number, exponent: number): number {
  if (exponent < -MAX_POWER || exponent > MAX_POWER) return NaN;
  const i = (exponent + MAX_POWER) * POWER_STRIDE;
  const power = POWERS[i]!;
  const product = high * power;
  const spread = SPLITTER * high;
  const top = spread - (spread - high);
  const bottom = high - top;
  const powerTop = POWERS[i + 2]!;
  const powerBottom = POWERS[i + 3]!;
  // What rounding took from the product, exactly (Dekker).
  const lost = top * powerTop - product + top * powerBottom + bottom * powerTop + bottom * powerBottom;
  const rest = lost + (high * POWERS[i + 1]! + low * power);
  const doubt = product * DOUBT;
  const least = product + (rest - doubt);
  return least === product + (rest + doubt) ? least : NaN;
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

/** Whether four bytes, the first one lowest, are digits: their high halves are 3, and stay so when 6 is added. */
function areDigits(word: number): boolean {
  return ((word & 0xf0f0f0f0) | (((word + 0x06060606) & 0xf0f0f0f0) >>> 4)) === 0x33333333;
}

/** What four digits read as: neighbours are joined to two numbers below 100, and those to one. */
function fourDigits(word: number): number {
  const digits = word - 0x30303030;
  const pairs = Math.imul(digits, 10) + (digits >>> 8);
  return (pairs & 0xff) * 100 + ((pairs >>> 16) & 0xff);
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
    'not_built',
    'native histograms in a JSON answer are not whole and cannot be computed with; they are in the raw ' +
      'samples of a server group with remote_read: true, and native_histogram: {allow_lossy: true} makes the most of ' +
      'what there is',
  );
}

function malformed(): PromfedError {
  return invalidAnswer('a series whose samples are none');
}
