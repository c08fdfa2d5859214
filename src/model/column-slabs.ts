// Memory for very many columns of one length: fewer, larger pieces than two arrays for each.

import type { Labels } from './labels.js';
import type { Column } from './series.js';

/** A column's arrays keep the piece that they are cut from: pieces stay small against what a wide fetch holds. */
const MAX_SLAB_BYTES = 64 << 10;
const MAX_COLUMNS = 64;
const BYTES_A_STEP = Float64Array.BYTES_PER_ELEMENT + Uint8Array.BYTES_PER_ELEMENT;

/** Hands out columns whose arrays are parts of shared buffers: `values.buffer` is not theirs alone. */
export class ColumnSlabs {
  readonly #count: number;
  readonly #maxColumns: number;
  #values = new Float64Array(0);
  #present = new Uint8Array(0);
  #columns = 0;
  #used = 0;

  /**
   * @param count how many steps a column has.
   * @param maxColumns how many columns share a piece at most: it is kept for as long as any of them is.
   */
  constructor(count: number, maxColumns = MAX_COLUMNS) {
    this.#count = count;
    const fitting = Math.floor(MAX_SLAB_BYTES / (BYTES_A_STEP * count));
    this.#maxColumns = Math.max(1, Math.min(maxColumns, fitting));
  }

  /** A column with nothing present. */
  create(labels: Labels): Column {
    if (this.#used === this.#columns) this.#begin();
    const start = this.#used++ * this.#count;
    const end = start + this.#count;
    return { labels, values: this.#values.subarray(start, end), present: this.#present.subarray(start, end) };
  }

  /** Small fetches take small pieces. */
  #begin(): void {
    this.#columns = Math.min(this.#maxColumns, Math.max(1, this.#columns * 2));
    this.#used = 0;
    this.#values = new Float64Array(this.#columns * this.#count);
    this.#present = new Uint8Array(this.#columns * this.#count);
  }
}
