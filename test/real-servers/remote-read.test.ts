// Remote read of a real Prometheus: chunks and samples equal the result of the query API.

import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import t from 'tap';

import { encodeAnswer } from '../../src/http/reply/encode-answer.js';
import { instantGrid, Labels, type Matcher, type RawSeries, type TimeWindow } from '../../src/model/index.js';
import { createReadRequest, readSeries } from '../../src/upstreams/api/remote-read.js';
import { decodeSnappy, encodeSnappy } from '../../src/upstreams/wire/snappy-block.js';
import { readChunkedSeries } from '../../src/upstreams/wire/chunked-series.js';
import { histogramSet } from '../helpers/series/histogram-set.js';
import { api, type ApiAnswer, type QueryData } from '../helpers/promfed/promfed.js';
import {
  importIntoPrometheus,
  startPrometheus,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';
import { seriesSet } from '../helpers/series/series-set.js';
import { valueAnswer } from '../helpers/federation.js';
import { readBytes } from '../helpers/frame-streams.js';

const startMs = 1_700_000_000_000;
const intervalMs = 15_000;
const count = 400;
const endMs = startMs + (count - 1) * intervalMs;
const EVERYTHING = [{ name: '__name__', op: '!=', value: '' }] as const;
const NOT_BOUNDED = [{ name: '__name__', op: '!=', value: 'bounded' }] as const;

/** Reads series by remote read, as streamed chunks or as samples. */
async function read(
  url: string,
  matchers: readonly Matcher[],
  window: TimeWindow,
  streamed: boolean,
): Promise<readonly RawSeries[]> {
  const request = await decodeSnappy(createReadRequest([matchers], window), 1 << 20);
  const accepted = new BinaryWriter().tag(2, WireType.LengthDelimited).bytes(Uint8Array.of(1, 0)).finish();
  if (!request.subarray(-accepted.length).equals(accepted)) throw new Error('unexpected end of the request');
  const body = encodeSnappy(streamed ? request : request.subarray(0, -accepted.length));
  const response = await fetch(`${url}/api/v1/read`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' },
    body: new Uint8Array(body),
  });
  if (!response.ok) throw new Error(await response.text());
  const isStream = response.headers.get('content-type')!.startsWith('application/x-streamed-protobuf');
  if (isStream !== streamed)
    throw new Error(`unexpected content type ${response.headers.get('content-type')!}`);
  const take = (): void => undefined;
  const options = { signal: new AbortController().signal };
  const all = streamed
    ? readChunkedSeries(response.body!, window, take, options)
    : readSeries(new Uint8Array(await response.arrayBuffer()), window, take, options);
  const series: RawSeries[] = [];
  for await (const read of all) if (read.timestamps.length > 0) series.push(read);
  // Chunks have another order than samples.
  return series.sort((a, b) => Labels.compare(a.labels, b.labels));
}

/** Converts a series for comparison. Of the hints only `gauge` is compared. */
function comparable({ labels, timestamps, values, stale, histograms }: RawSeries): unknown {
  return {
    labels: labels.toString(),
    samples: Array.from(timestamps, (timeMs, i) => {
      const histogram = histograms?.[i];
      if (histogram !== undefined) return [timeMs, { ...histogram, hint: histogram.hint === 'gauge' }];
      return [timeMs, stale?.[i] === 1 ? 'stale' : values[i]];
    }),
  };
}

/** Counts the histograms whose hints contradict each other: one has `reset`, the other `not_reset`. */
function contradictions(a: readonly RawSeries[], b: readonly RawSeries[]): number {
  const hints = (series: readonly RawSeries[]): (string | undefined)[] =>
    series.flatMap(({ timestamps, histograms }) => Array.from(timestamps, (_, i) => histograms?.[i]?.hint));
  const others = hints(b);
  return hints(a).filter((hint, i) => new Set([hint, others[i], 'unknown', undefined]).size > 3).length;
}

