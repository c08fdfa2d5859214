// The message of remote write 2.0. Source: Prometheus, prompb/io/prometheus/write/v2/types.proto.

import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

import type { WriteSeries } from './write-series.js';
import { writeHistogram } from './histogram-message.js';
import { writeSample } from './sample-message.js';

/** Encodes `io.prometheus.write.v2.Request`, without compression. */
export function encodeWriteRequestV2(series: readonly WriteSeries[]): Uint8Array {
  const symbols = new SymbolTable();
  const references = series.map(({ labels }) => labels.flat.map((text) => symbols.referenceTo(text)));
  const writer = new BinaryWriter();
  for (const text of symbols) writer.tag(4, WireType.LengthDelimited).string(text);
  for (const [i, { samples }] of series.entries()) {
    writer.tag(5, WireType.LengthDelimited).fork();
    writeSeries(writer, references[i]!, samples);
    writer.join();
  }
  return writer.finish();
}

/** TimeSeries: labels_refs = 1, samples = 2, histograms = 3. Metadata is missing: rules have none. */
function writeSeries(
  writer: BinaryWriter,
  references: readonly number[],
  samples: WriteSeries['samples'],
): void {
  writer.tag(1, WireType.LengthDelimited).fork();
  for (const reference of references) writer.uint32(reference);
  writer.join();
  for (const { timeMs, value } of samples) {
    if (typeof value === 'object') {
      writer.tag(3, WireType.LengthDelimited).fork();
      writeHistogram(writer, timeMs, value);
    } else {
      writer.tag(2, WireType.LengthDelimited).fork();
      writeSample(writer, timeMs, value);
    }
    writer.join();
  }
}

/** The distinct strings of a request. The first one is empty, as the protocol requires. */
class SymbolTable implements Iterable<string> {
  /** Positions of the strings, in the order of their insertion. */
  readonly #references = new Map([['', 0]]);

  referenceTo(text: string): number {
    let reference = this.#references.get(text);
    if (reference === undefined) this.#references.set(text, (reference = this.#references.size));
    return reference;
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#references.keys();
  }
}
