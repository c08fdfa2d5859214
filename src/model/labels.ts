// Label sets: the identity of a series.

import { compareStrings } from './compare.js';
import { cutText } from './text.js';

/** Name of the label that holds the metric name. */
export const METRIC_NAME = '__name__';

/** Maximum number of labels of a series of a region. Sorting and comparing more of them would take one turn of a second. */
export const MAX_LABELS = 10_000;

/** Length of the list of names and values up to which it is scanned; longer ones are searched. */
const MAX_SCANNED = 32;

/** Length of a message about a series, in UTF-16 units, from which on its labels are cut. */
const MAX_PRINTED_CHARS = 1000;

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Reports whether a label name is valid: any non-empty UTF-8 text, as in Prometheus 3. */
export function isLabelName(name: string): boolean {
  return name !== '' && !LONE_SURROGATE.test(name);
}

/**
 * An immutable set of labels, sorted by name in UTF-8 byte order. Values are not empty: as in Prometheus, an empty
 * value means that the label is missing.
 */
export class Labels implements Iterable<readonly [name: string, value: string]> {
  // `new this`, not `new Labels`: TypeScript 6 compiles the class name to a variable that is assigned only later.
  static readonly EMPTY = new this([]);

  /** name0, value0, name1, value1, …; sorted by name, names unique, values not empty. */
  readonly #flat: readonly string[];
  #key: string | undefined;

  private constructor(flat: readonly string[]) {
    this.#flat = flat;
  }

  /** Creates labels from pairs in any order. The last pair of a name wins, and an empty value removes the label. */
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

  /** Creates labels from a plain object. Empty values are dropped. */
  static from(record: Readonly<Record<string, string>>): Labels {
    return Labels.of(Object.entries(record));
  }

  /**
   * Creates labels from alternating names and values: sorted by name, names unique, values not empty. The order is not
   * checked; use `of` for external input. Takes ownership of the array: the caller must not change it afterwards.
   */
  static fromSorted(flat: readonly string[]): Labels {
    return flat.length === 0 ? Labels.EMPTY : new Labels(flat);
  }

  /** Number of labels. */
  get size(): number {
    return this.#flat.length / 2;
  }

  /** Alternating names and values, sorted by name. Not a copy; meant for loops that run once for each series. */
  get flat(): readonly string[] {
    return this.#flat;
  }

  /** Returns the value of a label; the empty string when it is missing, as in Prometheus. */
  get(name: string): string {
    const flat = this.#flat;
    if (flat.length > MAX_SCANNED) {
      const index = this.#indexOf(name);
      return flat[index] === name ? flat[index + 1]! : '';
    }
    for (let i = 0; i < flat.length; i += 2) if (flat[i] === name) return flat[i + 1]!;
    return '';
  }

  has(name: string): boolean {
    return this.get(name) !== '';
  }

  /** The metric name; the empty string when it is missing. */
  get metricName(): string {
    return this.get(METRIC_NAME);
  }

  /** Returns the label names in order. */
  names(): string[] {
    return this.#flat.filter((_, i) => i % 2 === 0);
  }

  /** Yields the labels in order. */
  *[Symbol.iterator](): Iterator<readonly [name: string, value: string]> {
    const flat = this.#flat;
    for (let i = 0; i < flat.length; i += 2) yield [flat[i]!, flat[i + 1]!];
  }

  /** An opaque string that is equal for equal labels only, for use as a map key. Computed once. */
  get key(): string {
    // Length prefixes keep it unambiguous for any characters in a value.
    return (this.#key ??= this.#flat.map((part) => `${part.length}:${part}`).join(''));
  }

  equals(other: Labels): boolean {
    return this === other || this.key === other.key;
  }

  /** Returns these labels with those of `other` added. For a name in both the label of `other` wins. */
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

  /**
   * Returns these labels with one label set to a value. An empty value removes it. The result is the same object only when
   * a missing label is removed.
   */
  withLabel(name: string, value: string): Labels {
    const flat = this.#flat;
    const index = this.#indexOf(name);
    const isPresent = flat[index] === name;
    if (!isPresent && value === '') return this;
    if (!isPresent) return new Labels(insertedAt(flat, index, name, value));
    const changed = flat.slice();
    if (value === '') changed.splice(index, 2);
    else changed[index + 1] = value;
    return Labels.fromSorted(changed);
  }

  /** Returns the index in `flat` of a name, or of the first greater one. */
  #indexOf(name: string): number {
    const flat = this.#flat;
    let low = 0;
    let high = flat.length / 2;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareStrings(flat[2 * middle]!, name) < 0) low = middle + 1;
      else high = middle;
    }
    return 2 * low;
  }

  /** Returns the labels whose name is in `names`. */
  keep(names: ReadonlySet<string>): Labels {
    return this.#filter((name) => names.has(name));
  }

  /** Returns the labels whose name is not in `names`. */
  drop(names: ReadonlySet<string>): Labels {
    return this.#filter((name) => !names.has(name));
  }

  #filter(isKept: (name: string) => boolean): Labels {
    const flat: string[] = [];
    for (let i = 0; i < this.#flat.length; i += 2) {
      if (isKept(this.#flat[i]!)) flat.push(this.#flat[i]!, this.#flat[i + 1]!);
    }
    if (flat.length === this.#flat.length) return this;
    return Labels.fromSorted(flat);
  }

  /**
   * Compares label sets as Prometheus' `labels.Compare` does: pair by pair, the name before the value. A set that is a
   * prefix of the other one comes first. Returns a negative number, 0 or a positive number.
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

  /** Returns a plain object in label order, as the HTTP API prints `metric`. */
  toJSON(): Record<string, string> {
    return Object.fromEntries(this);
  }

  /** Prints the labels for promfed's own messages, `name{a="b"}` or `{a="b"}`. Long names, values and lists are cut. */
  toString(): string {
    const name = cutText(this.metricName, MAX_PRINTED_CHARS);
    const rest: string[] = [];
    let chars = 0;
    for (const [label, value] of this) {
      if (label === METRIC_NAME) continue;
      if (chars >= MAX_PRINTED_CHARS) {
        rest.push('…');
        break;
      }
      const text = `${cutText(label, MAX_PRINTED_CHARS)}=${JSON.stringify(cutText(value, MAX_PRINTED_CHARS))}`;
      chars += text.length;
      rest.push(text);
    }
    if (rest.length === 0 && name !== '') return name;
    return `${name}{${rest.join(', ')}}`;
  }
}

/** Copies a list with a pair inserted. Parts are copied as blocks: long lists are written once for each label. */
function insertedAt(flat: readonly string[], index: number, name: string, value: string): string[] {
  const pair = [name, value];
  if (index === 0) return pair.concat(flat);
  return index === flat.length ? flat.concat(pair) : flat.slice(0, index).concat(pair, flat.slice(index));
}

/** Estimates the memory of labels in bytes: one for each character, and 16 for each string's reference and header. */
export function labelsBytes({ flat }: Labels): number {
  return flat.reduce((sum, text) => sum + text.length + 16, 0);
}
