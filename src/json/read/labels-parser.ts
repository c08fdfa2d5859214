// Parses the `metric` object of a series into Labels.

import { compareStrings, Labels, MAX_LABELS, PromfedError } from '../../model/index.js';
import { BACKSLASH, CLOSE_BRACE, COLON, COMMA, QUOTE, skipSpace } from '../byte.js';
import { invalidAnswer, unexpectedByte } from './upstream-answer-error.js';

/** Maximum length of strings that are interned, in bytes. Names and values repeat from series to series. */
const MAX_INTERNED = 64;
const TABLE_SIZE = 8192;

/** Maximum number of labels for insertion sort, whose cost is quadratic. `Labels.of` sorts more. */
const MAX_INSERTION_SORTED = 64;

/**
 * Interned strings by the hash of their bytes; a newer string replaces an older one. All parsers share the table, so
 * that equal strings of two regions are the same object, which makes comparing labels cheap. Up to 512 KiB.
 */
const table = new Array<string | undefined>(TABLE_SIZE).fill(undefined);

/** Parses one object after the other. `labels` holds the latest. */
export class LabelsParser {
  labels: Labels = Labels.EMPTY;
  /** The result of `#readString`. */
  #string = '';

  /**
   * Parses the members of a `metric` object, in any order. The last value of a repeated name wins. A label with an empty
   * value is dropped.
   *
   * @param pos the index after the opening brace.
   * @returns the index after the closing brace; −1 when the bytes end before it.
   * @throws PromfedError `upstream` when the bytes are not an object of strings, `limit` for too many of them.
   */
  parse(bytes: Buffer, pos: number, end: number): number {
    const flat: string[] = [];
    let sorted = true;
    let previous = '';
    pos = skipSpace(bytes, pos, end);
    if (pos < end && bytes[pos] === CLOSE_BRACE) {
      this.labels = Labels.EMPTY;
      return pos + 1;
    }
    for (;;) {
      pos = this.#readString(bytes, skipSpace(bytes, pos, end), end);
      if (pos < 0) return -1;
      const name = this.#string;
      if (bytes[pos] !== COLON) {
        pos = skipSpace(bytes, pos, end);
        if (pos >= end) return -1;
        if (bytes[pos] !== COLON) throw unexpectedByte(bytes[pos]!, 'after a label name');
      }
      pos++;
      if (bytes[pos] !== QUOTE) pos = skipSpace(bytes, pos, end);
      pos = this.#readString(bytes, pos, end);
      if (pos < 0) return -1;
      const value = this.#string;
      // An empty value must still replace an earlier value of its name, so it is not left out yet.
      if (flat.length > 0 && compareStrings(previous, name) >= 0) sorted = false;
      previous = name;
      if (flat.length === 2 * MAX_LABELS) throw tooManyLabels();
      flat.push(name, value);
      if (value === '') sorted = false;
      if (bytes[pos] !== COMMA) {
        pos = skipSpace(bytes, pos, end);
        if (pos >= end) return -1;
        if (bytes[pos] === CLOSE_BRACE) break;
        if (bytes[pos] !== COMMA) throw unexpectedByte(bytes[pos]!, 'after a label value');
      }
      pos++;
    }
    this.labels = Labels.fromSorted(sorted ? flat : normalize(flat));
    return pos + 1;
  }

  /**
   * Reads one string to `#string`.
   *
   * @returns the index after the closing quote; −1 when the bytes end before it.
   */
  #readString(bytes: Buffer, pos: number, end: number): number {
    if (pos >= end) return -1;
    if (bytes[pos] !== QUOTE) throw unexpectedByte(bytes[pos]!, 'where a label name or value must start');
    const start = pos + 1;
    let hash = 0;
    let all = 0;
    let escaped = false;
    let i = start;
    for (; i < end; i++) {
      const byte = bytes[i]!;
      if (byte === QUOTE) break;
      if (byte === BACKSLASH) {
        escaped = true;
        i++;
      } else if (byte < 0x20) {
        throw unexpectedByte(byte, 'inside a string');
      }
      all |= byte;
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    if (i >= end) return -1;
    if (escaped) this.#string = unescape(bytes, pos, i + 1);
    else if (all >= 0x80) this.#string = bytes.toString('utf8', start, i);
    else this.#string = intern(bytes, start, i, hash);
    return i + 1;
  }
}

function tooManyLabels(): PromfedError {
  return new PromfedError('limit', `a series has more than ${MAX_LABELS} labels`);
}

/** Returns ASCII bytes as a string, from the table when it contains the string. */
function intern(bytes: Buffer, start: number, end: number, hash: number): string {
  const length = end - start;
  if (length > MAX_INTERNED) return bytes.toString('latin1', start, end);
  const slot = (hash ^ (hash >>> 13)) & (TABLE_SIZE - 1);
  const candidate = table[slot];
  if (candidate?.length === length) {
    let i = 0;
    while (i < length && candidate.charCodeAt(i) === bytes[start + i]) i++;
    if (i === length) return candidate;
  }
  const fresh = bytes.toString('latin1', start, end);
  table[slot] = fresh;
  return fresh;
}

/**
 * Decodes a JSON string with its quotes. Half of a surrogate pair becomes U+FFFD, as in Go, because it could not be
 * written as UTF-8.
 *
 * @throws PromfedError `upstream` when the string is not valid JSON.
 */
export function unescape(bytes: Buffer, start: number, end: number): string {
  let text: unknown;
  try {
    text = JSON.parse(bytes.toString('utf8', start, end));
  } catch (error) {
    throw invalidAnswer('invalid JSON string', { cause: error });
  }
  if (typeof text !== 'string') throw invalidAnswer('invalid JSON string');
  return text.replace(/\p{Surrogate}/gu, '\uFFFD');
}

/** Sorts by name, keeps the last of equal names and drops empty values. Input is usually almost sorted. */
function normalize(flat: string[]): readonly string[] {
  if (flat.length > 2 * MAX_INSERTION_SORTED) return Labels.of(pairs(flat)).flat;
  for (let i = 2; i < flat.length; i += 2) {
    const name = flat[i]!;
    const value = flat[i + 1]!;
    let j = i - 2;
    while (j >= 0 && compareStrings(flat[j]!, name) > 0) {
      flat[j + 2] = flat[j]!;
      flat[j + 3] = flat[j + 1]!;
      j -= 2;
    }
    flat[j + 2] = name;
    flat[j + 3] = value;
  }
  const kept: string[] = [];
  for (let i = 0; i < flat.length; i += 2) {
    if (flat[i + 1] !== '' && flat[i] !== flat[i + 2]) kept.push(flat[i]!, flat[i + 1]!);
  }
  return kept;
}

function* pairs(flat: readonly string[]): Iterable<readonly [string, string]> {
  for (let i = 0; i < flat.length; i += 2) yield [flat[i]!, flat[i + 1]!];
}
