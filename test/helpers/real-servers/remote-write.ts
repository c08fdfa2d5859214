// Imports test series into a real server by Prometheus' remote write 1.0, which carries every float bit for bit,
// stale markers included, into both VictoriaMetrics and Prometheus.
// Source of the wire format: prometheus/prometheus prompb/remote.proto and types.proto; google/snappy
// format_description.txt. The block is written as literals only, which is valid and needs no compressor.

import { encodeHistogram } from './encode-histogram.js';
import type { TestSeries, TestValue } from '../series/series-set.js';
import { until } from '../until.js';

/** Prometheus' value.StaleNaN. */
const staleMarkerBits = 0x7ff0000000000002n;
const batchBytes = 2 * 1024 * 1024;
/** Samples are sent in time order because Prometheus' head block spans two hours. */
const batchSpanMs = 30 * 60_000;

/**
 * Writes the series to `baseUrl` + `/api/v1/write` and returns when a query finds every sample.
 * `flushPath` is requested once before, for servers that make samples visible later.
 * Throws an Error when a write is rejected, or when the samples do not become visible.
 */
export async function remoteWrite(
  baseUrl: string,
  series: readonly TestSeries<TestValue>[],
  flushPath?: string,
): Promise<void> {
  if (series.length === 0) return;
  await postSeries(baseUrl, series);
  if (flushPath !== undefined) await (await fetch(baseUrl + flushPath)).arrayBuffer();
  await allVisible(baseUrl, series);
}

/** Writes the series as `remoteWrite`, and returns when the server has accepted them. They may be visible later. */
export async function postSeries(baseUrl: string, series: readonly TestSeries<TestValue>[]): Promise<void> {
  for (const body of writeRequests(series)) {
    const response = await fetch(`${baseUrl}/api/v1/write`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-protobuf',
        'content-encoding': 'snappy',
        'x-prometheus-remote-write-version': '0.1.0',
      },
      body: snappyLiterals(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`remote write to ${baseUrl}: ${response.status} ${text}`);
  }
}

/** Returns batches in time order: all series of one span of time come before the next span. */
function* writeRequests(series: readonly TestSeries<TestValue>[]): Generator<Buffer> {
  const cursors = series.map(() => 0);
  const { firstMs, lastMs } = span(series);
  const labels = series.map(encodeLabels);
  for (let spanEnd = firstMs + batchSpanMs; spanEnd <= lastMs + batchSpanMs; spanEnd += batchSpanMs) {
    let parts: Buffer[] = [];
    let size = 0;
    for (const [index, one] of series.entries()) {
      const from = cursors[index]!;
      let to = from;
      while (to < one.timestamps.length && one.timestamps[to]! < spanEnd) to++;
      if (to === from) continue;
      cursors[index] = to;
      const message = encodeSeries(labels[index]!, one, from, to);
      parts.push(message);
      size += message.length;
      if (size > batchBytes) {
        yield Buffer.concat(parts);
        parts = [];
        size = 0;
      }
    }
    if (parts.length > 0) yield Buffer.concat(parts);
  }
}

