// Merges streams that hold copies of the same series in any order, so that each series comes once.

import { type FrameStream, invalidAnswer, type SeriesFrame } from '../json/index.js';
import { Labels, PromfedError, type StopSignal } from '../model/index.js';
import { Cancellation, Pacer, UNCOUNTED_MEMORY, type MemoryAccount } from '../runtime/index.js';
import { fingerprint } from './fingerprint.js';
import { FrameCursor, frameWeight } from './frame-cursor.js';
import { ReadAhead } from './read-ahead.js';

/** The means of a merge: it runs in time slices, and accounts for what it creates. */
interface MergeContext {
  readonly pacer: Pacer;
  readonly memory: MemoryAccount;
}

/** Merges the samples of two copies of a series. Returns a promise for large ones. */
export type MergeCopies = (
  a: Uint8Array,
  b: Uint8Array,
  labels: Labels,
  context: MergeContext,
) => Uint8Array | Promise<Uint8Array>;

export interface MergeLimits {
  /** Maximum size of held series, whose other copies have not arrived yet, in bytes. */
  readonly maxHeldBytes: number;
  /** Bytes of all streams together that are read before the merge relies on the streams' order. */
  readonly lookAheadBytes: number;
  /** Account for the held bytes. Default: not counted. */
  readonly memory?: MemoryAccount | undefined;
  /** Ends merges that take long. Default: nothing does. */
  readonly signal?: StopSignal | undefined;
}

/** Number of series from which on a batch is returned. */
const MAX_BATCH = 512;
/** Approximate memory of a fingerprint in a set, in bytes. */
const FINGERPRINT_BYTES = 40;
/** Held samples below this size, a quarter of a usual chunk, are copied so that they do not keep their chunk. */
const MIN_UNCOPIED_BYTES = 16 << 10;

type Batches = AsyncGenerator<readonly SeriesFrame[], void, undefined>;

/**
 * Yields every series of any stream once, its copies merged in the order of the streams.
 *
 * Answers within the look-ahead are merged by name. For larger ones the order of the streams is used: while every stream
 * ascends strictly by `Labels.compare`, copies are the heads of their streams at the same time, and only heads are held.
 * As soon as a stream breaks that order, each series is held until every stream has sent its copy or has ended. Streams
 * with the same order, whatever it is, then hold little as well.
 *
 * A fingerprint of each series is kept, so that no series is sent twice.
 *
 * @throws PromfedError `upstream` when a copy arrives after its series was sent, because a stream repeats a series or
 *   breaks its order late; `limit` when more than `maxHeldBytes` would be held.
 */
export async function* mergeUnordered(
  streams: readonly FrameStream[],
  merge: MergeCopies,
  limits: MergeLimits,
): Batches {
  const ahead = new ReadAhead(streams);
  ahead.start();
  const cursors = streams.map((_, i) => new FrameCursor(i, ahead));
  const unordered = new UnorderedMerge(cursors, merge, limits);
  const isSmall = await unordered.lookAhead();
  if (!isSmall) yield* unordered.byOrder();
  yield* unordered.byName();
}

/** A series with copies that have not arrived yet. */
interface HeldSeries {
  readonly labels: Labels;
  /** By stream. */
  readonly copies: (Uint8Array | undefined)[];
}

class UnorderedMerge {
  readonly #cursors: readonly FrameCursor[];
  readonly #merge: MergeCopies;
  readonly #limits: MergeLimits;
  readonly #memory: MemoryAccount;
  readonly #pacer: Pacer;
  readonly #context: MergeContext;
  readonly #sent = new Set<number>();
  readonly #held = new Map<string, HeldSeries>();
  #heldBytes = 0;
  /** Copies in the memory of their chunks, of series that are or were held. */
  #uncopied: { readonly series: HeldSeries; readonly stream: number }[] = [];
  /** Reserved for the look-ahead. Released with the first batch, which contains most of it. */
  #aheadBytes = 0;
  #batch: SeriesFrame[] = [];

  constructor(cursors: readonly FrameCursor[], merge: MergeCopies, limits: MergeLimits) {
    this.#cursors = cursors;
    this.#merge = merge;
    this.#limits = limits;
    this.#memory = limits.memory ?? UNCOUNTED_MEMORY;
    this.#pacer = new Pacer(limits.signal ?? new Cancellation());
    this.#context = { pacer: this.#pacer, memory: this.#memory };
  }

  /** Reads ahead, one stream after the other. Returns true when all streams ended within the look-ahead. */
  async lookAhead(): Promise<boolean> {
    let bytes = 0;
    let open = this.#cursors;
    while (open.length > 0 && bytes <= this.#limits.lookAheadBytes) {
      const stillOpen: FrameCursor[] = [];
      for (const cursor of open) {
        const more = await cursor.loadMore();
        bytes += more;
        this.#memory.reserve('merging', more);
        if (more > 0) stillOpen.push(cursor);
      }
      open = stillOpen;
    }
    this.#aheadBytes = bytes;
    return open.length === 0;
  }

  /** Merges the heads of the streams until they end or one breaks its order. */
  async *byOrder(): Batches {
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
      const sending = this.#send(least, copies);
      if (sending !== undefined) await sending;
      if (this.#batch.length >= MAX_BATCH) yield this.#takeBatch();
    }
  }

