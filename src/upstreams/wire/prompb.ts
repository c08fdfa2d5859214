// Fields of Prometheus' protocol buffers. Source: prometheus, prompb/types.proto.

import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

import { invalidAnswer } from '../../json/index.js';
import { Labels, PromfedError } from '../../model/index.js';

/**
 * Calls `read` for each field of a message. `read` must read or skip the field.
 *
 * @throws PromfedError `upstream` when the message is invalid; a PromfedError of `read`.
 */
export function readFields(
  message: Uint8Array,
  read: (number: number, wireType: WireType, reader: BinaryReader) => void,
): void {
  const reader = new BinaryReader(message);
  try {
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag();
      read(number, wireType, reader);
    }
  } catch (thrown) {
    if (thrown instanceof PromfedError) throw thrown;
    throw invalidBuffer(thrown);
  }
}

function invalidBuffer(cause: unknown): PromfedError {
  return invalidAnswer('malformed protocol buffer', { cause });
}

/**
 * Yields the messages in the fields with the number `wanted`, in order, as views of `message`.
 *
 * @throws PromfedError `upstream` when an invalid field is reached.
 */
export function* messagesOf(message: Uint8Array, wanted: number): Generator<Uint8Array, void, undefined> {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const found = nextMessage(reader, wanted);
    if (found !== undefined) yield found;
  }
}

function nextMessage(reader: BinaryReader, wanted: number): Uint8Array | undefined {
  try {
    const [number, wireType] = reader.tag();
    if (number === wanted && wireType === WireType.LengthDelimited) return reader.bytes();
    reader.skip(wireType);
    return undefined;
  } catch (thrown) {
    throw invalidBuffer(thrown);
  }
}

/** Returns the labels of a series: field 1 in every message of a series. */
export function labelsOf(message: Uint8Array): Labels {
  const pairs: [string, string][] = [];
  for (const label of messagesOf(message, 1)) pairs.push(labelOf(label));
  return Labels.of(pairs);
}

/** Label: name = 1, value = 2. */
function labelOf(message: Uint8Array): [string, string] {
  let name = '';
  let value = '';
  readFields(message, (number, wireType, reader) => {
    if (number === 1 && wireType === WireType.LengthDelimited) name = reader.string();
    else if (number === 2 && wireType === WireType.LengthDelimited) value = reader.string();
    else reader.skip(wireType);
  });
  if (name === '') throw invalidAnswer('a label has no name');
  return [name, value];
}

/**
 * Reads a double, and from its bits whether it is Prometheus' stale marker: JavaScript does not preserve the payload of
 * a NaN. Source: Prometheus, model/value (`StaleNaN`).
 */
export function readDouble(
  message: Uint8Array,
  reader: BinaryReader,
): { readonly value: number; readonly isStale: boolean } {
  const at = message.byteOffset + reader.pos;
  const value = reader.double();
  const bits = new DataView(message.buffer, at, 8);
  return { value, isStale: isStaleMarker(bits.getUint32(4, true), bits.getUint32(0, true)) };
}

/** Reports whether these are the upper and lower halves of the stale marker. */
export function isStaleMarker(high: number, low: number): boolean {
  return high === 0x7ff00000 && low === 2;
}

/**
 * Converts an integer of 64 bits to a number.
 *
 * @throws PromfedError `upstream` when it is beyond 2^53 and would be rounded.
 */
export function exactInteger(value: number | bigint | string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw invalidAnswer('an integer is beyond 2^53');
  return number;
}
