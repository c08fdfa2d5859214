// Protocol buffers on the wire: writing and reading fields, and nothing of what they mean.

import { PromfedError } from '../model/index.js';

/** A field of a message: a number for a varint, eight bytes for a double, bytes for everything else. */
export interface Field {
  readonly number: number;
  /** Of a varint: the value, exact up to 2^53 on either side of zero; otherwise 0. */
  readonly value: number;
  /** Of fixed-width and length-delimited fields; a view. Empty for a varint. */
  readonly bytes: Buffer;
}

const NOTHING = Buffer.alloc(0);

/**
 * The fields of a message in their order.
 *
 * @throws PromfedError `upstream` when the bytes are no message. Source: protobuf.dev, "Encoding".
 */
export function* fieldsOf(message: Buffer): Generator<Field, void, undefined> {
  let at = 0;
  const varint = (): number => {
    let low = 0;
    let high = 0;
    for (let i = 0; i < 10; i++) {
      const byte = message[at++];
      if (byte === undefined) throw broken();
      const bits = byte & 0x7f;
      // The lower 28 bits and the upper 36 apart: numbers hold 53.
      if (i < 4) low += bits * 2 ** (7 * i);
      else high += bits * 2 ** (7 * (i - 4));
      if (byte < 0x80) {
        const isNegative = high >= 2 ** 35;
        return (isNegative ? (high % 2 ** 36) - 2 ** 36 : high) * 2 ** 28 + low;
      }
    }
    throw broken();
  };
  const take = (length: number): Buffer => {
    if (!(length >= 0 && length <= message.length - at)) throw broken();
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0:
        yield { number, value: varint(), bytes: NOTHING };
        break;
      case 1:
        yield { number, value: 0, bytes: take(8) };
        break;
      case 2:
        yield { number, value: 0, bytes: take(varint()) };
        break;
      case 5:
        yield { number, value: 0, bytes: take(4) };
        break;
      default:
        throw broken();
    }
  }
}

/** A varint field; `value` is a whole number, two's complement below zero. */
export function varintField(number: number, value: number): Buffer {
  return Buffer.concat([varintOf(number * 8), varintOf(value)]);
}

export function bytesField(number: number, content: Uint8Array): Buffer {
  return Buffer.concat([varintOf(number * 8 + 2), varintOf(content.length), content]);
}

function varintOf(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

function broken(): PromfedError {
  return new PromfedError('upstream', 'the answer is not a valid protocol buffer');
}
