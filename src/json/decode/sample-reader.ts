// Reads samples from a frame's bytes as numbers, without creating strings.

import { PromfedError } from '../../model/index.js';
import {
  CLOSE_BRACKET,
  COLON,
  COMMA,
  DOT,
  holdsAt,
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
import { EXACT_POWERS, MAX_EXACT_POWER } from '../number/powers-of-ten.js';
import { scaleDecimal } from '../number/scale-decimal.js';
import { areDigits, countDigits, parseDigits, parseFourDigits } from '../number/swar-digits.js';
import { GeneralSample, malformedSamples } from './general-sample.js';

/** Number of samples in a block. Its arrays stay in the processor's cache. */
const MAX_BLOCK = 1024;

/** Bytes of a timestamp without decimals, with its bracket and comma: `[1700000000,`. */
const KNOWN_BYTES = 12;
const KNOWN_WORDS = KNOWN_BYTES / 4;

const NOTHING = new Uint8Array(0);
const NO_VIEW = new DataView(NOTHING.buffer);
const VALUES_KEY = Buffer.from('"values":[');
/** Largest number of digits that a double represents exactly, whatever they are. */
const MAX_LOW_DIGITS = 15;
/** The largest number whose product with 10^i is exact, for each i: its product with 5^i is below 2⁵³. */
const MAX_HIGH = Float64Array.from({ length: MAX_LOW_DIGITS + 1 }, (_, i) => Math.floor(2 ** 53 / 5 ** i));

/**
 * Reads the samples of frames, one frame after the other, in blocks.
 *
 * Values are correctly rounded, as `Number()` rounds. Short ones take one exact division or multiplication. Longer ones
 * are sums of two doubles; where the rounding of a sum cannot be proven, `Number()` reads the value again.
 */
export class SampleReader {
  /** Milliseconds since the epoch. This and the other arrays hold the current block. */
  readonly timestamps = new Float64Array(MAX_BLOCK);
  readonly values = new Float64Array(MAX_BLOCK);
  /** Indices of each sample's text in the frame's bytes: its opening bracket, and the byte after its closing one. */
  readonly starts = new Int32Array(MAX_BLOCK);
  readonly ends = new Int32Array(MAX_BLOCK);

  /**
   * The latest timestamp of `KNOWN_BYTES` at each index of a block, with its text. Series of one answer usually have the
   * same timestamps, which are then compared instead of parsed.
   */
  readonly #knownTimes = new Float64Array(MAX_BLOCK);
  readonly #knownTexts = createZeroTimes();

  readonly #general = new GeneralSample();
  #exponent = 0;
  #bytes: Uint8Array = NOTHING;
  #view: DataView = NO_VIEW;
  #pos = 0;
  /** True when samples are left to read. */
  #hasMore = false;
  #isList = false;

  /** True when the frame's samples are a list, as in a matrix. */
  get isList(): boolean {
    return this.#isList;
  }

  /**
   * Starts reading a frame's samples.
   *
   * @throws PromfedError `unsupported` when they are native histograms, `upstream` when they are malformed.
   */
  begin(samples: Uint8Array): void {
    this.#bytes = samples;
    this.#view = new DataView(samples.buffer, samples.byteOffset, samples.byteLength);
    this.#pos = 0;
    this.#hasMore = samples.length > 0;
    if (samples.length === 0) return;
    // The loops over digits rely on a byte after them that is not a digit.
    if (isDigit(samples[samples.length - 1]!)) throw malformedSamples();
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
   * @returns the number of its samples; 0 when all have been read.
   * @throws PromfedError `unsupported` when native histograms follow, `upstream` when a sample is malformed.
   */
  next(): number {
    const { timestamps, values, starts, ends } = this;
    const bytes = this.#bytes;
    const view = this.#view;
    const knownTexts = this.#knownTexts;
    const lastWord = bytes.length - 4;
    let pos = this.#pos;
    let count = 0;
    while (this.#hasMore && count < MAX_BLOCK) {
      starts[count] = pos;
      const known = count * KNOWN_WORDS;
      // Index in the text; −1 when the sample has another form than `[1700000000.123,"-0.5"]`.
      let p = pos + KNOWN_BYTES;
      if (
        p <= lastWord &&
        view.getInt32(pos, true) === knownTexts[known] &&
        view.getInt32(pos + 4, true) === knownTexts[known + 1] &&
        view.getInt32(pos + 8, true) === knownTexts[known + 2]
      ) {
        timestamps[count] = this.#knownTimes[count]!;
      } else {
        p = this.#tryTime(pos, count);
      }
      if (p >= 0 && bytes[p] === QUOTE) {
        const isNegative = bytes[++p] === MINUS;
        if (isNegative) p++;
        // The digits up to the ninth from the first that is not 0, and the digits after them.
        let high = 0;
        let low = 0;
        let lowDigits = 0;
        const textStart = p;
        while (p <= lastWord) {
          const word = view.getInt32(p, true);
          const digits = countDigits(word);
          const part = parseDigits(word, digits);
          if (high < 1e5) {
            high = high * EXACT_POWERS[digits]! + part;
          } else {
            low = low * EXACT_POWERS[digits]! + part;
            lowDigits += digits;
          }
          p += digits;
          if (digits < 4) break;
        }
        let textLength = p - textStart;
        let exponent = 0;
        if (bytes[p] === DOT) {
          const fractionStart = ++p;
          while (p <= lastWord) {
            const word = view.getInt32(p, true);
            const digits = countDigits(word);
            const part = parseDigits(word, digits);
            if (high < 1e5 && lowDigits === 0) {
              high = high * EXACT_POWERS[digits]! + part;
            } else {
              low = low * EXACT_POWERS[digits]! + part;
              lowDigits += digits;
            }
            p += digits;
            if (digits < 4) break;
          }
          exponent = fractionStart - p;
          textLength -= exponent;
        }
        let value = NaN;
        if (textLength > 0 && lowDigits <= MAX_LOW_DIGITS && high <= MAX_HIGH[lowDigits]!) {
          if (bytes[p] === LOWER_E || bytes[p] === UPPER_E) {
            p = this.#tryExponent(p + 1);
            exponent += this.#exponent;
          }
          // A digit at this position is too close to the end to be read in a word.
          if (bytes[p] === QUOTE && bytes[p + 1] === CLOSE_BRACKET) {
            value =
              lowDigits === 0 && exponent <= 0 && exponent >= -MAX_EXACT_POWER
                ? high / EXACT_POWERS[-exponent]!
                : decimalOf(high, low, lowDigits, exponent);
          }
        }
        if (value === value) {
          values[count] = isNegative ? -value : value;
          p += 2;
          ends[count++] = p;
          if (bytes[p] === COMMA && bytes[p + 1] === OPEN_BRACKET && this.#isList) pos = p + 1;
          else pos = this.#afterSample(p);
          continue;
        }
      }
      const end = this.#general.read(bytes, pos);
      timestamps[count] = this.#general.timeMs;
      values[count] = this.#general.value;
      ends[count++] = end;
      pos = this.#afterSample(end);
    }
    this.#pos = pos;
    // The reader outlives its frames and must not keep their memory.
    if (!this.#hasMore) this.#forget();
    return count;
  }

  /**
   * Reads a timestamp such as `[1700000000.123,` to `timestamps[index]`, four digits at a time.
   *
   * @returns the index after the comma; −1 when the text has another form.
   */
  #tryTime(pos: number, index: number): number {
    const bytes = this.#bytes;
    const view = this.#view;
    const lastWord = bytes.length - 4;
    let seconds = 0;
    let p = pos + 1;
    for (let word: number; p <= lastWord && areDigits((word = view.getInt32(p, true))); p += 4) {
      seconds = seconds * 10_000 + parseFourDigits(word);
    }
    let digit: number;
    for (; (digit = bytes[p]! - ZERO) >= 0 && digit <= 9; p++) seconds = seconds * 10 + digit;
    if (bytes[pos] !== OPEN_BRACKET || p === pos + 1 || p >= pos + 14) return -1;
    let time = seconds * 1000;
    if (bytes[p] === DOT) {
      const fractionStart = ++p;
      for (let unit = 100; (digit = bytes[p]! - ZERO) >= 0 && digit <= 9; p++) {
        time += digit * unit;
        unit /= 10;
      }
      if (p === fractionStart || p > fractionStart + 3) return -1;
    } else if (bytes[p] === COMMA && p + 1 === pos + KNOWN_BYTES && p < lastWord) {
      const known = index * KNOWN_WORDS;
      for (let i = 0; i < KNOWN_WORDS; i++) this.#knownTexts[known + i] = view.getInt32(pos + i * 4, true);
      this.#knownTimes[index] = time;
    }
    this.timestamps[index] = time;
    return bytes[p] === COMMA ? p + 1 : -1;
  }

  /** Reads an exponent such as `-05` to `#exponent`. Returns the index after it, or before it when it is malformed. */
  #tryExponent(pos: number): number {
    const bytes = this.#bytes;
    const isDown = bytes[pos] === MINUS;
    const start = isDown || bytes[pos] === PLUS ? pos + 1 : pos;
    let exponent = 0;
    let p = start;
    for (let digit: number; (digit = bytes[p]! - ZERO) >= 0 && digit <= 9; p++) {
      exponent = exponent * 10 + digit;
    }
    this.#exponent = isDown ? -exponent : exponent;
    return p === start || p > start + 3 ? pos - 1 : p;
  }

  #forget(): void {
    this.#bytes = NOTHING;
    this.#view = NO_VIEW;
  }

  /** Moves past the name of a member to its samples. */
  #beginMember(pos: number): void {
    const bytes = this.#bytes;
    const end = bytes.length;
    const nameEnd = bytes.indexOf(QUOTE, pos + 1);
    if (bytes[pos] !== QUOTE || nameEnd < 0) throw malformedSamples();
    const name = Buffer.from(bytes.buffer, bytes.byteOffset + pos + 1, nameEnd - pos - 1).toString('latin1');
    if (name.startsWith('histogram')) throw incompleteHistograms();
    if (name !== 'value' && name !== 'values') throw malformedSamples();
    this.#isList = name === 'values';
    pos = skipSpace(bytes, nameEnd + 1, end);
    if (bytes[pos] !== COLON) throw malformedSamples();
    pos = skipSpace(bytes, pos + 1, end);
    if (bytes[pos] !== OPEN_BRACKET) throw malformedSamples();
    this.#pos = this.#isList ? pos + 1 : pos;
  }

  /** Moves to the first sample of a list, or past the bracket that closes an empty one. */
  #beginList(): void {
    const bytes = this.#bytes;
    const pos = skipSpace(bytes, this.#pos, bytes.length);
    this.#pos = bytes[pos] === CLOSE_BRACKET ? this.#afterMember(pos + 1) : pos;
  }

  /** Returns the index of the next sample, or ends the samples. */
  #afterSample(pos: number): number {
    const bytes = this.#bytes;
    if (!this.#isList) return this.#afterMember(pos);
    pos = skipSpace(bytes, pos, bytes.length);
    if (bytes[pos] === COMMA) return skipSpace(bytes, pos + 1, bytes.length);
    if (bytes[pos] !== CLOSE_BRACKET) throw malformedSamples();
    return this.#afterMember(pos + 1);
  }

  /** Ends the samples. Another member after them is an error. */
  #afterMember(pos: number): number {
    const bytes = this.#bytes;
    pos = skipSpace(bytes, pos, bytes.length);
    this.#hasMore = false;
    if (pos === bytes.length) return pos;
    if (bytes[pos] !== COMMA) throw malformedSamples();
    // Throws the error of histograms if they follow.
    this.#beginMember(skipSpace(bytes, pos + 1, bytes.length));
    throw malformedSamples();
  }
}

