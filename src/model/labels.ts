// Labels: the identity of a series, immutable and sorted by name.

import { compareStrings } from './compare.js';

/** The label that holds a series' metric name. */
export const METRIC_NAME = '__name__';

/**
 * An immutable set of labels, sorted by name (UTF-8 byte order), without empty values: a label with an empty
 * value is a label that is not there, as in Prometheus.
 */
export class Labels implements Iterable<readonly [name: string, value: string]> {
  // `this`: what TypeScript 6 makes of the class's own name here is not set yet when this runs.
  static readonly EMPTY = new this([]);

  /** name0, value0, name1, value1, …; sorted by name, no name twice, no value empty. */
  readonly #flat: readonly string[];
  #key: string | undefined;

  private constructor(flat: readonly string[]) {
    this.#flat = flat;
  }

  /** Labels of any order; a later pair wins over an earlier one of the same name; empty values drop the name. */
  static of(pairs: Iterable<readonly [name: string, value: string]>): Labels {
    const byName = new Map<string, string>();
    for (const [name, value] of pairs) byName.set(name, value);
    const names = [...byName.keys()].sort(compareStrings);
    const flat: string[] = [];
    for (const name of names) {
      const value = byName.get(name)!;
      if (value !== '') flat.push(name, value);
    }
    return flat.length === 0 ? Labels.EMPTY : new Labels(flat);
  }

  /** Labels of a plain object; empty values drop the name. */
  static from(record: Readonly<Record<string, string>>): Labels {
    return Labels.of(Object.entries(record));
  }

  /**
   * Labels of alternating names and values that are already sorted by name, unique and non-empty.
   *
   * The array is taken over: the caller must not change it afterwards. Order is trusted, not checked; use
   * `of` for anything that came from outside.
   */
  static fromSorted(flat: readonly string[]): Labels {
    return flat.length === 0 ? Labels.EMPTY : new Labels(flat);
  }

  /** How many labels there are. */
  get size(): number {
    return this.#flat.length / 2;
  }

  /** Alternating names and values, sorted by name: the labels themselves, for loops that run once a series. */
  get flat(): readonly string[] {
    return this.#flat;
  }

  /** The value of a label, or the empty string when it is not there, as Prometheus has it. */
  get(name: string): string {
    const flat = this.#flat;
    for (let i = 0; i < flat.length; i += 2) if (flat[i] === name) return flat[i + 1]!;
    return '';
  }

  has(name: string): boolean {
    return this.get(name) !== '';
  }

  get metricName(): string {
    return this.get(METRIC_NAME);
  }

  names(): string[] {
    return this.#flat.filter((_, i) => i % 2 === 0);
  }

  *[Symbol.iterator](): Iterator<readonly [name: string, value: string]> {
    const flat = this.#flat;
    for (let i = 0; i < flat.length; i += 2) yield [flat[i]!, flat[i + 1]!];
  }

  /** A string that is equal for equal labels and only for those; made once. Not meant to be read. */
  get key(): string {
    // Lengths make it unambiguous whatever bytes a value holds.
    return (this.#key ??= this.#flat.map((part) => `${part.length}:${part}`).join(''));
  }

  equals(other: Labels): boolean {
    return this === other || this.key === other.key;
  }

  /** These labels with those of `other` set over them. */
  with(other: Labels): Labels {
    if (other.size === 0) return this;
    if (this.size === 0) return other;
    const a = this.#flat;
    const b = other.#flat;
    const flat: string[] = [];
    let i = 0;
    let j = 0;
    while (i < a.length || j < b.length) {
      const order = i >= a.length ? 1 : j >= b.length ? -1 : compareStrings(a[i]!, b[j]!);
      if (order < 0) {
        flat.push(a[i]!, a[i + 1]!);
        i += 2;
      } else {
        flat.push(b[j]!, b[j + 1]!);
        if (order === 0) i += 2;
        j += 2;
      }
    }
    return new Labels(flat);
  }

  /** Only the labels whose name is in `names`. */
  keep(names: ReadonlySet<string>): Labels {
    return this.#filter((name) => names.has(name));
  }

  /** All labels but those whose name is in `names`. */
  drop(names: ReadonlySet<string>): Labels {
    return this.#filter((name) => !names.has(name));
  }

  #filter(wanted: (name: string) => boolean): Labels {
    const flat: string[] = [];
    for (let i = 0; i < this.#flat.length; i += 2) {
      if (wanted(this.#flat[i]!)) flat.push(this.#flat[i]!, this.#flat[i + 1]!);
    }
    if (flat.length === this.#flat.length) return this;
    return Labels.fromSorted(flat);
  }

  /**
   * Orders label sets as Prometheus' `labels.Compare` does: pair by pair, names before values, and a set that
   * is the beginning of the other first.
   */
  static compare(a: Labels, b: Labels): number {
    const x = a.#flat;
    const y = b.#flat;
    const length = Math.min(x.length, y.length);
    for (let i = 0; i < length; i++) {
      const order = compareStrings(x[i]!, y[i]!);
      if (order !== 0) return order;
    }
    return x.length - y.length;
  }

  /** A plain object in label order, as the HTTP API prints `metric`. */
  toJSON(): Record<string, string> {
    return Object.fromEntries(this);
  }

  /** As Prometheus prints a metric in messages: `name{a="b"}` or `{a="b"}`. */
  toString(): string {
    const name = this.metricName;
    const rest = [...this]
      .filter(([label]) => label !== METRIC_NAME)
      .map(([label, value]) => `${label}=${JSON.stringify(value)}`);
    if (rest.length === 0 && name !== '') return name;
    return `${name}{${rest.join(', ')}}`;
  }
}

/** About what labels take in memory, in bytes: their characters, and a reference and a header for each string. */
export function labelsBytes({ flat }: Labels): number {
  return flat.reduce((sum, text) => sum + text.length + 16, 0);
}