/** Returns the first different items as text, or ''. A complete diff would be as long as the answers. */
function firstDifference(actual: readonly unknown[], expected: readonly unknown[]): string {
  for (let i = 0; i < Math.max(actual.length, expected.length); i++) {
    const textOf = (items: readonly unknown[]): string =>
      i < items.length ? JSON.stringify(items[i]) : 'nothing';
    const [text, expectedText] = [textOf(actual), textOf(expected)];
    if (text === expectedText) continue;
    let at = 0;
    while (text[at] === expectedText[at]) at++;
    const excerpt = (whole: string): string =>
      whole.slice(0, 100) + ' … ' + whole.slice(Math.max(0, at - 100), at + 100);
    return `${i}: ${excerpt(text)}\nexpected: ${excerpt(expectedText)}`;
  }
  return '';
}

/** Prints series as a range vector of the query API, without stale markers. */
async function printMatrix(series: readonly RawSeries[]): Promise<readonly unknown[]> {
  const fresh = series.map(({ labels, timestamps, values, stale, histograms }) => {
    const kept = (_: unknown, i: number): boolean => stale?.[i] !== 1;
    return {
      labels,
      timestamps: timestamps.filter(kept),
      values: values.filter(kept),
      ...(histograms === undefined ? {} : { histograms: histograms.filter(kept) }),
    };
  });
  const answer = encodeAnswer(
    valueAnswer({ type: 'matrix', series: fresh.filter(({ timestamps }) => timestamps.length > 0) }),
    { kind: 'instant', grid: instantGrid(endMs), limit: undefined },
  );
  return (JSON.parse((await readBytes(answer)).toString()) as ApiAnswer<QueryData>).data!.result;
}

t.test('chunks, samples and the query API have equal results', { skip: withoutRealServers() }, async (t) => {
  const prometheus = await startPrometheus(t, { args: ['--enable-feature=native-histograms'] });
  const floats = seriesSet({ region: 'eu', startMs, endMs, namespaces: 1, pods: 2, churn: true });
  const histograms = histogramSet({ region: 'eu', startMs, intervalMs, count });
  await importIntoPrometheus(prometheus.url, [...floats, ...histograms]);

  for (const { name, window } of [
    { name: 'everything', window: { afterMs: startMs - 1, untilMs: endMs } },
    {
      name: 'the middle',
      window: { afterMs: startMs + 100 * intervalMs, untilMs: startMs + 250 * intervalMs },
    },
    { name: 'one sample', window: { afterMs: endMs - 1, untilMs: endMs } },
    { name: 'nothing', window: { afterMs: endMs, untilMs: endMs + 60_000 } },
  ]) {
    const [chunks, samples, answer] = await Promise.all([
      read(prometheus.url, EVERYTHING, window, true),
      // Samples of this Prometheus lack the bounds of custom buckets.
      read(prometheus.url, NOT_BOUNDED, window, false),
      api(prometheus.url, '/api/v1/query', {
        query: `{__name__!=""}[${window.untilMs - window.afterMs}ms]`,
        time: String(window.untilMs / 1000),
      }),
    ]);
    const unbounded = chunks.filter(({ labels }) => labels.metricName !== 'bounded');
    t.equal(
      firstDifference(unbounded.map(comparable), samples.map(comparable)),
      '',
      `${name}: chunks equal samples`,
    );
    t.equal(contradictions(unbounded, samples), 0);
    const { result } = answer.data!;
    t.equal(firstDifference(await printMatrix(chunks), result), '', `${name}: chunks equal the query API`);
    if (name !== 'everything') continue;
    await t.rejects(read(prometheus.url, EVERYTHING, window, false), {
      message: /custom buckets without bounds/,
    });
    t.equal(chunks.length, floats.length + histograms.length);
    const written = [...floats, ...histograms].flatMap(({ values }) =>
      values.filter((value) => value === 'stale'),
    );
    const received = chunks.reduce((sum, { stale }) => sum + (stale?.reduce((a, b) => a + b, 0) ?? 0), 0);
    t.equal(received, written.length, 'every stale marker is received');
    t.ok(written.length > 100);
    const hints = new Set(
      chunks.flatMap(({ histograms }) => (histograms ?? []).map((histogram) => histogram?.hint)),
    );
    t.same([...hints].sort(), ['gauge', 'not_reset', 'reset', 'unknown', undefined]);
  }
});
