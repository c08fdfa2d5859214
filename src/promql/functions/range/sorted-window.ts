// The sorted values of a sliding window.

/** Number of samples that leave or enter from which on a window is sorted from scratch: each moves memory. */
const MAX_MOVES = 512;

/**
 * Keeps the samples of a window sorted while it slides. Each sample that leaves or enters costs a binary search and a
 * memory move. A window that shares few samples with the previous one is sorted from scratch.
 */
export class SortedWindow {
  readonly #values: Float64Array;
  #sorted = new Float64Array(16);
  #head = 0;
  #tail = 0;

  /** @param values all samples of the series. The caller keeps their ownership. */
  constructor(values: Float64Array) {
    this.#values = values;
  }

  /**
   * Moves to the samples with indices `from` inclusive to `to` exclusive, neither lower than in the previous call.
   * Returns them in the order of `Float64Array.sort`, NaN last. The result is read-only and valid until the next call.
   */
  moveTo(from: number, to: number): Float64Array {
    const size = this.#tail - this.#head;
    const leaving = Math.min(from, this.#tail) - this.#head;
    const entering = to - Math.max(from, this.#tail);
    this.#makeRoom(Math.max(size, to - from));
    if (leaving + entering > Math.min((to - from) / 4, MAX_MOVES)) {
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

  /** Returns the first index of a value among the first `size` values, or where to insert it. */
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

/** Compares as `Float64Array.sort` does: −0 before 0, NaN last. */
function isBefore(a: number, b: number): boolean {
  if (a < b) return true;
  if (a > b) return false;
  if (a === b) return a === 0 && Object.is(a, -0) && Object.is(b, 0);
  return Number.isNaN(b) && !Number.isNaN(a);
}
