// The message of remote write 1.0. Source: Prometheus, prompb/remote.proto and prompb/types.proto.

import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

import type { WriteSeries } from './write-series.js';
import { writeHistogram } from './histogram-message.js';
import { writeSample } from './sample-message.js';

/** Encodes `prometheus.WriteRequest`, without compression. */
export function encodeWriteRequestV1(series: readonly WriteSeries[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const one of series) {
    writer.tag(1, WireType.LengthDelimited).fork();
    writeSeries(writer, one);
    writer.join();
  }
  return writer.finish();
}

/** TimeSeries: labels = 1, samples = 2, histograms = 4. */
function writeSeries(writer: BinaryWriter, { labels, samples }: WriteSeries): void {
  const { flat } = labels;
  for (let i = 0; i < flat.length; i += 2) {
    // Label: name = 1, value = 2.
    writer.tag(1, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(flat[i]!);
    writer.tag(2, WireType.LengthDelimited).string(flat[i + 1]!);
    writer.join();
  }
  for (const { timeMs, value } of samples) {
    if (typeof value === 'object') {
      writer.tag(4, WireType.LengthDelimited).fork();
      writeHistogram(writer, timeMs, value);
    } else {
      writer.tag(2, WireType.LengthDelimited).fork();
      writeSample(writer, timeMs, value);
    }
    writer.join();
  }
}
