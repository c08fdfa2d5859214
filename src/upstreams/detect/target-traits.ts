// The properties of a target that were detected.

import { UNKNOWN_PRODUCT, type Product } from '../../model/index.js';

export class TargetTraits {
  /** The product at the last detection that succeeded. */
  product: Product = UNKNOWN_PRODUCT;
  #isDown = false;
  #recoveries = 0;

  /** Number of times that the target has answered after a failure. It may be another version from then on. */
  get recoveries(): number {
    return this.#recoveries;
  }

  /** Records that the target has answered a request. */
  answered(): void {
    if (!this.#isDown) return;
    this.#isDown = false;
    this.#recoveries++;
  }

  /** Records that the target has failed to answer a request. */
  failed(): void {
    this.#isDown = true;
  }
}
