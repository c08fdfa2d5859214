// Label sets of samples as they are sent, computed once for each series.

import type { Labels, Relabeler } from '../../model/index.js';
import type { Timers } from '../../runtime/index.js';
import type { QueuedSeries } from './queued-sample.js';

/** A series that is not used for one to two of these intervals is forgotten. */
const GENERATION_MS = 600_000;

/** Size of the labels of a generation. A larger one ends early. */
const GENERATION_BYTES = 32 << 20;

/** Size of a label in a request beside its name and value. */
const LABEL_OVERHEAD_BYTES = 12;

export interface SeriesCacheOptions {
  /** Added below the labels of each series, before relabelling. */
  readonly externalLabels: Labels;
  readonly relabeler: Relabeler;
  readonly timers: Timers;
}

export class SeriesCache {
  readonly #externalLabels: Labels;
  readonly #relabeler: Relabeler;
  readonly #timers: Timers;
  /** Series by the key of their source labels; undefined for those that relabelling drops. */
  #current = new Map<string, QueuedSeries | undefined>();
  #previous: ReadonlyMap<string, QueuedSeries | undefined> = new Map();
  #generationEndMs: number;
  #generationBytes = 0;

  constructor({ externalLabels, relabeler, timers }: SeriesCacheOptions) {
    this.#externalLabels = externalLabels;
    this.#relabeler = relabeler;
    this.#timers = timers;
    this.#generationEndMs = timers.now() + GENERATION_MS;
  }

  /** Returns the series of labels; undefined when relabelling drops it. */
  tryGet(source: Labels): QueuedSeries | undefined {
    this.#forgetUnused();
    const { key } = source;
    const known = this.#current.get(key);
    if (known !== undefined || this.#current.has(key)) return known;
    const series = this.#previous.has(key) ? this.#previous.get(key) : this.#create(source);
    this.#current.set(key, series);
    this.#generationBytes += key.length + (series?.bytes ?? 0);
    return series;
  }

  #forgetUnused(): void {
    const nowMs = this.#timers.now();
    if (nowMs < this.#generationEndMs && this.#generationBytes < GENERATION_BYTES) return;
    this.#previous = this.#current;
    this.#current = new Map();
    this.#generationBytes = 0;
    this.#generationEndMs = nowMs + GENERATION_MS;
  }

  #create(source: Labels): QueuedSeries | undefined {
    // Labels of the series override external labels.
    const labels = this.#relabeler.tryRelabel(this.#externalLabels.with(source));
    if (labels === undefined || labels.size === 0) return undefined;
    return { source, labels, hash: hashOf(labels.key), bytes: encodedBytes(labels) };
  }
}

function encodedBytes({ flat, size }: Labels): number {
  return flat.reduce((sum, text) => sum + Buffer.byteLength(text), size * LABEL_OVERHEAD_BYTES);
}

/** FNV-1a over UTF-16 code units, with 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
