// Reads the bits of Prometheus' chunks, most significant first.

import { invalidAnswer } from '../../json/index.js';
import { isStaleMarker } from './prompb.js';

const TWO_32 = 2 ** 32;

/** Number of bits of an integer, by the number of ones before it. A zero ends the ones unless there are eight. */
const VARBIT_SIZES = [0, 3, 6, 9, 12, 18, 25, 56, 64] as const;

/**
 * Reads the bits of a chunk in order.
 *
 * Its methods throw PromfedError `upstream` when the chunk ends too early or an integer is beyond 2^53.
 *
 * Source: Prometheus, tsdb/chunkenc (`bstreamReader`, `readVarbitInt`, `readVarbitUint`).
 */
export class BitReader {
  readonly #bytes: Uint8Array;
  readonly #endBit: number;
  /** Position of the next bit. */
  #bit: number;

  /** @param from position of the first byte. */
  constructor(bytes: Uint8Array, from: number) {
    this.#bytes = bytes;
    this.#endBit = bytes.length * 8;
    this.#bit = from * 8;
  }

  get bitsLeft(): number {
    return this.#endBit - this.#bit;
  }

  bit(): 0 | 1 {
    const at = this.#bit;
    if (at >= this.#endBit) throw truncatedChunk();
    this.#bit = at + 1;
    return ((this.#bytes[at >>> 3]! >>> (7 - (at & 7))) & 1) as 0 | 1;
  }

  /** Reads an unsigned number of `count` bits, up to 32. */
  bits(count: number): number {
    let at = this.#bit;
    const end = at + count;
    if (end > this.#endBit) throw truncatedChunk();
    let value = 0;
    while (at < end) {
      const inByte = 8 - (at & 7);
      const taken = Math.min(inByte, end - at);
      const part = (this.#bytes[at >>> 3]! >>> (inByte - taken)) & ((1 << taken) - 1);
      value = value * (1 << taken) + part;
      at += taken;
    }
    this.#bit = end;
    return value;
  }

  /** Counts leading ones, up to `max`. The zero that ends them is read too. */
  ones(max: number): number {
    let count = 0;
    while (count < max && this.bit() === 1) count++;
    return count;
  }

  /** Reads a number of 64 bits in two's complement. */
  int64(): number {
    const high = this.bits(32) | 0;
    return exact(high * TWO_32 + this.bits(32));
  }

  double(): number {
    const high = this.bits(32);
    return toDouble(high, this.bits(32));
  }

  varbitUint(): number {
    const size = VARBIT_SIZES[this.ones(8)]!;
    return exact(size <= 32 ? this.bits(size) : this.bits(size - 32) * TWO_32 + this.bits(32));
  }

  varbitInt(): number {
    const size = VARBIT_SIZES[this.ones(8)]!;
    if (size <= 32) return toSigned(this.bits(size), size);
    if (size === 64) return this.int64();
    // The sign is found before the halves are joined: a double holds fewer than 56 bits.
    const high = this.bits(size - 32);
    const low = this.bits(32);
    const middle = 2 ** (size - 33);
    const isNegative = high > middle || (high === middle && low > 0);
    return exact((isNegative ? high - 2 * middle : high) * TWO_32 + low);
  }

  /** Reads an unsigned number in groups of seven bits, the least significant group first. */
  uvarint(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.bits(8);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return exact(value);
    }
    throw invalidAnswer('a chunk has a number of more than 64 bits');
  }

  /** Reads a uvarint with the sign in the least significant bit. */
  varint(): number {
    const zigzag = this.uvarint();
    return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
  }
}

/** Returns the signed value of a number of `size` bits: values above the middle of the range are negative. */
export function toSigned(bits: number, size: number): number {
  return size > 0 && bits > 2 ** (size - 1) ? bits - 2 ** size : bits;
}

/** @throws PromfedError `upstream` when a double does not represent the integer exactly. */
export function exact(value: number): number {
  if (!Number.isSafeInteger(value)) {
    throw invalidAnswer('a chunk has an integer beyond 2^53');
  }
  return value;
}

const scratch = new DataView(new ArrayBuffer(8));

function toDouble(high: number, low: number): number {
  scratch.setUint32(0, high);
  scratch.setUint32(4, low);
  return scratch.getFloat64(0);
}

/**
 * A sequence of floats, each encoded as its difference from the previous one.
 *
 * Kept as bits, because the value of a NaN does not show whether it is a stale marker.
 *
 * Source: Prometheus, tsdb/chunkenc/xor.go (`xorRead`).
 */
export class XorFloat {
  #high = 0;
  #low = 0;
  #leading = 0;
  #trailing = 0;

  get value(): number {
    return toDouble(this.#high, this.#low);
  }

  get isStale(): boolean {
    return isStaleMarker(this.#high, this.#low);
  }

  /** Reads the first float, which is not encoded. */
  begin(reader: BitReader): void {
    this.#high = reader.bits(32);
    this.#low = reader.bits(32);
  }

  next(reader: BitReader): void {
    if (reader.bit() === 0) return;
    if (reader.bit() === 1) {
      this.#leading = reader.bits(5);
      // Six bits cannot hold 64; it is encoded as 0.
      const significant = reader.bits(6) || 64;
      if (this.#leading + significant > 64) throw invalidAnswer('a chunk has a float of more than 64 bits');
      this.#trailing = 64 - this.#leading - significant;
    }
    const significant = 64 - this.#leading - this.#trailing;
    // The significant bits are in the upper half, the lower half, or both.
    const upperBits = Math.max(0, Math.min(significant, 32 - this.#leading));
    const lowerBits = significant - upperBits;
    const upper = upperBits === 0 ? 0 : reader.bits(upperBits);
    const lower = lowerBits === 0 ? 0 : reader.bits(lowerBits);
    if (upperBits > 0) {
      const shift = Math.max(0, this.#trailing - 32);
      this.#high = (this.#high ^ (upper << shift)) >>> 0;
    }
    if (lowerBits > 0) this.#low = (this.#low ^ (lower << this.#trailing)) >>> 0;
  }
}

/** Creates the error of a chunk whose data ends before its samples. */
export function truncatedChunk(): Error {
  return invalidAnswer('a chunk ends too early');
}
