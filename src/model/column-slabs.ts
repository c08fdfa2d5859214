// Slab allocation of columns: columns of one length share a few buffers instead of having two arrays each.

import type { Labels } from './labels.js';
import type { Column } from './series.js';

/** Upper bound on the bytes of a slab. A slab stays alive with any of its columns, so it must stay small. */
const MAX_SLAB_BYTES = 64 << 10;
/** Default upper bound on the columns of a slab. */
const MAX_COLUMNS = 64;
const BYTES_PER_STEP = Float64Array.BYTES_PER_ELEMENT + Uint8Array.BYTES_PER_ELEMENT;

/**
 * Creates columns whose arrays are views of shared buffers. A column owns its views, but not `values.buffer` or
 * `present.buffer`.
 */
export class ColumnSlabs {
  readonly #count: number;
  readonly #maxColumns: number;
  #values = new Float64Array(0);
  #present = new Uint8Array(0);
  /** Number of columns in the current slab, and of those that were created. */
  #columns = 0;
  #used = 0;

  /**
   * @param count number of steps of each column.
   * @param maxColumns upper bound on the columns of a slab. A slab stays alive as long as any of its columns.
   */
  constructor(count: number, maxColumns = MAX_COLUMNS) {
    this.#count = count;
    const fitting = Math.floor(MAX_SLAB_BYTES / (BYTES_PER_STEP * count));
    this.#maxColumns = Math.max(1, Math.min(maxColumns, fitting));
  }

  /** Creates a column without samples. */
  create(labels: Labels): Column {
    if (this.#used === this.#columns) this.#allocate();
    const start = this.#used++ * this.#count;
    const end = start + this.#count;
    return { labels, values: this.#values.subarray(start, end), present: this.#present.subarray(start, end) };
  }

  /** Allocates the next slab, of twice as many columns as the last one: small fetches get small slabs. */
  #allocate(): void {
    this.#columns = Math.min(this.#maxColumns, Math.max(1, this.#columns * 2));
    this.#used = 0;
    this.#values = new Float64Array(this.#columns * this.#count);
    this.#present = new Uint8Array(this.#columns * this.#count);
  }
}
