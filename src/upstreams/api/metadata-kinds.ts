// The kinds of metadata: label names and values, series, metric metadata, and documents.

import { invalidAnswer, LabelsParser, parsePaced, parseSmall, unescape } from '../../json/index.js';
import { mergeDistinct } from '../../merge/index.js';
import { compareStrings, Labels } from '../../model/index.js';
import { type Pacer, sortPaced, type SteppedReservation } from '../../runtime/index.js';
import type { MetricMetadata } from '../server-group.js';
import {
  arrayOf,
  recordOf,
  textOf,
  type MetadataKind,
  type MetadataReader,
  type UniteContext,
} from './metadata-answer.js';

/** Maximum size of one element: of a string, of the labels of a series, and of the entries of a metric. */
const MAX_ELEMENT_BYTES = 1 << 20;

/** Memory of a string in bytes besides its characters: its header, and its place in a list. */
const STRING_BYTES = 24;

/** Memory of labels and of the entries of a metric in bytes, besides their strings. Measured on Node.js 20. */
const LABELS_BYTES = 96;
const METRIC_BYTES = 160;
const ENTRY_BYTES = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;

/** Number of elements that are handled between two checks of the pacer. */
const PACED_EACH = 1024;

/**
 * Largest limit to which strings are cut while they are read. A region may ignore the limit; cutting sorts up to twice as
 * many strings.
 */
const MAX_CUT_LIMIT = 25_000;

/**
 * Strings, in the order of the answer; those of several replicas without duplicates.
 *
 * @param limit number of strings that the request needs, the smallest ones. One more is kept, so that the caller finds that
 *   there are more. Undefined for all.
 */
export function stringsKind(limit?: number): MetadataKind<readonly string[]> {
  return { createReader: (hold) => new StringsReader(hold, limit), unite: uniteStrings };
}

export const STRINGS = stringsKind();

class StringsReader implements MetadataReader<readonly string[]> {
  readonly form = 'list';
  readonly maxBytes = MAX_ELEMENT_BYTES;
  readonly #hold: SteppedReservation;
  readonly #limit: number;
  /** Length at which the list is cut to the limit. */
  readonly #maxLength: number;
  #strings: string[] = [];

  constructor(hold: SteppedReservation, limit = Infinity) {
    this.#hold = hold;
    this.#limit = limit;
    this.#maxLength = limit <= MAX_CUT_LIMIT ? 2 * (limit + 1) : Infinity;
  }

  /** Reads a string without escapes. */
  tryTake(bytes: Buffer, pos: number, end: number): number {
    if (bytes[pos] !== QUOTE) return -1;
    let all = 0;
    for (let i = pos + 1; i < end; i++) {
      const byte = bytes[i]!;
      if (byte === QUOTE) {
        this.#add(bytes.toString(all < 0x80 ? 'latin1' : 'utf8', pos + 1, i), all >= 0x80);
        return i + 1;
      }
      if (byte === BACKSLASH || byte < 0x20) return -1;
      all |= byte;
    }
    return -1;
  }

  take(value: Buffer): void {
    if (value[0] !== QUOTE) throw invalidAnswer('an entry of data is not a string');
    this.#add(unescape(value, 0, value.length), true);
  }

  compact(pacer: Pacer): Promise<void> | undefined {
    return this.#strings.length < this.#maxLength ? undefined : this.#cut(pacer);
  }

  finish(): readonly string[] {
    return this.#strings;
  }

  #add(text: string, isWide: boolean): void {
    this.#hold.add(STRING_BYTES + (isWide ? 2 : 1) * text.length);
    this.#strings.push(text);
  }

  /** Keeps the smallest strings. The others return one byte for each character: it is not known which ones have two. */
  async #cut(pacer: Pacer): Promise<void> {
    const all = await sortPaced(pacer, this.#strings, compareStrings);
    const sorted = all.filter((text, i) => text !== all[i - 1]);
    let dropped = 0;
    for (const text of this.#strings) dropped += STRING_BYTES + text.length;
    this.#strings = sorted.slice(0, this.#limit + 1);
    for (const text of this.#strings) dropped -= STRING_BYTES + text.length;
    this.#hold.add(-dropped);
  }
}

/** Label sets, in any order; those of several replicas in order and without duplicates. */
export const SERIES: MetadataKind<Labels[]> = {
  createReader: (hold) => new SeriesReader(hold),
  unite(answers, { pacer, memory }) {
    if (answers.length === 1) return answers[0]!;
    return mergeDistinct(answers, { compare: (a, b) => Labels.compare(a, b), pacer, memory });
  },
};

class SeriesReader implements MetadataReader<Labels[]> {
  readonly form = 'list';
  readonly maxBytes = MAX_ELEMENT_BYTES;
  readonly #hold: SteppedReservation;
  readonly #parser = new LabelsParser();
  readonly #series: Labels[] = [];

  constructor(hold: SteppedReservation) {
    this.#hold = hold;
  }

  tryTake(bytes: Buffer, pos: number, end: number): number {
    if (bytes[pos] !== OPEN_BRACE) return -1;
    const next = this.#parser.parse(bytes, pos + 1, end);
    if (next >= 0) this.#add(next - pos);
    return next;
  }

  take(value: Buffer): void {
    if (value[0] !== OPEN_BRACE) throw invalidAnswer('a series is not an object');
    if (this.#parser.parse(value, 1, value.length) !== value.length) {
      throw invalidAnswer('a series is truncated');
    }
    this.#add(value.length);
  }

  finish(): Labels[] {
    return this.#series;
  }

  /** @param bytes of the series in the answer. */
  #add(bytes: number): void {
    const { labels } = this.#parser;
    const { flat } = labels;
    let chars = 0;
    for (const text of flat) chars += text.length;
    // Each string has two quotes and a separator around it. More bytes may be wide characters.
    const isWide = bytes > chars + 3 * flat.length + 1;
    this.#hold.add(LABELS_BYTES + STRING_BYTES * flat.length + (isWide ? 2 : 1) * chars);
    this.#series.push(labels);
  }
}

