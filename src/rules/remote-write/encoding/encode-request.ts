// Requests of remote write: body and headers. Source: Prometheus, docs/specs/remote_write_spec.md and
// remote_write_spec_2_0.md.

import { compress, compressSync } from 'snappy';

import type { RemoteWriteSettings } from '../../../config/index.js';
import { encodeWriteRequestV1 } from './write-request-v1.js';
import { encodeWriteRequestV2 } from './write-request-v2.js';
import type { WriteSeries } from './write-series.js';

export type Protocol = RemoteWriteSettings['protocol'];

export interface EncodedRequest {
  readonly protocol: Protocol;
  /** name0, value0, name1, value1, … */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
}

const ENCODERS: Readonly<Record<Protocol, (series: readonly WriteSeries[]) => Uint8Array>> = {
  '1.0': encodeWriteRequestV1,
  '2.0': encodeWriteRequestV2,
};

const HEADERS: Readonly<Record<Protocol, readonly string[]>> = {
  '1.0': headersFor('application/x-protobuf', '0.1.0'),
  '2.0': headersFor('application/x-protobuf;proto=io.prometheus.write.v2.Request', '2.0.0'),
};

function headersFor(contentType: string, version: string): readonly string[] {
  return [
    'content-type',
    contentType,
    'content-encoding',
    'snappy',
    'x-prometheus-remote-write-version',
    version,
  ];
}

/** Larger messages are compressed in another thread, so that they do not block the event loop. */
const BLOCKING_BYTES = 256 << 10;

/** Encodes and compresses a request. */
export async function encodeRequest(
  protocol: Protocol,
  series: readonly WriteSeries[],
): Promise<EncodedRequest> {
  const message = ENCODERS[protocol](series);
  const content = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  const body = content.length > BLOCKING_BYTES ? await compress(content) : compressSync(content);
  return { protocol, headers: HEADERS[protocol], body };
}
