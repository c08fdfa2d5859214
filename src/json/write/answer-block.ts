// The memory that an answer is written to, block by block.

import type { Labels } from '../../model/index.js';
import { MAX_FLOAT_BYTES, writeFloat } from '../number/write-float.js';
import { maxHeadBytes, writeLabels } from './encode-frames.js';

/** The first block is small: most answers are. */
const FIRST_BLOCK_BYTES = 16 << 10;
/** Every write to a socket costs, whatever its size; a larger block would no longer stay in a core's cache. */
const BLOCK_BYTES = 256 << 10;

/** How many bytes a float takes at most while it is written. */
export const FLOAT_ROOM = MAX_FLOAT_BYTES;

/**
 * Fills one block again and again. Whoever writes asks `fits` first: `while (!block.fits(n)) yield block.flush()`.
 */
export class AnswerBlock {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BLOCK_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #used = 0;
  #flushed = false;

  /** Whether there is room for `bytes` more; an empty block makes it. */
  fits(bytes: number): boolean {
    if (this.#used > 0) return this.#used + bytes <= this.#bytes.length;
    const size = this.#flushed ? BLOCK_BYTES : FIRST_BLOCK_BYTES;
    if (this.#bytes.length < Math.max(size, bytes)) {
      this.#bytes = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, bytes));
      this.#view = new DataView(this.#bytes.buffer);
    }
    return true;
  }

  /** What was written; its memory is written to again after the consumer is through with it. */
  flush(): Uint8Array {
    const filled = this.#bytes.subarray(0, this.#used);
    this.#used = 0;
    this.#flushed = true;
    return filled;
  }

  /** Text in ASCII, as many bytes as characters. */
  text(ascii: string): void {
    this.#used = writeAscii(this.#bytes, this.#used, ascii);
  }

  /** `{"metric":{…}`, which takes `headRoom` bytes at most. */
  head(labels: Labels): void {
    this.#used = writeLabels(this.#bytes, this.#used, labels);
  }

  /** The digits of a float, which take `FLOAT_ROOM` bytes at most. */
  float(value: number): void {
    this.#used = writeFloat(this.#bytes, this.#view, this.#used, value);
  }

  /**
   * A list's points of floats, each behind a comma, from step `start` on for as long as there is room for all that a
   * point may take.
   *
   * @param heads what stands before each step's digits, comma included.
   * @param present the steps that have a float are 1; without it all have.
   * @returns the step to go on with; the number of steps when all are written.
   */
  points(heads: PointHeads, values: Float64Array, present: Uint8Array | undefined, start: number): number {
    const { words, wordsEach, lengths } = heads;
    const bytes = this.#bytes;
    const view = this.#view;
    const last = bytes.length - heads.pointRoom;
    let pos = this.#used;
    let step = start;
    for (; step < values.length && pos <= last; step++) {
      if (present !== undefined && present[step] !== 1) continue;
      const from = step * wordsEach;
      for (let i = 0; i < wordsEach; i++) view.setInt32(pos + i * 4, words[from + i]!, true);
      pos = writeFloat(bytes, view, pos + lengths[step]!, values[step]!);
      bytes[pos++] = 0x22; /* " */
      bytes[pos++] = 0x5d; /* ] */
    }
    this.#used = pos;
    return step;
  }
}

/** What stands before the digits of each step's point, as bytes: the same for all series. */
export class PointHeads {
  /** The text of each head, four bytes to a word, the first one lowest; what is behind its end is of no meaning. */
  readonly words: Int32Array;
  readonly wordsEach: number;
  readonly lengths: Uint8Array;
  /** The most bytes that a point takes while it is written. */
  readonly pointRoom: number;

  /** @param heads in ASCII, of less than 256 characters each. */
  constructor(heads: readonly string[]) {
    this.lengths = Uint8Array.from(heads, (head) => head.length);
    this.wordsEach = Math.ceil(this.lengths.reduce((a, b) => Math.max(a, b), 0) / 4);
    this.pointRoom = this.wordsEach * 4 + FLOAT_ROOM + 2;
    const bytes = Buffer.alloc(heads.length * this.wordsEach * 4);
    heads.forEach((head, i) => writeAscii(bytes, i * this.wordsEach * 4, head));
    this.words = Int32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readInt32LE(i * 4));
  }
}

/** The most bytes that `AnswerBlock.head` takes. */
export function headRoom(labels: Labels): number {
  return maxHeadBytes(labels);
}

function writeAscii(bytes: Uint8Array, pos: number, ascii: string): number {
  for (let i = 0; i < ascii.length; i++) bytes[pos + i] = ascii.charCodeAt(i);
  return pos + ascii.length;
}
