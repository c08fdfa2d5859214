// Sets a group's labels on the series of one stream, and notices when one comes twice or two of them become one.

import { Labels, PromfedError } from '../model/index.js';
import { fingerprint } from './fingerprint.js';

const NOTHING = new Float64Array(0);

/**
 * Labels that win over the series' own, for one stream, none of whose series may come twice.
 *
 * As long as what is left of the series without the names that are set ascends, no two are equal: then only a number
 * is written down for each (eight bytes a series). Once a series comes out of order, those numbers become a set, and it
 * and every later series is looked up in it.
 */
export class LabelSetter {
  readonly #extra: Labels;
  readonly #names: ReadonlySet<string>;
  #recorded = NOTHING;
  #count = 0;
  /** What is left of the series before. */
  #previous: Labels | undefined;
  /** What is left of each series; only once it is needed. */
  #seen: Set<number> | undefined;
  /** Whether a series carried a label of a name that is set. */
  #carried = false;

  constructor(extra: Labels) {
    this.#extra = extra;
    this.#names = new Set(extra.names());
  }

  /**
   * The labels of the stream's next series with the extra ones set.
   *
   * @throws PromfedError when an earlier series of the stream has them already: `execution` when series of it carry
   *   labels of the names that are set, else `upstream`.
   */
  set(labels: Labels): Labels {
    const carries = this.#names.size > 0 && this.#carries(labels);
    if (carries) this.#carried = true;
    const final = this.#names.size > 0 ? labels.with(this.#extra) : labels;
    const rest = carries ? labels.drop(this.#names) : labels;
    if (this.#seen === undefined) {
      if (this.#previous === undefined || Labels.compare(this.#previous, rest) < 0) {
        this.#previous = rest;
        this.#record(fingerprint(rest));
        return final;
      }
      this.#seen = new Set(this.#recorded.subarray(0, this.#count));
    }
    const number = fingerprint(rest);
    if (this.#seen.has(number)) throw this.#repeated(final);
    this.#seen.add(number);
    return final;
  }

  #repeated(final: Labels): PromfedError {
    if (!this.#carried) return new PromfedError('upstream', `the series ${final.toString()} came twice`);
    return new PromfedError(
      'execution',
      `two series become ${final.toString()} when the labels ${this.#extra.toString()} are set: ` +
        'the region sends labels of these names itself',
    );
  }

  #carries(labels: Labels): boolean {
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
