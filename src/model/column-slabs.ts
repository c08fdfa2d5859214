// Slab allocation of columns: columns of equal length share a few buffers instead of having two arrays each.

import type { Labels } from './labels.js';
import type { Column } from './series.js';

/** Upper bound on the bytes of a slab. A slab is small because any of its columns keeps all of it alive. */
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
  /** Number of columns that the current slab can hold. */
  #capacity = 0;
  /** Number of columns created from the current slab. */
  #used = 0;

  /**
   * @param count number of steps of each column.
   * @param maxColumns upper bound on the columns of a slab.
   */
  constructor(count: number, maxColumns = MAX_COLUMNS) {
    this.#count = count;
    const fitting = Math.floor(MAX_SLAB_BYTES / (BYTES_PER_STEP * count));
    this.#maxColumns = Math.max(1, Math.min(maxColumns, fitting));
  }

  /** Creates a column without samples. */
  create(labels: Labels): Column {
    if (this.#used === this.#capacity) this.#allocate();
    const start = this.#used++ * this.#count;
    const end = start + this.#count;
    return { labels, values: this.#values.subarray(start, end), present: this.#present.subarray(start, end) };
  }

  /** Allocates the next slab, for twice as many columns as the last one, so that small fetches get small slabs. */
  #allocate(): void {
    this.#capacity = Math.min(this.#maxColumns, Math.max(1, this.#capacity * 2));
    this.#used = 0;
    this.#values = new Float64Array(this.#capacity * this.#count);
    this.#present = new Uint8Array(this.#capacity * this.#count);
  }
}