export const METADATA: MetadataKind<ReadonlyMap<string, readonly MetricMetadata[]>> = {
  createReader: (hold) => new MetricsReader(hold),
  async unite(answers, context) {
    if (answers.length === 1) return answers[0]!;
    const united = new MetricUnion();
    for (const answer of answers) await united.add(answer, context);
    return united.metrics;
  },
};

class MetricsReader implements MetadataReader<ReadonlyMap<string, readonly MetricMetadata[]>> {
  readonly form = 'object';
  readonly maxBytes = MAX_ELEMENT_BYTES;
  readonly #hold: SteppedReservation;
  readonly #metrics = new Map<string, readonly MetricMetadata[]>();

  constructor(hold: SteppedReservation) {
    this.#hold = hold;
  }

  take(value: Buffer, name: string): void {
    const entries = arrayOf(parseSmall(value), 'the entries of a metric').map(parseMetricMetadata);
    this.#hold.add(METRIC_BYTES + name.length + entries.length * ENTRY_BYTES + 2 * value.length);
    this.#metrics.set(name, entries);
  }

  finish(): ReadonlyMap<string, readonly MetricMetadata[]> {
    return this.#metrics;
  }
}

/** Missing members become empty strings. */
function parseMetricMetadata(entry: unknown): MetricMetadata {
  const { type = '', help = '', unit = '' } = recordOf(entry, 'the metadata of a metric');
  return { type: textOf(type, 'type'), help: textOf(help, 'help'), unit: textOf(unit, 'unit') };
}

/** Memory of a metric in the union of several answers, in bytes. */
const UNITED_METRIC_BYTES = 96;

/** The union of the metadata of several servers: entries of each metric, without duplicates, in the order of addition. */
export class MetricUnion {
  readonly metrics = new Map<string, MetricMetadata[]>();

  async add(
    answer: ReadonlyMap<string, readonly MetricMetadata[]>,
    { pacer, memory }: UniteContext,
  ): Promise<void> {
    memory.reserve('merging', UNITED_METRIC_BYTES * answer.size);
    let count = 0;
    for (const [name, entries] of answer) {
      if (++count % PACED_EACH === 0 && pacer.due) await pacer.pause();
      const known = this.metrics.get(name);
      if (known === undefined) this.metrics.set(name, withoutDuplicates([], entries));
      else withoutDuplicates(known, entries);
    }
  }
}

/** Adds the entries that `known` lacks to it. */
function withoutDuplicates(known: MetricMetadata[], entries: readonly MetricMetadata[]): MetricMetadata[] {
  const [only] = entries;
  if (known.length === 0 && entries.length === 1) {
    known.push(only!);
    return known;
  }
  const keys = new Set(known.map(keyOf));
  for (const entry of entries) {
    const key = keyOf(entry);
    if (keys.has(key)) continue;
    keys.add(key);
    known.push(entry);
  }
  return known;
}

function keyOf({ type, help, unit }: MetricMetadata): string {
  return JSON.stringify([type, help, unit]);
}

/** Reads `data` as one document, such as a status page. It is not counted beyond its size limit of the request. */
export function documentReader<T>(
  hold: SteppedReservation,
  maxBytes: number,
  parse: (data: unknown, pacer: Pacer) => T | Promise<T>,
): MetadataReader<T> {
  let document: Buffer | undefined;
  return {
    form: 'value',
    maxBytes,
    take(value) {
      // Values share buffers of up to twice their size.
      hold.add(2 * value.length);
      document = value;
    },
    async finish(pacer) {
      const bytes = document!;
      document = undefined;
      const data = await parsePaced(bytes, pacer, (added) => {
        // The readers of documents copy objects, but not strings.
        hold.add(1.5 * added);
      });
      return parse(data, pacer);
    },
  };
}

/** Memory of a string in the union of several answers, in bytes. */
const UNITED_BYTES = 48;

async function uniteStrings(
  answers: readonly (readonly string[])[],
  { pacer, memory }: UniteContext,
): Promise<readonly string[]> {
  if (answers.length === 1) return answers[0]!;
  const united = new Set<string>();
  for (const answer of answers) {
    for (const [i, text] of answer.entries()) {
      if (i % PACED_EACH === 0) {
        memory.reserve('merging', UNITED_BYTES * Math.min(PACED_EACH, answer.length - i));
        if (pacer.due) await pacer.pause();
      }
      united.add(text);
    }
  }
  return [...united];
}