/** Returns (high · 10^lowDigits + low) · 10^exponent, correctly rounded; NaN when that cannot be proven. */
function decimalOf(high: number, low: number, lowDigits: number, exponent: number): number {
  const scaled = high * EXACT_POWERS[lowDigits]!;
  const sum = scaled + low;
  const rest = low - (sum - scaled);
  return rest === 0 && exponent <= 0 && exponent >= -MAX_EXACT_POWER
    ? sum / EXACT_POWERS[-exponent]!
    : scaleDecimal(sum, rest, exponent);
}

/** `[0000000000,` at each index of a block, which is the timestamp 0. */
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
 * The API's JSON has the bounds and counts of populated buckets only. It omits the schema ((1,2] and (2,4] are buckets
 * of schema 0 and of the custom bounds 1, 2, 4, which cannot be added), custom bounds around empty buckets, the width of
 * an empty zero bucket, and the counter reset hint. Histograms therefore pass through but are not computed with.
 *
 * Source: Prometheus, util/jsonutil (`MarshalHistogram`).
 */
function incompleteHistograms(): PromfedError {
  return new PromfedError(
    'unsupported',
    'native histograms in JSON are incomplete and cannot be computed with: set remote_read: true for the server ' +
      'group, or accept approximations with native_histogram: {allow_lossy: true}',
  );
}
