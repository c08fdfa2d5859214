// Reads several streams at once, each one batch ahead of its consumer.

import type { FrameStream, SeriesFrame } from '../json/index.js';

/**
 * One batch of each stream is asked for at the start, and the next one when a batch is taken, so that every upstream
 * is read while another one is waited for. Never more than one batch a stream is held here.
 *
 * The first failure of any stream ends every wait: nobody waits for a slow stream when another one has failed.
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

  /** Begins to read all streams. */
  start(): void {
    this.#streams.forEach((_, i) => {
      this.#ask(i);
    });
  }

  /** Whether `take(i)` answers without waiting. */
  isReady(i: number): boolean {
    return this.#failure !== undefined || this.#ended[i]! || this.#ready[i] !== undefined;
  }

  /**
   * The next batch of stream `i`; undefined after its end.
   *
   * @throws what any of the streams threw.
   */
  async take(i: number): Promise<readonly SeriesFrame[] | undefined> {
    while (!this.isReady(i)) await this.#settled();
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#ended[i]!) return undefined;
    const batch = this.#ready[i]!;
    this.#ready[i] = undefined;
    this.#ask(i);
    return batch;
  }

  #settled(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #ask(i: number): void {
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
