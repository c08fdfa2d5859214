// Large appends, read in slices so that they do not block the event loop.

import type { OutgoingSample } from '../ports.js';
import type { JournalEntry } from './journal/journal.js';

/** Number of samples that are read in one turn of the event loop. */
const SLICE_SAMPLES = 5000;

export interface Slice {
  readonly samples: readonly OutgoingSample[];
  /** The journal's entry that contains the samples already; undefined for new samples. */
  readonly entry: JournalEntry | undefined;
}

export class Inbox {
  readonly #read: (slice: Slice) => void;
  #slices: Slice[] = [];
  #samples = 0;

  /** @param read called for each slice, in order. */
  constructor(read: (slice: Slice) => void) {
    this.#read = read;
  }

  /** Number of samples that are not read yet. */
  get size(): number {
    return this.#samples;
  }

  /** Reads a small slice at once when no other one waits. */
  add({ samples, entry }: Slice): void {
    const isIdle = this.#slices.length === 0;
    for (let i = 0; i < samples.length; i += SLICE_SAMPLES) {
      this.#slices.push({ samples: samples.slice(i, i + SLICE_SAMPLES), entry });
    }
    this.#samples += samples.length;
    if (isIdle) this.#readNext();
  }

  /** Reads everything now. */
  readAll(): void {
    for (const slice of this.#slices.splice(0)) this.#read(slice);
    this.#samples = 0;
  }

  /** Resolves when everything is read. */
  async empty(): Promise<void> {
    while (this.#slices.length > 0) await new Promise((resolve) => setImmediate(resolve));
  }

  #readNext(): void {
    const slice = this.#slices[0];
    if (slice === undefined) return;
    this.#read(slice);
    this.#slices.shift();
    this.#samples -= slice.samples.length;
    if (this.#slices.length === 0) return;
    setImmediate(() => {
      this.#readNext();
    });
  }
}
