// The memory that the series of an answer are written to, block by block.

import type { Labels } from '../../model/index.js';
import { CLOSE_BRACKET, QUOTE } from '../byte.js';
import { MAX_FLOAT_BYTES, writeFloat } from '../number/write-float.js';
import { writeLabels, writeLabelSet, writeString } from './write-labels.js';

/** Size of the first block. Most answers are small. */
const FIRST_BLOCK_BYTES = 16 << 10;
/** Size of later blocks. A smaller one costs more writes to the socket, and a larger one does not stay in a core's cache. */
const BLOCK_BYTES = 256 << 10;

/**
 * Fills one block of memory again and again. A caller reserves space before it writes:
 * `while (!block.fits(n)) yield block.flush()`.
 */
export class BlockWriter {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BLOCK_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #used = 0;
  /** True once something did not fit. The next block then has the full size. */
  #wasFull = false;

  /** Number of bytes in the block. */
  get length(): number {
    return this.#used;
  }

  /** Reports whether the block has room for `bytes` more. An empty block is replaced by a larger one if necessary. */
  fits(bytes: number): boolean {
    if (this.#used > 0) {
      if (this.#used + bytes <= this.#bytes.length) return true;
      this.#wasFull = true;
      return false;
    }
    const size = this.#wasFull ? BLOCK_BYTES : FIRST_BLOCK_BYTES;
    if (this.#bytes.length < Math.max(size, bytes)) {
      this.#bytes = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, bytes));
      this.#view = new DataView(this.#bytes.buffer);
    }
    return true;
  }

  /** Returns the written bytes and empties the block. Later writes overwrite the returned memory. */
  flush(): Uint8Array {
    const filled = this.#bytes.subarray(0, this.#used);
    this.#used = 0;
    return filled;
  }

  /** Writes one byte. */
  byte(byte: number): void {
    this.#bytes[this.#used++] = byte;
  }

  /** Copies bytes. */
  copy(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  /** Copies bytes until the block is full, and returns the rest. */
  copyPart(bytes: Uint8Array): Uint8Array {
    const room = this.#bytes.length - this.#used;
    this.copy(bytes.subarray(0, room));
    return bytes.subarray(room);
  }

  /** Writes ASCII text, one byte for each character. */
  text(ascii: string): void {
    this.#used = writeAscii(this.#bytes, this.#used, ascii);
  }

  /** Writes `{"metric":{…}`, up to `maxLabelsBytes` bytes. */
  labels(labels: Labels): void {
    this.#used = writeLabels(this.#bytes, this.#used, labels);
  }

  /** Writes `{…}`, up to `maxLabelsBytes` bytes. */
  labelSet(labels: Labels): void {
    this.#used = writeLabelSet(this.#bytes, this.#used, labels);
  }

  /** Writes a string with its quotes, up to `MAX_UNIT_BYTES` bytes for each code unit. */
  string(text: string): void {
    this.#used = writeString(this.#bytes, this.#used, text);
  }

  /** Writes the digits of a float, up to `MAX_FLOAT_BYTES` bytes. */
  float(value: number): void {
    this.#used = writeFloat(this.#bytes, this.#view, this.#used, value);
  }

  /**
   * Writes float samples from step `start` on, each after a comma, until the block may be too small for another one.
   *
   * @param prefixes the text before each step's digits, with the comma.
   * @param present 1 at the steps that have a float. Every step has one when it is undefined.
   * @returns the next step to write, which is the number of steps when all are written.
   */
  points(
    prefixes: PointPrefixes,
    values: Float64Array,
    present: Uint8Array | undefined,
    start: number,
  ): number {
    const { words, wordsEach, lengths } = prefixes;
    const bytes = this.#bytes;
    const view = this.#view;
    const last = bytes.length - prefixes.maxPointBytes;
    let pos = this.#used;
    let step = start;
    for (; step < values.length && pos <= last; step++) {
      if (present !== undefined && present[step] !== 1) continue;
      const from = step * wordsEach;
      for (let i = 0; i < wordsEach; i++) view.setInt32(pos + i * 4, words[from + i]!, true);
      pos = writeFloat(bytes, view, pos + lengths[step]!, values[step]!);
      bytes[pos++] = QUOTE;
      bytes[pos++] = CLOSE_BRACKET;
    }
    this.#used = pos;
    return step;
  }
}

/** The bytes before the digits of each step's sample, such as `,[1700000000,"`. All series share them. */
export class PointPrefixes {
  /** Four bytes of text in each word, the first one lowest. Bytes after the end of a text are ignored. */
  readonly words: Int32Array;
  readonly wordsEach: number;
  readonly lengths: Uint8Array;
  /** Upper bound on the bytes that writing one sample touches. */
  readonly maxPointBytes: number;

  /** @param prefixes ASCII texts of less than 256 characters, one for each step. */
  constructor(prefixes: readonly string[]) {
    this.lengths = Uint8Array.from(prefixes, (prefix) => prefix.length);
    this.wordsEach = Math.ceil(this.lengths.reduce((a, b) => Math.max(a, b), 0) / 4);
    this.maxPointBytes = this.wordsEach * 4 + MAX_FLOAT_BYTES + 2;
    const bytes = Buffer.alloc(prefixes.length * this.wordsEach * 4);
    prefixes.forEach((prefix, i) => writeAscii(bytes, i * this.wordsEach * 4, prefix));
    this.words = Int32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readInt32LE(i * 4));
  }
}

function writeAscii(bytes: Uint8Array, pos: number, ascii: string): number {
  for (let i = 0; i < ascii.length; i++) bytes[pos + i] = ascii.charCodeAt(i);
  return pos + ascii.length;
}
