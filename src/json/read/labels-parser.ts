// Parses a series' `metric` object from bytes to Labels.

import { compareStrings, Labels } from '../../model/index.js';
import { BACKSLASH, CLOSE_BRACE, COLON, COMMA, QUOTE, skipSpace } from '../byte.js';
import { invalidAnswer, printByte } from './upstream-answer-error.js';

/** Names and values repeat from series to series: strings of up to so many bytes are looked for in a table first. */
const MAX_INTERNED = 64;
const TABLE_SIZE = 8192;

/** More labels than this are sorted by `Labels.of`, whose cost does not grow with the square of their number. */
const MAX_INSERTION_SORTED = 64;

/**
 * Strings by the hash of their bytes; a newer one takes an older one's place. One for the process: the same string
 * from two regions is then the same object, which makes comparing labels cheap. Holds half a megabyte at most.
 */
const table = new Array<string | undefined>(TABLE_SIZE).fill(undefined);

/** Parses one object after the other; what was parsed last is in `labels`. */
export class LabelsParser {
  labels: Labels = Labels.EMPTY;
  /** The string that `#readString` read last. */
  #string = '';

  /**
   * Parses the members of a `metric` object. Labels of any order; of a repeated name the last value wins; empty
   * values drop the name.
   *
   * @param pos the index after the opening brace.
   * @returns the index after the closing brace, or −1 when the bytes end before it.
   * @throws PromfedError `upstream` when the bytes are not an object of strings.
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
        if (bytes[pos] !== COLON) throw unexpected(bytes[pos]!, 'after a label name');
      }
      pos++;
      if (bytes[pos] !== QUOTE) pos = skipSpace(bytes, pos, end);
      pos = this.#readString(bytes, pos, end);
      if (pos < 0) return -1;
      const value = this.#string;
      // An empty value must still displace an earlier one of its name, which `sorted` rules out.
      if (flat.length > 0 && compareStrings(previous, name) >= 0) sorted = false;
      previous = name;
      flat.push(name, value);
      if (value === '') sorted = false;
      if (bytes[pos] !== COMMA) {
        pos = skipSpace(bytes, pos, end);
        if (pos >= end) return -1;
        if (bytes[pos] === CLOSE_BRACE) break;
        if (bytes[pos] !== COMMA) throw unexpected(bytes[pos]!, 'after a label value');
      }
      pos++;
    }
    this.labels = Labels.fromSorted(sorted ? flat : normalize(flat));
    return pos + 1;
  }

  /**
   * Reads one string to `#string`.
   *
   * @returns the index after the closing quote, or −1 when the bytes end before it.
   */
  #readString(bytes: Buffer, pos: number, end: number): number {
    if (pos >= end) return -1;
    if (bytes[pos] !== QUOTE) throw unexpected(bytes[pos]!, 'where a string of a metric must begin');
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
        throw unexpected(byte, 'inside a string');
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

/** ASCII bytes as a string, out of the table when it is there. */
function intern(bytes: Buffer, start: number, end: number, hash: number): string {
  const length = end - start;
  if (length > MAX_INTERNED) return bytes.toString('latin1', start, end);
  const slot = (hash ^ (hash >>> 13)) & (TABLE_SIZE - 1);
  const known = table[slot];
  if (known?.length === length) {
    let i = 0;
    while (i < length && known.charCodeAt(i) === bytes[start + i]) i++;
    if (i === length) return known;
  }
  const fresh = bytes.toString('latin1', start, end);
  table[slot] = fresh;
  return fresh;
}

/**
 * Decodes a JSON string with its quotes. Half of a surrogate pair becomes U+FFFD, as Go decodes it: no other
 * string could be written back as UTF-8.
 *
 * @throws PromfedError `upstream` when an escape is not one of JSON's.
 */
export function unescape(bytes: Buffer, start: number, end: number): string {
  let text: unknown;
  try {
    text = JSON.parse(bytes.toString('utf8', start, end));
  } catch (error) {
    throw invalidAnswer('a string that is not valid JSON', { cause: error });
  }
  if (typeof text !== 'string') throw invalidAnswer('a string that is not valid JSON');
  return text.replace(/\p{Surrogate}/gu, '\uFFFD');
}

/** Sorts by name, keeps the last of equal names and drops empty values. Nearly sorted input is the usual one. */
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

function unexpected(byte: number, where: string): Error {
  return invalidAnswer(`unexpected ${printByte(byte)} ${where}`);
}
