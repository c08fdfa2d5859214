// Streams that are read item by item and can be closed at any time.

/** Something that a stream holds and closes with itself. `close` must not throw. */
export interface Closable {
  close(): void;
}

/**
 * A source of items that is read on demand: nothing is read before the first `next`.
 *
 * The owner reads the stream to its end or closes it.
 */
export interface PullStream<T> extends Closable {
  /**
   * Returns the next item, or undefined at the end. One call at a time. The stream is over when a call has rejected:
   * every later call returns undefined.
   */
  next(): Promise<T | undefined>;
  /**
   * Ends the stream and what it reads from at once, whether it was read or not. A `next` that is waiting returns
   * undefined. Closing again, or after the end, does nothing.
   */
  close(): void;
}

/** Bytes in chunks. A chunk belongs to the reader until its next call of `next`: the memory may be reused. */
export type ByteStream = PullStream<Uint8Array>;

/**
 * A stream whose items an async generator yields.
 *
 * A generator alone cannot be closed while it waits: its `return` is queued behind the running `next`, which may wait
 * for a stalled upstream, and before the first `next` it does not even run a `finally` block.
 */
export class GeneratedStream<T> implements PullStream<T> {
  readonly #inputs: readonly Closable[];
  readonly #generator: AsyncGenerator<T, void, undefined>;
  #ended = false;
  /** Ends the waiting `next`. */
  #wake: ((end: undefined) => void) | undefined;

  /**
   * @param inputs closed once, when the generator has ended or failed or when the stream is closed.
   * @param generator not started yet.
   */
  constructor(inputs: readonly Closable[], generator: AsyncGenerator<T, void, undefined>) {
    this.#inputs = inputs;
    this.#generator = generator;
  }

  next(): Promise<T | undefined> {
    if (this.#ended) return Promise.resolve(undefined);
    // Plain callbacks: every batch passes through this, and `await` would create more promises.
    return new Promise((resolve, reject) => {
      this.#wake = resolve;
      this.#generator.next().then(
        (result) => {
          this.#wake = undefined;
          if (result.done === true) this.#end();
          resolve(result.done === true ? undefined : result.value);
        },
        (thrown: unknown) => {
          this.#wake = undefined;
          this.#end();
          reject(thrown instanceof Error ? thrown : new Error(String(thrown)));
        },
      );
    });
  }

  close(): void {
    if (this.#ended) return;
    this.#end();
    this.#wake?.(undefined);
    this.#wake = undefined;
    this.#generator.return().catch(() => undefined);
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const input of this.#inputs) input.close();
  }
}
