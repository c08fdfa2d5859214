// Reads several streams at once, each up to one batch ahead of its consumer.

import type { FrameStream, SeriesFrame } from '../json/index.js';

/**
 * Requests a batch of every stream at the start, and the next batch of a stream whenever one is taken. Holds at most one
 * batch of each stream.
 *
 * The first failure of any stream ends every wait, so that a slow stream does not delay it.
 */
export class ReadAhead {
  readonly #streams: readonly FrameStream[];
  readonly #ready: (readonly SeriesFrame[] | undefined)[];
  readonly #ended: boolean[];
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(streams: readonly FrameStream[]) {
    this.#streams = streams;
    this.#ready = streams.map(() => undefined);
    this.#ended = streams.map(() => false);
  }

  /** Starts to read all streams. */
  start(): void {
    this.#streams.forEach((_, i) => {
      this.#request(i);
    });
  }

  /** Reports whether `take(i)` returns without waiting. */
  isReady(i: number): boolean {
    return this.#failure !== undefined || this.#ended[i]! || this.#ready[i] !== undefined;
  }

  /**
   * Returns the next batch of stream `i`, or undefined at its end.
   *
   * @throws the error of any stream that has failed.
   */
  async take(i: number): Promise<readonly SeriesFrame[] | undefined> {
    while (!this.isReady(i)) await this.#change();
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#ended[i]!) return undefined;
    const batch = this.#ready[i]!;
    this.#ready[i] = undefined;
    this.#request(i);
    return batch;
  }

  /** Waits until any stream has returned something. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #request(i: number): void {
    this.#streams[i]!.next().then(
      (batch) => {
        this.#ready[i] = batch;
        if (batch === undefined) this.#ended[i] = true;
        this.#wake?.();
      },
      (error: unknown) => {
        this.#failure ??= { error };
        this.#wake?.();
      },
    );
  }
}
