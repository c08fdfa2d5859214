// Joins streams that hold copies of the same series, so that each series comes once.

import type { FrameStream, SeriesFrame } from '../json/index.js';
import { Labels, PromfedError } from '../model/index.js';
import { UNCOUNTED_MEMORY, type MemoryAccount } from '../runtime/index.js';
import { fingerprint } from './fingerprint.js';
import { ReadAhead } from './read-ahead.js';

/** Two copies' samples as one. */
export type MergeCopies = (a: Uint8Array, b: Uint8Array, labels: Labels) => Uint8Array;

export interface MergeLimits {
  /** What may be held of series whose other copies have not come yet, in bytes. */
  readonly maxHeldBytes: number;
  /** How much is read before the streams' order is relied on, in bytes of all streams together. */
  readonly lookAheadBytes: number;
  /** Account for the held bytes. Default: not counted. */
  readonly memory?: MemoryAccount | undefined;
}

const MAX_BATCH = 512;
/** What a label is taken to weigh. */
const LABEL_BYTES = 64;
/** What the number of a series that was sent is taken to weigh. */
const NUMBER_BYTES = 40;
/** Samples that are held are copied out of their chunk when they are smaller than this, a fourth of a usual chunk. */
const MIN_UNCOPIED_BYTES = 16 << 10;

type Batches = AsyncGenerator<readonly SeriesFrame[], void, undefined>;

/**
 * Every series of any stream, once, its copies merged in the order of the streams.
 *
 * What fits into the look-ahead is joined whole. Of larger answers nothing but their order is used: while every
 * stream ascends strictly by `Labels.compare`, copies meet at the streams' heads and only heads are held.
 * When a stream breaks that order, or has none from the start, series are held until every stream
 * has sent its copy or has ended; streams with the same order, whichever it is, hold little then too.
 *
 * No series is ever sent twice: a number is kept for each one that was sent.
 *
 * Throws PromfedError `upstream` when a copy comes after its series was sent, which needs a stream that sends a series
 * twice or breaks its order late; `limit` when more would have to be held than may be.
 */
export async function* mergeUnordered(
  streams: readonly FrameStream[],
  merge: MergeCopies,
  limits: MergeLimits,
): Batches {
  const ahead = new ReadAhead(streams);
  ahead.start();
  const cursors = streams.map((_, i) => new Cursor(i, ahead));
  const join = new Join(cursors, merge, limits);
  const isSmall = await join.lookAhead();
  if (!isSmall) yield* join.byOrder();
  yield* join.byName();
}

/** A stream's frames one by one. */
class Cursor {
  readonly stream: number;
  readonly #ahead: ReadAhead;
  #queue: readonly SeriesFrame[] = [];
  #next = 0;
  #previous: Labels | undefined;
  ended = false;
  /** Whether every frame so far came after the one before it. */
  ascends = true;

  constructor(stream: number, ahead: ReadAhead) {
    this.stream = stream;
    this.#ahead = ahead;
  }

  /** The frame that `take` would take; undefined when a batch must be loaded first. */
  get head(): SeriesFrame | undefined {
    return this.#queue[this.#next];
  }

  get mustWait(): boolean {
    return this.head === undefined && !this.ended && !this.#ahead.isReady(this.stream);
  }

  /** Makes `head` the next frame, or `ended` true. */
  async load(): Promise<void> {
    if (this.head !== undefined || this.ended) return;
    const batch = await this.#ahead.take(this.stream);
    if (batch === undefined) this.ended = true;
    else this.#begin(batch);
  }

  /** Adds one more batch behind what is there already; returns its weight in bytes, 0 at the end. */
  async loadMore(): Promise<number> {
    const batch = await this.#ahead.take(this.stream);
    if (batch === undefined) {
      // What is queued is still to be read.
      this.ended = this.head === undefined;
      return 0;
    }
    const rest = this.#queue.slice(this.#next);
    this.#begin(batch);
    if (rest.length > 0) this.#queue = [...rest, ...batch];
    return batch.reduce((sum, frame) => sum + weigh(frame), 0);
  }

  take(): SeriesFrame {
    return this.#queue[this.#next++]!;
  }

  #begin(batch: readonly SeriesFrame[]): void {
    for (const { labels } of batch) {
      if (this.#previous !== undefined && Labels.compare(this.#previous, labels) >= 0) this.ascends = false;
      this.#previous = labels;
    }
    this.#queue = batch;
    this.#next = 0;
  }
}

/** A series some of whose copies may still come. */
interface Held {
  readonly labels: Labels;
  readonly copies: (Uint8Array | undefined)[];
}

class Join {
  readonly #cursors: readonly Cursor[];
  readonly #merge: MergeCopies;
  readonly #limits: MergeLimits;
  readonly #memory: MemoryAccount;
  readonly #sent = new Set<number>();
  readonly #held = new Map<string, Held>();
  #heldBytes = 0;
  /** Copies that still point into their chunks, of series that are held or were. */
  #uncopied: { readonly held: Held; readonly stream: number }[] = [];
  /** What was read ahead; given back with the first batch, which is most of it. */
  #aheadBytes = 0;
  #batch: SeriesFrame[] = [];

  constructor(cursors: readonly Cursor[], merge: MergeCopies, limits: MergeLimits) {
    this.#cursors = cursors;
    this.#merge = merge;
    this.#limits = limits;
    this.#memory = limits.memory ?? UNCOUNTED_MEMORY;
  }

