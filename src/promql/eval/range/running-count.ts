/** Counts the samples with a property between any two samples. Each sample is tested once, when first needed. */
export class RunningCount {
  /** The number of samples with the property up to each sample; the first sample is not counted. */
  readonly #counts: Uint32Array;
  readonly #test: (index: number) => boolean;
  #lastTested = 0;

  /** `test` is called once for each index, in order, from 1 to `size - 1`. */
  constructor(size: number, test: (index: number) => boolean) {
    this.#counts = new Uint32Array(size);
    this.#test = test;
  }

  /** Returns the number of samples with the property after `first`, exclusive, up to `last`, inclusive. */
  between(first: number, last: number): number {
    while (this.#lastTested < last) {
      const index = ++this.#lastTested;
      this.#counts[index] = this.#counts[index - 1]! + (this.#test(index) ? 1 : 0);
    }
    return this.#counts[last]! - this.#counts[first]!;
  }

  /** Reports whether the sample at `index`, which must not be the first, has the property. */
  has(index: number): boolean {
    return this.between(index - 1, index) === 1;
  }
}
