// How many samples between two have a property: counted once a sample, whatever windows ask.

/** Counts over growing indices: `test` is asked once for each index, from 1 on, when a count first reaches it. */
export class RunningCount {
  readonly #counts: Uint32Array;
  readonly #test: (index: number) => boolean;
  #done = 0;

  constructor(size: number, test: (index: number) => boolean) {
    this.#counts = new Uint32Array(size);
    this.#test = test;
  }

  /** Of the samples after `first` up to `last`. */
  between(first: number, last: number): number {
    while (this.#done < last) {
      const index = ++this.#done;
      this.#counts[index] = this.#counts[index - 1]! + (this.#test(index) ? 1 : 0);
    }
    return this.#counts[last]! - this.#counts[first]!;
  }

  /** Whether the sample at `index`, 1 or more, has it. */
  has(index: number): boolean {
    return this.between(index - 1, index) === 1;
  }
}
