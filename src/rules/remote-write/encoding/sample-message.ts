// Float samples as messages. The message is the same in both versions of remote write.
// Source: Prometheus, prompb/types.proto and prompb/io/prometheus/write/v2/types.proto (`Sample`).

import { type BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** The bits of the stale marker. JavaScript does not preserve the payload of a NaN. Source: Prometheus, model/value. */
const STALE_MARKER_BITS = 0x7ff0_0000_0000_0002n;

/** The bits of every other NaN. Source: Prometheus, model/value (`NormalNaN`). */
const NORMAL_NAN_BITS = 0x7ff8_0000_0000_0001n;

/** Writes the fields of a sample: value = 1, timestamp = 2. */
export function writeSample(writer: BinaryWriter, timeMs: number, value: number | 'stale'): void {
  writer.tag(1, WireType.Bit64);
  if (value === 'stale') writer.fixed64(STALE_MARKER_BITS);
  else if (Number.isNaN(value)) writer.fixed64(NORMAL_NAN_BITS);
  else writer.double(value);
  writer.tag(2, WireType.Varint).int64(timeMs);
}
