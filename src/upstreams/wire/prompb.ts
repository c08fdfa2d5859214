// Fields of Prometheus' protocol buffers. Source: prometheus, prompb/types.proto.

import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

import { invalidAnswer } from '../../json/index.js';
import { Labels, MAX_LABELS, PromfedError } from '../../model/index.js';
import type { Pacer } from '../../runtime/index.js';

/** Reads or skips the field whose tag has been read. */
export type ReadField = (number: number, wireType: WireType, reader: BinaryReader) => void;

/**
 * Calls `read` for each field of a message. `read` must read or skip the field.
 *
 * @throws PromfedError `upstream` when the message is invalid; a PromfedError of `read`.
 */
export function readFields(message: Uint8Array, read: ReadField): void {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) readField(reader, read);
}

/** Number of fields that `walkFields` reads between two checks of the pacer. */
const FIELDS_EACH = 4096;

/** Does the same as `readFields` in time slices, for messages of any size. */
export async function walkFields(message: Uint8Array, pacer: Pacer, read: ReadField): Promise<void> {
  const reader = new BinaryReader(message);
  for (let fields = 1; reader.pos < reader.len; fields++) {
    if (fields % FIELDS_EACH === 0 && pacer.due) await pacer.pause();
    readField(reader, read);
  }
}

function readField(reader: BinaryReader, read: ReadField): void {
  try {
    const [number, wireType] = reader.tag();
    read(number, wireType, reader);
  } catch (thrown) {
    if (thrown instanceof PromfedError) throw thrown;
    throw invalidBuffer(thrown);
  }
}

function invalidBuffer(cause: unknown): PromfedError {
  return invalidAnswer('malformed protocol buffer', { cause });
}

/** Number of other fields after which `messagesOf` yields without a message. */
const MAX_SKIPPED = 4096;

/** Maximum size of the labels of a series in bytes, as in JSON. */
const MAX_LABELS_BYTES = 1 << 20;

/**
 * Yields the messages in the fields with the number `wanted`, in order, as views of `message`. Yields undefined after some
 * thousand other fields, so that the caller may pause.
 *
 * @throws PromfedError `upstream` when an invalid field is reached.
 */
export function* messagesOf(
  message: Uint8Array,
  wanted: number,
): Generator<Uint8Array | undefined, void, undefined> {
  const reader = new BinaryReader(message);
  let skipped = 0;
  while (reader.pos < reader.len) {
    const found = nextMessage(reader, wanted);
    if (found !== undefined) {
      yield found;
    } else if (++skipped === MAX_SKIPPED) {
      skipped = 0;
      yield undefined;
    }
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
export async function readLabels(message: Uint8Array, pacer: Pacer): Promise<Labels> {
  const pairs: [string, string][] = [];
  let bytes = 0;
  for (const label of messagesOf(message, 1)) {
    if (label === undefined) {
      if (pacer.due) await pacer.pause();
      continue;
    }
    // The size of a label besides its texts counts too, because labels may be empty.
    bytes += label.length + 2;
    if (bytes > MAX_LABELS_BYTES) {
      throw invalidAnswer(`the labels of a series exceed ${MAX_LABELS_BYTES} bytes`);
    }
    if (pairs.length === MAX_LABELS) throw invalidAnswer(`a series has more than ${MAX_LABELS} labels`);
    pairs.push(labelOf(label));
  }
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
