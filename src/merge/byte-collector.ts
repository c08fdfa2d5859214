// Collects the bytes of one thing that lies across chunks.

import { PromfedError } from '../model/index.js';

const MIN_CAPACITY = 1024;

/** A growing buffer. Each byte is copied when it comes in, and again whenever the capacity doubles. */
export class ByteCollector {
  #buffer: Buffer | undefined;
  #length = 0;
  /** Series of one answer have about the same size: the last one's is the best guess for the next. */
  #guess = MIN_CAPACITY;

  get length(): number {
    return this.#length;
  }

  /**
   * Adds `bytes[from, to)`.
   *
   * @throws PromfedError `limit` when more than `maxBytes` would be held; `what` names the thing in the message.
   */
  append(bytes: Uint8Array, from: number, to: number, maxBytes: number, what: string): void {
    const length = this.#length + to - from;
    if (length > maxBytes) {
      throw new PromfedError('limit', `${what} of the answer is larger than ${maxBytes} bytes`);
    }
    const buffer = this.#grow(length, maxBytes);
    buffer.set(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to), this.#length);
    this.#length = length;
  }

  /** All that was collected, owned by the caller; the collector is empty afterwards. */
  take(): Buffer {
    const taken = this.#buffer === undefined ? Buffer.alloc(0) : this.#buffer.subarray(0, this.#length);
    this.#guess = Math.max(MIN_CAPACITY, this.#length + (this.#length >> 3));
    this.#buffer = undefined;
    this.#length = 0;
    return taken;
  }

  #grow(length: number, maxBytes: number): Buffer {
    const old = this.#buffer;
    if (old !== undefined && old.length >= length) return old;
    const capacity = Math.max(length, Math.min(maxBytes, old === undefined ? this.#guess : old.length * 2));
    const buffer = Buffer.allocUnsafeSlow(capacity);
    if (old !== undefined) buffer.set(old.subarray(0, this.#length));
    this.#buffer = buffer;
    return buffer;
  }
}
