// The memory of labels that an evaluation creates.

import type { Labels } from '../../model/index.js';
import type { SampleBudget } from '../../runtime/index.js';

/** Bytes of a set of labels besides its texts: the object, its list and the header of one text. */
const LABELS_BYTES = 96;
/** Bytes of a reference in the list of names and values. */
const REFERENCE_BYTES = 8;
/** Bytes of an entry of a table by key, besides the key. */
const ENTRY_BYTES = 64;

/** Labels, keys and texts that one operator creates, reserved before or while they are. Owned by one operator. */
export class LabelMemory {
  readonly #budget: SampleBudget;
  #bytes = 0;

  constructor(budget: SampleBudget) {
    this.#budget = budget;
  }

  /** Bytes reserved and not released. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Reserves a text. */
  addText(chars: number): void {
    this.#add(chars);
  }

  /** Reserves a new set of labels whose texts are shared or reserved separately. */
  addLabels({ flat }: Labels): void {
    this.#add(LABELS_BYTES + REFERENCE_BYTES * flat.length);
  }

  /** Reserves an entry of a table by the key of labels. */
  addEntry(key: string): void {
    this.#add(ENTRY_BYTES + key.length);
  }

  /** Returns everything to the budget. */
  release(): void {
    this.#budget.releaseLabels(this.#bytes);
    this.#bytes = 0;
  }

  #add(bytes: number): void {
    this.#budget.reserveLabels(bytes);
    this.#bytes += bytes;
  }
}
