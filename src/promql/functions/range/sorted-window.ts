// The values of a sliding window in order.

/**
 * Keeps the samples of a window sorted while it moves: what leaves is cut out, what enters is put in, each at the cost
 * of a binary search and one move of memory. A window that shares little with the one before is sorted anew.
 */
export class SortedWindow {
  readonly #values: Float64Array;
  #sorted = new Float64Array(16);
  #head = 0;
  #tail = 0;

  /** @param values the samples of the series, which stay the caller's. */
  constructor(values: Float64Array) {
    this.#values = values;
  }

  /**
   * The samples `from` inclusive to `to` exclusive in the order of `Float64Array.sort`: NaN last. Neither may be less
   * than before. Valid until the next call, and not to be changed.
   */
  moveTo(from: number, to: number): Float64Array {
    const size = this.#tail - this.#head;
    const leaving = Math.min(from, this.#tail) - this.#head;
    const entering = to - Math.max(from, this.#tail);
    this.#makeRoom(Math.max(size, to - from));
    if (leaving + entering > (to - from) / 4) {
      this.#sorted.set(this.#values.subarray(from, to));
      this.#sorted.subarray(0, to - from).sort();
    } else {
      let left = size;
      for (let i = this.#head; i < from; i++) this.#remove(this.#values[i]!, left--);
      for (let i = this.#tail; i < to; i++) this.#insert(this.#values[i]!, left++);
    }
    this.#head = from;
    this.#tail = to;
    return this.#sorted.subarray(0, to - from);
  }

  #makeRoom(size: number): void {
    if (size <= this.#sorted.length) return;
    const larger = new Float64Array(2 * size);
    larger.set(this.#sorted);
    this.#sorted = larger;
  }

  #remove(value: number, size: number): void {
    const at = this.#search(value, size);
    this.#sorted.copyWithin(at, at + 1, size);
  }

  #insert(value: number, size: number): void {
    const at = this.#search(value, size);
    this.#sorted.copyWithin(at + 1, at, size);
    this.#sorted[at] = value;
  }

  /** The first place of a value among the first `size`. */
  #search(value: number, size: number): number {
    let low = 0;
    let high = size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(this.#sorted[middle]!, value)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The order of `Float64Array.sort`: −0 before 0, NaN after everything. */
function isBefore(a: number, b: number): boolean {
  if (a < b) return true;
  if (a > b) return false;
  if (a === b) return a === 0 && Object.is(a, -0) && Object.is(b, 0);
  return Number.isNaN(b) && !Number.isNaN(a);
}
