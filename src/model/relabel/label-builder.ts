// Labels under construction.

import { Labels } from '../labels.js';

/**
 * A changeable copy of labels. Changed labels come after the unchanged ones, in the order of their first change, which
 * decides between labels that are mapped to the same name.
 *
 * Source: Prometheus, model/labels/labels_common.go (`Builder`).
 */
export class LabelBuilder {
  readonly #base: Labels;
  readonly #values: Map<string, string>;
  readonly #changed = new Set<string>();

  constructor(labels: Labels) {
    this.#base = labels;
    this.#values = new Map(labels);
  }

  /** The empty string for a missing label. */
  get(name: string): string {
    return this.#values.get(name) ?? '';
  }

  /** Sets a label. An empty value removes it. */
  set(name: string, value: string): void {
    if (value === '') {
      this.delete(name);
      return;
    }
    if (!this.#changed.has(name)) this.#values.delete(name);
    this.#values.set(name, value);
    this.#changed.add(name);
  }

  delete(name: string): void {
    this.#values.delete(name);
    this.#changed.delete(name);
  }

  /** A copy of the labels, which later changes do not affect. */
  entries(): [name: string, value: string][] {
    return [...this.#values];
  }

  /** The result. Returns the original object when nothing has changed. */
  labels(): Labels {
    const isSame = this.#changed.size === 0 && this.#values.size === this.#base.size;
    return isSame ? this.#base : Labels.of(this.#values);
  }
}