  /** Reads ahead of all streams in turn; true when all of them ended within the look-ahead. */
  async lookAhead(): Promise<boolean> {
    let bytes = 0;
    let open = this.#cursors;
    while (open.length > 0 && bytes <= this.#limits.lookAheadBytes) {
      const still: Cursor[] = [];
      for (const cursor of open) {
        const more = await cursor.loadMore();
        bytes += more;
        this.#memory.reserve('merging', more);
        if (more > 0) still.push(cursor);
      }
      open = still;
    }
    this.#aheadBytes = bytes;
    return open.length === 0;
  }

  /** Goes on by the streams' order, until they end or one breaks it. */
  async *byOrder(): AsyncGenerator<readonly SeriesFrame[], void, undefined> {
    while (this.#cursors.every((cursor) => cursor.ascends)) {
      for (const cursor of this.#cursors) {
        if (cursor.mustWait && this.#batch.length > 0) yield this.#takeBatch();
        await cursor.load();
      }
      if (!this.#cursors.every((cursor) => cursor.ascends)) break;
      let least: Labels | undefined;
      for (const { head } of this.#cursors) {
        if (head === undefined) continue;
        if (least === undefined || Labels.compare(head.labels, least) < 0) least = head.labels;
      }
      if (least === undefined) break;
      const copies: Uint8Array[] = [];
      for (const cursor of this.#cursors) {
        if (cursor.head === undefined || Labels.compare(cursor.head.labels, least) !== 0) continue;
        copies.push(cursor.take().samples);
      }
      this.#send(least, copies);
      if (this.#batch.length >= MAX_BATCH) yield this.#takeBatch();
    }
  }

  /** Goes on by holding each series until all its copies are there. */
  async *byName(): AsyncGenerator<readonly SeriesFrame[], void, undefined> {
    let open = [...this.#cursors];
    while (open.length > 0) {
      for (const cursor of open) {
        if (cursor.mustWait && this.#batch.length > 0) yield this.#takeBatch();
        if (cursor.head === undefined) this.#copyHeld();
        await cursor.load();
        if (cursor.head === undefined) this.#sendComplete();
        else this.#hold(cursor.take(), cursor.stream);
      }
      if (this.#batch.length >= MAX_BATCH) yield this.#takeBatch();
      open = open.filter((cursor) => !cursor.ended);
    }
    if (this.#batch.length > 0) yield this.#takeBatch();
  }

  #hold(frame: SeriesFrame, stream: number): void {
    const { labels, samples } = frame;
    const key = labels.key;
    const known = this.#held.get(key);
    if (known?.copies[stream] !== undefined) throw cameTwice(labels);
    const held = known ?? { labels, copies: this.#cursors.map(() => undefined) };
    held.copies[stream] = samples;
    if (this.#isComplete(held)) {
      if (known !== undefined) this.#drop(key, held, stream);
      this.#send(labels, held.copies);
      return;
    }
    if (samples.length < MIN_UNCOPIED_BYTES) this.#uncopied.push({ held, stream });
    if (known === undefined) this.#held.set(key, held);
    this.#memory.reserve('merging', weigh(frame));
    this.#heldBytes += weigh(frame);
    if (this.#heldBytes > this.#limits.maxHeldBytes) {
      throw new PromfedError(
        'limit',
        `merging replicas would hold more than ${this.#limits.maxHeldBytes} bytes: ` +
          'their answers differ in order or in series',
      );
    }
  }

  /**
   * Before more is read: a small part of a chunk would keep the whole of it. Most series are complete by then, and copied
   * for nothing if it were done when they come.
   */
  #copyHeld(): void {
    for (const { held, stream } of this.#uncopied) {
      const samples = held.copies[stream];
      if (samples !== undefined && this.#held.has(held.labels.key))
        held.copies[stream] = Buffer.from(samples);
    }
    this.#uncopied = [];
  }

  /** After a stream ended: the series that waited for nobody else. */
  #sendComplete(): void {
    for (const [key, held] of this.#held) {
      if (!this.#isComplete(held)) continue;
      this.#drop(key, held, -1);
      this.#send(held.labels, held.copies);
    }
  }

  #isComplete({ copies }: Held): boolean {
    return this.#cursors.every(({ ended, stream }) => ended || copies[stream] !== undefined);
  }

  /** Holds a series no longer; the copy of `stream` was not counted. */
  #drop(key: string, { labels, copies }: Held, stream: number): void {
    this.#held.delete(key);
    copies.forEach((samples, i) => {
      if (samples === undefined || i === stream) return;
      this.#heldBytes -= weigh({ labels, samples });
      this.#memory.release('merging', weigh({ labels, samples }));
    });
  }

  #send(labels: Labels, copies: readonly (Uint8Array | undefined)[]): void {
    const number = fingerprint(labels);
    if (this.#sent.has(number)) throw cameTwice(labels);
    this.#sent.add(number);
    let samples: Uint8Array | undefined;
    for (const copy of copies) {
      if (copy === undefined) continue;
      samples = samples === undefined ? copy : this.#merge(samples, copy, labels);
    }
    this.#batch.push({ labels, samples: samples! });
  }

  #takeBatch(): readonly SeriesFrame[] {
    const batch = this.#batch;
    this.#batch = [];
    this.#memory.release('merging', this.#aheadBytes);
    this.#aheadBytes = 0;
    this.#memory.reserve('merging', batch.length * NUMBER_BYTES);
    return batch;
  }
}

function weigh({ labels, samples }: SeriesFrame): number {
  return samples.length + LABEL_BYTES * (labels.size + 1);
}

function cameTwice(labels: Labels): PromfedError {
  return new PromfedError(
    'upstream',
    `invalid answer: the series ${labels.toString()} came again after it was merged`,
  );
}
