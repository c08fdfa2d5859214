// A JSON value that may span chunks.

import { ByteCollector } from './byte-collector.js';
import { ValueScanner } from './value-scanner.js';

/** Finds the end of one value after the other, and collects the bytes of those that span chunks. */
export class SpanningValue {
  readonly #scanner = new ValueScanner();
  readonly #collector = new ByteCollector();
  #name = '';
  #maxBytes = 0;

  /**
   * Starts a value.
   *
   * @param name the value in an error message, such as "a series".
   * @param maxBytes the largest value that is accepted; 0 for a value of any size whose bytes are not kept.
   */
  begin(name: string, maxBytes: number): void {
    this.#scanner.begin();
    this.#name = name;
    this.#maxBytes = maxBytes;
  }

  /**
   * Continues the value at `from`.
   *
   * @returns the index after the value, which `take` then returns; −1 when the chunk ends before it.
   * @throws PromfedError `limit` when the value is too large, `upstream` when it is not JSON.
   */
  scan(chunk: Buffer, from: number): number {
    const end = this.#scanner.feed(chunk, from, chunk.length);
    if (end < 0 && this.#maxBytes > 0) this.collect(chunk, from, chunk.length);
    return end;
  }

  /** Returns the bytes of the value that ends in `chunk`, whose part of it is `[from, end)`. */
  take(chunk: Buffer, from: number, end: number): Buffer {
    if (this.#collector.length === 0) return chunk.subarray(from, end);
    this.collect(chunk, from, end);
    return this.#collector.take();
  }

  /** Collects bytes of the value without scanning them. */
  collect(bytes: Buffer, from: number, to: number): void {
    this.#collector.append(bytes, from, to, this.#maxBytes, this.#name);
  }
}
