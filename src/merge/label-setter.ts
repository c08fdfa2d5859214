// Sets a group's labels on the series of one stream and notices when two of them become one.

import type { Labels } from '../model/index.js';
import { PromfedError } from '../model/index.js';
import { fingerprint } from './fingerprint.js';

const NOTHING = new Float64Array(0);

/**
 * Labels that win over the series' own.
 *
 * Two series of a stream can only meet when one of them carries a label of a name that is set: nothing else is
 * lost. So for series that carry none, which is nearly always all of them, only a number is written down (eight
 * bytes a series). Once a series comes that does carry one, those numbers become a set, and it and every later
 * series is looked up in it.
 */
export class LabelSetter {
  readonly #extra: Labels;
  readonly #names: ReadonlySet<string>;
  #recorded = NOTHING;
  #count = 0;
  /** What is left of each series without the names that are set; only once it is needed. */
  #seen: Set<number> | undefined;

  constructor(extra: Labels) {
    this.#extra = extra;
    this.#names = new Set(extra.names());
  }

  /**
   * The labels of the stream's next series with the extra ones set.
   *
   * @throws PromfedError `execution` when an earlier series of the stream has them already.
   */
  set(labels: Labels): Labels {
    if (this.#names.size === 0) return labels;
    const carries = this.carries(labels);
    if (!carries && this.#seen === undefined) {
      this.#record(fingerprint(labels));
      return labels.with(this.#extra);
    }
    const final = labels.with(this.#extra);
    const rest = fingerprint(carries ? labels.drop(this.#names) : labels);
    this.#seen ??= new Set(this.#recorded.subarray(0, this.#count));
    if (this.#seen.has(rest)) {
      throw new PromfedError(
        'execution',
        `two series become ${final.toString()} when the labels ${this.#extra.toString()} are set: ` +
          'the region sends labels of these names itself',
      );
    }
    this.#seen.add(rest);
    return final;
  }

  /** Whether a series has a label of a name that is set. */
  carries(labels: Labels): boolean {
    const flat = labels.flat;
    for (let i = 0; i < flat.length; i += 2) if (this.#names.has(flat[i]!)) return true;
    return false;
  }

  #record(value: number): void {
    if (this.#count === this.#recorded.length) {
      const larger = new Float64Array(Math.max(64, this.#count * 2));
      larger.set(this.#recorded);
      this.#recorded = larger;
    }
    this.#recorded[this.#count++] = value;
  }
}
