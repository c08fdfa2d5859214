// Streams of series frames.

import { EMPTY_TRAILER, type ResponseTrailer, type SeriesFrame, unionTrailers } from '../frame.js';
import { GeneratedStream, type PullStream } from './pull-stream.js';

/**
 * Series frames in batches, as they arrive; a batch is never empty. A scalar or a string is one frame without labels
 * whose samples are `"value":[time,"…"]`.
 *
 * `next` rejects with a PromfedError when the upstream's answer is an error, is incomplete or breaks the API's rules.
 */
export interface FrameStream extends PullStream<readonly SeriesFrame[]> {
  /** Complete once `next` has returned undefined. Unspecified before that, and after a failure or `close`. */
  readonly trailer: ResponseTrailer;
}

/** Changes and observes the frames of one stream. Functions that are left out change nothing. */
export interface FrameTransform {
  /** Returns the frames that the reader receives in place of a batch. An empty batch is skipped. */
  map?(batch: readonly SeriesFrame[]): readonly SeriesFrame[];
  /** Called at the end of the stream. Returns the trailer that the reader receives. */
  finish?(trailer: ResponseTrailer): ResponseTrailer;
  /**
   * Called when the stream, `map` or `finish` fails. Throws the error that the reader receives, or returns the
   * trailer with which the stream ends.
   */
  fail?(thrown: unknown): ResponseTrailer;
  /** Called once when the stream is over: after `finish` or `fail`, or when the reader closes it. */
  close?(): void;
}

/** The frames of a stream, changed batch by batch. Takes ownership of `frames`. */
export function transformFrames(frames: FrameStream, transform: FrameTransform): FrameStream {
  return new TransformedFrames(frames, transform);
}

class TransformedFrames implements FrameStream {
  readonly #frames: FrameStream;
  readonly #transform: FrameTransform;
  #ended = false;
  #trailer = EMPTY_TRAILER;

  constructor(frames: FrameStream, transform: FrameTransform) {
    this.#frames = frames;
    this.#transform = transform;
  }

  get trailer(): ResponseTrailer {
    return this.#trailer;
  }

  async next(): Promise<readonly SeriesFrame[] | undefined> {
    const transform = this.#transform;
    while (!this.#hasEnded()) {
      try {
        const batch = await this.#frames.next();
        if (this.#hasEnded()) break;
        if (batch === undefined) {
          const { trailer } = this.#frames;
          this.#trailer = transform.finish?.(trailer) ?? trailer;
          this.close();
          break;
        }
        const mapped = transform.map?.(batch) ?? batch;
        if (mapped.length > 0) return mapped;
      } catch (thrown) {
        if (!this.#hasEnded()) this.#fail(thrown);
      }
    }
    return undefined;
  }

  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#transform.close?.();
    this.#frames.close();
  }

  #fail(thrown: unknown): void {
    try {
      if (this.#transform.fail === undefined) throw thrown;
      this.#trailer = this.#transform.fail(thrown);
    } finally {
      this.close();
    }
  }

  /** A method, because the stream may be closed while `next` waits. */
  #hasEnded(): boolean {
    return this.#ended;
  }
}

/** Frames whose stream is created when they are first read or closed: those of small answers are often not read. */
export class DeferredFrames implements FrameStream {
  readonly #create: () => FrameStream;
  #frames: FrameStream | undefined;

  constructor(create: () => FrameStream) {
    this.#create = create;
  }

  get trailer(): ResponseTrailer {
    return this.#opened().trailer;
  }

  next(): Promise<readonly SeriesFrame[] | undefined> {
    return this.#opened().next();
  }

  close(): void {
    this.#opened().close();
  }

  #opened(): FrameStream {
    return (this.#frames ??= this.#create());
  }
}

/** Frames that a generator creates from other streams. The trailer is the union of theirs. Takes ownership of them. */
export class GeneratedFrames extends GeneratedStream<readonly SeriesFrame[]> implements FrameStream {
  readonly #streams: readonly FrameStream[];

  constructor(
    streams: readonly FrameStream[],
    generator: AsyncGenerator<readonly SeriesFrame[], void, undefined>,
  ) {
    super(streams, generator);
    this.#streams = streams;
  }

  get trailer(): ResponseTrailer {
    return unionTrailers(this.#streams.map(({ trailer }) => trailer));
  }
}