  /** Holds each series until all of its copies have arrived. */
  async *byName(): Batches {
    let open = [...this.#cursors];
    while (open.length > 0) {
      for (const cursor of open) {
        if (cursor.mustWait && this.#batch.length > 0) yield this.#takeBatch();
        if (cursor.head === undefined) this.#copyHeld();
        await cursor.load();
        if (cursor.head === undefined) {
          yield* this.#sendComplete();
          continue;
        }
        const sending = this.#hold(cursor.take(), cursor.stream);
        if (sending !== undefined) await sending;
      }
      if (this.#batch.length >= MAX_BATCH) yield this.#takeBatch();
      open = open.filter((cursor) => !cursor.ended);
    }
    if (this.#batch.length > 0) yield this.#takeBatch();
  }

  /** Sends the series when it is complete. Returns a promise for a large one. */
  #hold(frame: SeriesFrame, stream: number): Promise<void> | undefined {
    const { labels, samples } = frame;
    const key = labels.key;
    const known = this.#held.get(key);
    if (known?.copies[stream] !== undefined) throw repeated(labels);
    const series = known ?? { labels, copies: this.#cursors.map(() => undefined) };
    series.copies[stream] = samples;
    if (this.#isComplete(series)) {
      if (known !== undefined) this.#drop(key, series, stream);
      return this.#send(labels, series.copies);
    }
    if (samples.length < MIN_UNCOPIED_BYTES) this.#uncopied.push({ series, stream });
    if (known === undefined) this.#held.set(key, series);
    const weight = frameWeight(frame);
    this.#memory.reserve('merging', weight);
    this.#heldBytes += weight;
    if (this.#heldBytes > this.#limits.maxHeldBytes) {
      throw new PromfedError(
        'limit',
        `merging replicas would hold more than ${this.#limits.maxHeldBytes} bytes: ` +
          'their series or the order of their series differ',
      );
    }
    return undefined;
  }

  /**
   * Copies held samples out of their chunks, which small ones would keep in memory. Called before the next chunks are
   * read: most series are complete by then and need no copy.
   */
  #copyHeld(): void {
    for (const { series, stream } of this.#uncopied) {
      const samples = series.copies[stream];
      if (samples !== undefined && this.#held.has(series.labels.key)) {
        series.copies[stream] = Buffer.from(samples);
      }
    }
    this.#uncopied = [];
  }

  /** Sends the series that are complete because a stream has ended. */
  async *#sendComplete(): Batches {
    for (const [key, series] of this.#held) {
      if (this.#pacer.due) await this.#pacer.pause();
      if (!this.#isComplete(series)) continue;
      this.#drop(key, series, -1);
      const sending = this.#send(series.labels, series.copies);
      if (sending !== undefined) await sending;
      if (this.#batch.length >= MAX_BATCH) yield this.#takeBatch();
    }
  }

  #isComplete({ copies }: HeldSeries): boolean {
    return this.#cursors.every(({ ended, stream }) => ended || copies[stream] !== undefined);
  }

  /** Ends holding a series. The copy of `stream` was not counted. */
  #drop(key: string, { labels, copies }: HeldSeries, stream: number): void {
    this.#held.delete(key);
    copies.forEach((samples, i) => {
      if (samples === undefined || i === stream) return;
      const weight = frameWeight({ labels, samples });
      this.#heldBytes -= weight;
      this.#memory.release('merging', weight);
    });
  }

  /** Returns a promise when copies are large. */
  #send(labels: Labels, copies: readonly (Uint8Array | undefined)[]): Promise<void> | undefined {
    const hash = fingerprint(labels);
    if (this.#sent.has(hash)) throw repeated(labels);
    this.#sent.add(hash);
    const merged = this.#mergeFrom(0, undefined, copies, labels);
    if (merged instanceof Promise) {
      return merged.then((samples) => {
        this.#batch.push({ labels, samples });
      });
    }
    this.#batch.push({ labels, samples: merged });
    return undefined;
  }

  /** Merges copies from one on with the samples of those before it. */
  #mergeFrom(
    stream: number,
    before: Uint8Array | undefined,
    copies: readonly (Uint8Array | undefined)[],
    labels: Labels,
  ): Uint8Array | Promise<Uint8Array> {
    let samples = before;
    for (let i = stream; i < copies.length; i++) {
      const copy = copies[i];
      if (copy === undefined) continue;
      const merged = samples === undefined ? copy : this.#merge(samples, copy, labels, this.#context);
      if (merged instanceof Promise) {
        return merged.then((done) => this.#mergeFrom(i + 1, done, copies, labels));
      }
      samples = merged;
    }
    return samples!;
  }

  #takeBatch(): readonly SeriesFrame[] {
    const batch = this.#batch;
    this.#batch = [];
    this.#memory.release('merging', this.#aheadBytes);
    this.#aheadBytes = 0;
    this.#memory.reserve('merging', batch.length * FINGERPRINT_BYTES);
    return batch;
  }
}

function repeated(labels: Labels): PromfedError {
  return invalidAnswer(`series ${labels.toString()} was sent again after it was merged`);
}
