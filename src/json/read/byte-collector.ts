// Collects the bytes of values that span chunks.

import { PromfedError } from '../../model/index.js';

const MIN_CAPACITY = 4 << 10;
/** Values share buffers of this size: a buffer for each one would cost more than copying its bytes. */
const SHARED_CAPACITY = 64 << 10;

const NOTHING = Buffer.alloc(0);

/**
 * A growing buffer for one value after the other. Each byte is copied when it is appended, and again when its buffer is
 * full. Values share buffers of up to 64 KiB.
 */
export class ByteCollector {
  #buffer = NOTHING;
  #start = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /**
   * Appends `bytes[from, to)`.
   *
   * @param name the value in the error message, such as "a series".
   * @throws PromfedError `limit` when the value would exceed `maxBytes`.
   */
  append(bytes: Uint8Array, from: number, to: number, maxBytes: number, name: string): void {
    const length = this.#length + to - from;
    if (length > maxBytes) {
      throw new PromfedError('limit', `${name} of the answer exceeds ${maxBytes} bytes`);
    }
    if (this.#start + length > this.#buffer.length) this.#grow(length, maxBytes);
    const part = from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to);
    this.#buffer.set(part, this.#start + this.#length);
    this.#length = length;
  }

  /** Returns the collected bytes, which are never written to again, and starts the next value. */
  take(): Buffer {
    const end = this.#start + this.#length;
    const taken = this.#buffer.subarray(this.#start, end);
    this.#start = end;
    this.#length = 0;
    return taken;
  }

  #grow(length: number, maxBytes: number): void {
    const shared = Math.min(SHARED_CAPACITY, Math.max(MIN_CAPACITY, this.#buffer.length * 2));
    const capacity = length > shared ? Math.max(length, Math.min(maxBytes, length * 2)) : shared;
    const buffer = Buffer.allocUnsafeSlow(capacity);
    buffer.set(this.#buffer.subarray(this.#start, this.#start + this.#length));
    this.#buffer = buffer;
    this.#start = 0;
  }
}
