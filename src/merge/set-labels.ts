// Sets a group's labels on the series of one stream.

import {
  EMPTY_TRAILER,
  type FrameStream,
  type ResponseTrailer,
  invalidAnswer,
  type SeriesFrame,
  transformFrames,
} from '../json/index.js';
import { Labels, PromfedError } from '../model/index.js';
import { fingerprint } from './fingerprint.js';

const NOTHING = new Float64Array(0);

/** Receives the error of a series whose labels cannot be set. Throws, or accepts that this series and all later ones are lost. */
export type LostSeries = (thrown: unknown) => void;

/** Callbacks for the end of the series of one stream. */
export interface SeriesEnd {
  /**
   * Called when the labels of a series cannot be set. If it returns, the series of this stream end before that one. Default:
   * throws the error.
   */
  readonly fail?: LostSeries;
  /** Called with the trailer when all series are in the result. Not called after `fail`. */
  readonly end?: (trailer: ResponseTrailer) => void;
}

/**
 * Sets `extra` on every series, over labels of the same names. Samples and order stay the same. Takes ownership of
 * `frames`.
 *
 * @throws PromfedError when the stream is read: `execution` when two series become equal, which requires that the region
 *   itself sends labels of these names; `upstream` when a series is repeated.
 */
export function setLabels(frames: FrameStream, extra: Labels, { fail, end }: SeriesEnd = {}): FrameStream {
  const setter = new LabelSetter(extra);
  return transformFrames(frames, {
    map(batch) {
      const labelled = setter.setAll(batch, fail);
      if (setter.hasFailed) frames.close();
      return labelled;
    },
    finish(trailer) {
      if (setter.hasFailed) return EMPTY_TRAILER;
      end?.(trailer);
      return trailer;
    },
  });
}

/** Two series of one region become equal when the labels of its group are set. */
export class SeriesCollision extends PromfedError {}

/** Returns the `execution` error of two series that become `final` when the labels `extra` are set. */
export function seriesCollision(final: Labels, extra: Labels): SeriesCollision {
  return new SeriesCollision(
    'execution',
    `two series become ${final.toString()} when the labels ${extra.toString()} are set: ` +
      'the region sends labels with these names itself',
  );
}

/**
 * Sets labels on the series of one stream, and detects equal series.
 *
 * Series whose labels ascend, without the names that are set, are distinct. While they ascend, only a fingerprint of each
 * is recorded, in 8 bytes. The first series that is out of order turns the records into a set, in which it and all later
 * series are looked up.
 */
export class LabelSetter {
  readonly #extra: Labels;
  readonly #names: ReadonlySet<string>;
  #recorded = NOTHING;
  #count = 0;
  /** The previous series without the names that are set. */
  #previous: Labels | undefined;
  /** Fingerprints of all series, once one was out of order. */
  #fingerprints: Set<number> | undefined;
  /** True once a series carried a label with one of the names that are set. */
  #carried = false;
  #hasFailed = false;

  constructor(extra: Labels) {
    this.#extra = extra;
    this.#names = new Set(extra.names());
  }

  /** True after `setAll` lost series. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /**
   * Returns the stream's next series with their labels set.
   *
   * @param fail see `SeriesEnd`. If it returns, the result ends before the series whose labels cannot be set.
   * @throws PromfedError see `set`.
   */
  setAll(frames: readonly SeriesFrame[], fail?: LostSeries): readonly SeriesFrame[] {
    const labelled: SeriesFrame[] = [];
    for (const { labels, samples } of frames) {
      try {
        labelled.push({ labels: this.set(labels), samples });
      } catch (thrown) {
        if (fail === undefined) throw thrown;
        fail(thrown);
        this.#hasFailed = true;
        break;
      }
    }
    return labelled;
  }

  /**
   * Returns the labels of the stream's next series with the extra labels set.
   *
   * @throws PromfedError when an earlier series of the stream has the same labels: `execution` when series carry labels
   *   with the names that are set, otherwise `upstream`.
   */
  set(labels: Labels): Labels {
    const carries = this.#names.size > 0 && this.#carries(labels);
    if (carries) this.#carried = true;
    const final = this.#names.size > 0 ? labels.with(this.#extra) : labels;
    const rest = carries ? labels.drop(this.#names) : labels;
    if (this.#fingerprints === undefined) {
      if (this.#previous === undefined || Labels.compare(this.#previous, rest) < 0) {
        this.#previous = rest;
        this.#record(fingerprint(rest));
        return final;
      }
      this.#fingerprints = new Set(this.#recorded.subarray(0, this.#count));
    }
    const hash = fingerprint(rest);
    if (this.#fingerprints.has(hash)) throw this.#duplicate(final);
    this.#fingerprints.add(hash);
    return final;
  }

  #duplicate(final: Labels): PromfedError {
    return this.#carried
      ? seriesCollision(final, this.#extra)
      : invalidAnswer(`duplicate series ${final.toString()}`);
  }

  #carries(labels: Labels): boolean {
    const flat = labels.flat;
    for (let i = 0; i < flat.length; i += 2) if (this.#names.has(flat[i]!)) return true;
    return false;
  }

  #record(hash: number): void {
    if (this.#count === this.#recorded.length) {
      const larger = new Float64Array(Math.max(64, this.#count * 2));
      larger.set(this.#recorded);
      this.#recorded = larger;
    }
    this.#recorded[this.#count++] = hash;
  }
}
