// Messages of remote read that are written by hand.

import type { ServerResponse } from 'node:http';

import { compressSync } from 'snappy';

/** Largest number of buckets of a native histogram. */
const BUCKETS = 65_536;

/** Sends a SAMPLES response: ReadResponse { results: [QueryResult { timeseries }] }. */
export function sendMessage(response: ServerResponse, timeseries: readonly Buffer[]): void {
  const result = Buffer.concat(timeseries.map((series) => field(1, series)));
  response
    .writeHead(200, { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' })
    .end(compressSync(field(1, result)));
}

/** A series of native histograms with 65,536 buckets, ten seconds and a second ago. */
export function largeHistograms(id: number): Buffer {
  const nowMs = Date.now();
  const labels = [
    ['__name__', 'remote_read_metric'],
    ['n', String(id)],
  ].map(([name, value]) =>
    field(1, Buffer.concat([field(1, Buffer.from(name!)), field(2, Buffer.from(value!))])),
  );
  const histograms = [nowMs - 10_000, nowMs - 1_000].map((timeMs, i) => field(4, histogram(timeMs, i)));
  return Buffer.concat([...labels, ...histograms]);
}

/** Histogram: count_int = 1, schema = 4, positive_spans = 11, positive_deltas = 12, timestamp = 15. */
function histogram(timeMs: number, id: number): Buffer {
  const deltas = Buffer.alloc(BUCKETS);
  // The first bucket has the count id + 1, and so has every other one.
  deltas[0] = 2 * (id + 1);
  const span = Buffer.concat([varintField(1, 0), varintField(2, BUCKETS)]);
  return Buffer.concat([
    varintField(1, BUCKETS * (id + 1)),
    varintField(4, 16),
    field(11, span),
    field(12, deltas),
    varintField(15, timeMs),
  ]);
}

function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

function varintField(number: number, value: number): Buffer {
  return Buffer.concat([varint(number * 8), varint(value)]);
}

export function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 0x80);
  }
}