/** `repeated Label labels = 1` of a TimeSeries, sorted by name as receivers demand. */
function encodeLabels(series: TestSeries<TestValue>): Buffer {
  const entries = Object.entries(series.labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.concat(
    entries.map(([name, value]) =>
      lengthDelimited(
        1,
        Buffer.concat([lengthDelimited(1, Buffer.from(name)), lengthDelimited(2, Buffer.from(value))]),
      ),
    ),
  );
}

/** `repeated TimeSeries timeseries = 1` of a WriteRequest, with samples [from, to). */
function encodeSeries(labels: Buffer, series: TestSeries<TestValue>, from: number, to: number): Buffer {
  const samples = Buffer.alloc((to - from) * 32);
  const histograms: Buffer[] = [];
  let length = 0;
  for (let i = from; i < to; i++) {
    const value = series.values[i];
    if (value === undefined) throw new Error('a test series needs a value for each timestamp');
    if (typeof value === 'object') {
      histograms.push(lengthDelimited(4, encodeHistogram(value, series.timestamps[i]!)));
      continue;
    }
    const time = varint(series.timestamps[i]!);
    // Sample { double value = 1; int64 timestamp = 2; } in field 2 of the TimeSeries.
    samples[length++] = 0x12;
    samples[length++] = 10 + time.length;
    samples[length++] = 0x09;
    if (value === 'stale') samples.writeBigUInt64LE(staleMarkerBits, length);
    else samples.writeDoubleLE(value, length);
    length += 8;
    samples[length++] = 0x10;
    length += time.copy(samples, length);
  }
  return lengthDelimited(1, Buffer.concat([labels, samples.subarray(0, length), ...histograms]));
}

function lengthDelimited(field: number, content: Buffer): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(content.length), content]);
}

/** Base-128, least significant group first; for integers from 0 to 2^53. */
function varint(value: number): Buffer {
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`not a time or a length: ${value}`);
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) + 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

function snappyLiterals(content: Buffer): Buffer<ArrayBuffer> {
  const parts: Buffer[] = [varint(content.length)];
  for (let offset = 0; offset < content.length; offset += 0x10000) {
    const literal = content.subarray(offset, offset + 0x10000);
    const tag = Buffer.from([0xf4, 0, 0]);
    tag.writeUInt16LE(literal.length - 1, 1);
    parts.push(tag, literal);
  }
  return Buffer.concat(parts);
}

/** Polls until a query counts every sample of every metric. */
async function allVisible(baseUrl: string, series: readonly TestSeries<TestValue>[]): Promise<void> {
  for (const [name, ofName] of byName(series)) {
    const expected = ofName.reduce(
      (sum, one) => sum + one.values.filter((value) => value !== 'stale').length,
      0,
    );
    if (expected === 0) continue;
    await until(
      async () => (await countSamples(baseUrl, name, ofName)) >= expected,
      `${baseUrl} to show ${expected} samples of ${name}`,
    );
  }
}

function byName(series: readonly TestSeries<TestValue>[]): Map<string, TestSeries<TestValue>[]> {
  const groups = new Map<string, TestSeries<TestValue>[]>();
  for (const one of series) {
    const name = one.labels['__name__'] ?? '';
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [one]);
    else group.push(one);
  }
  return groups;
}

async function countSamples(
  baseUrl: string,
  name: string,
  series: readonly TestSeries<TestValue>[],
): Promise<number> {
  const { firstMs, lastMs } = span(series);
  const parameters = new URLSearchParams({
    // Windows are open at the left.
    query: `sum(count_over_time({__name__=${JSON.stringify(name)}}[${lastMs - firstMs + 1}ms]))`,
    time: String(lastMs / 1000),
    // VictoriaMetrics: no shift of the newest points. Others ignore both.
    nocache: '1',
    latency_offset: '1ms',
  });
  const response = await fetch(`${baseUrl}/api/v1/query?${parameters.toString()}`);
  const text = await response.text();
  if (!response.ok) throw new Error(`query of ${baseUrl} after an import: ${response.status} ${text}`);
  const answer = JSON.parse(text) as { data: { result: { value: [number, string] }[] } };
  return Number(answer.data.result[0]?.value[1] ?? 0);
}

/** Returns the first and the last time of a sample of the series. */
function span(series: readonly TestSeries<TestValue>[]): { firstMs: number; lastMs: number } {
  let firstMs = Infinity;
  let lastMs = -Infinity;
  for (const { timestamps } of series) {
    firstMs = Math.min(firstMs, timestamps[0] ?? Infinity);
    lastMs = Math.max(lastMs, timestamps.at(-1) ?? -Infinity);
  }
  return { firstMs, lastMs };
}
