// Fields of Prometheus' protocol buffers, read one by one. Source: prometheus, prompb/types.proto.

import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

import { Labels, PromfedError } from '../../model/index.js';

/** An answer that is not what remote read promises. */
export function invalidAnswer(what: string): PromfedError {
  return new PromfedError('upstream', `invalid answer: ${what}`);
}

/**
 * Calls `read` for each field of a message; it reads the field, or skips it.
 *
 * @throws PromfedError `upstream` when the message is none; what `read` throws, if that is a PromfedError.
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
  return new PromfedError('upstream', 'the answer is not a valid protocol buffer', { cause });
}

/**
 * The messages in the fields of this number, in their order, one at a time: views, nothing is copied, and however
 * many there are none is held.
 *
 * @throws PromfedError `upstream` when the message is none, once that shows.
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

/** The labels of a series, which every message of series has in its field 1. */
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
  if (name === '') throw invalidAnswer('a label without a name');
  return [name, value];
}

/**
 * A double, and whether its bits are those of Prometheus' stale marker: told from the bits, for JavaScript does not
 * keep what a NaN carries. Source: Prometheus, model/value (`StaleNaN`).
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

/** Whether these are the upper and the lower half of the stale marker's bits. */
export function isStaleMarker(high: number, low: number): boolean {
  return high === 0x7ff00000 && low === 2;
}
