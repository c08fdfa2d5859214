// Collects the bytes of things that lie across chunks, one after the other.

import { PromfedError } from '../../model/index.js';

const MIN_CAPACITY = 4 << 10;
/** A buffer of its own for each thing would cost more than copying its bytes does. */
const SHARED_CAPACITY = 64 << 10;

const NOTHING = Buffer.alloc(0);

/**
 * A growing buffer. Each byte is copied when it comes in, and again when the buffer it came into is full. What was
 * taken shares buffers of up to 64 KiB with its neighbours.
 */
export class ByteCollector {
  #buffer = NOTHING;
  #start = 0;
  #length = 0;

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
    if (this.#start + length > this.#buffer.length) this.#grow(length, maxBytes);
    const part = from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to);
    this.#buffer.set(part, this.#start + this.#length);
    this.#length = length;
  }

  /** All that was collected, which nobody writes to any more; the collector is empty afterwards. */
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
