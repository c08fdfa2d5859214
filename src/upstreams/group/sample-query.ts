// Raw samples of a server group: reads the answers of its replicas and merges them.

import {
  accounted,
  countSamples,
  decodeLossyRaw,
  decodeRaw,
  decodeRawPaced,
  EMPTY_TRAILER,
  invalidAnswer,
  LossyHistograms,
  lossyHistogramsWarning,
  openResponse,
  unionTrailers,
  type ResponseTrailer,
} from '../../json/index.js';
import {
  asPromfedError,
  labelsBytes,
  PromfedError,
  seriesWeight,
  truncateSeries,
  type Labels,
  type RawSeries,
  type TimeWindow,
} from '../../model/index.js';
import { Pacer } from '../../runtime/index.js';
import { readCall, samplesCall, type ApiCall } from '../api/api-call.js';
import { readSeries } from '../api/remote-read.js';
import { responseFailure } from '../http/failure.js';
import type { RequestScope } from '../http/request-scope.js';
import { CHUNK_BYTES, type ResponseBody } from '../http/response-body.js';
import type { Target } from '../http/target.js';
import type { FetchContext, GroupSamples, SamplesQuery } from '../server-group.js';
import { readChunkedSeries } from '../wire/chunked-series.js';
import type { ReadingOptions } from '../wire/reading-options.js';
import { isFatal } from '../region-error.js';
import { fanOut, type TargetGroup } from './fan-out.js';
import { mergeTargets } from './merge-targets.js';
import type { RawSource } from './raw-source.js';

/** The answer of one target. */
interface TargetSamples {
  /** By the keys of their labels. */
  readonly series: Map<string, RawSeries>;
  readonly hasStaleMarkers: boolean;
  readonly trailer: ResponseTrailer;
  /** Samples reserved from the budget. */
  readonly held: number;
}

/** Memory of a raw series in bytes, without samples and labels: its array objects and its map entry. */
const SERIES_BYTES = 800;

/**
 * Reads the raw samples of a group. Results and errors as in `GroupSnapshot.samples`.
 *
 * @param query the query that is sent to each target. Its window is that of `readWindow`.
 * @param window of the result.
 */
export async function queryReplicaSamples(
  group: TargetGroup,
  query: SamplesQuery,
  window: TimeWindow,
  source: RawSource,
  context: FetchContext,
): Promise<GroupSamples> {
  const { budget } = query;
  const { answers, failures } = await fanOut(
    group,
    context,
    (target, scope) => readTarget(group, target, scope, query, source),
    ({ held }) => {
      budget.release(held);
    },
  );
  const held = answers.reduce((sum, { value }) => sum + value.held, 0);
  const pacer = new Pacer(context.signal);
  let series: readonly RawSeries[];
  try {
    series = await mergeTargets(
      answers.map(({ value }) => value.series),
      group,
      window,
      pacer,
    );
  } catch (thrown) {
    budget.release(held);
    throw thrown;
  }
  const kept = series.reduce((sum, one) => sum + seriesWeight(one), 0);
  budget.release(held - kept);
  const trailer = unionTrailers(
    answers.map(({ target, value }) => failures.withOwnWarnings(target.name, value.trailer)),
  );
  const hasStaleMarkers = answers.every(({ value }) => value.hasStaleMarkers);
  return {
    series,
    hasStaleMarkers,
    trailer: { ...trailer, warnings: [...trailer.warnings, ...failures.warnings] },
  };
}

/** Reads the samples of one target, by queries when a remote read that was detected fails. */
async function readTarget(
  group: TargetGroup,
  target: Target,
  scope: RequestScope,
  query: SamplesQuery,
  source: RawSource,
): Promise<TargetSamples> {
  const remote = await source.tryRemoteReading(target, scope.context);
  if (remote === undefined) {
    return readAnswer(group, target, scope, query, samplesCall(query, scope.context, group.clock));
  }
  const call = readCall(remote.queries(query.matchers), query.window, source.path);
  const labelsIn = (labels: Labels, index: number): Labels => remote.original(labels, index);
  if (!source.fallsBack) return readAnswer(group, target, scope, query, call, labelsIn);
  try {
    const samples = await readAnswer(group, target, scope.fork(), query, call, labelsIn);
    scope.end('ok', 0);
    return samples;
  } catch (thrown) {
    const error = asPromfedError(thrown);
    if (isFatal(error)) throw error;
    // Another query may stay below a limit.
    if (error.code !== 'region_limit') source.failed(target, error.message);
    return readAnswer(group, target, scope, query, samplesCall(query, scope.context, group.clock));
  }
}

/** @param labelsIn returns the labels of a series of remote read. */
async function readAnswer(
  { name, limits, allowsLossyHistograms }: TargetGroup,
  target: Target,
  scope: RequestScope,
  { window, budget }: SamplesQuery,
  call: ApiCall,
  labelsIn?: (labels: Labels, query: number) => Labels,
): Promise<TargetSamples> {
  const body = await target.send(call, scope, limits.maxResponseBytes);
  const series = new Map<string, RawSeries>();
  let held = 0;
  const reserve = (samples: number): void => {
    budget.reserve(samples);
    held += samples;
  };
  const add = (one: RawSeries): void => {
    // Before version 3, Prometheus includes the left end of windows.
    const truncated = truncateSeries(one, window);
    if (truncated.timestamps.length === 0) return;
    const { labels } = truncated;
    if (series.has(labels.key)) throw invalidAnswer(`duplicate series ${labels.toString()}`);
    body.memory.reserve('series', SERIES_BYTES + 2 * labelsBytes(labels));
    series.set(labels.key, truncated);
  };
  try {
    const lossy = allowsLossyHistograms ? name : undefined;
    const trailer = await (call.endpoint === 'read'
      ? readMessage(body, window, reserve, add, { signal: scope.context.signal, labelsIn })
      : readMatrix(body, reserve, add, lossy, new Pacer(scope.context.signal)));
    body.close();
    const hasStaleMarkers = call.endpoint === 'read' || isExport(body.contentType);
    return { series, hasStaleMarkers, trailer, held };
  } catch (thrown) {
    budget.release(held);
    const error = asPromfedError(thrown);
    body.close(error);
    throw error;
  }
}

/** Size of the samples of a series that are decoded without a pause. */
const MAX_UNPACED_BYTES = 256 << 10;

/**
 * Reads the answer to a range-vector query.
 *
 * @param lossyGroup the group's name when the partial native histograms of JSON are accepted, else undefined.
 */
async function readMatrix(
  body: ResponseBody,
  reserve: (samples: number) => void,
  add: (series: RawSeries) => void,
  lossyGroup: string | undefined,
  pacer: Pacer,
): Promise<ResponseTrailer> {
  const nanIsStale = isExport(body.contentType);
  const { resultType, frames } = await withResponseFailure(openResponse(body, { memory: body.memory }));
  if (resultType !== 'matrix') {
    throw new PromfedError('upstream', `returned a ${resultType} instead of a matrix`);
  }
  const lossy = new LossyHistograms();
  const held: RawSeries[] = [];
  for (;;) {
    const batch = await withResponseFailure(frames.next());
    if (batch === undefined) {
      const isLossy = !lossy.isEmpty;
      lossy.resolve(reserve);
      for (const series of held) add(series);
      const { trailer } = frames;
      if (!isLossy || lossyGroup === undefined) return trailer;
      return { ...trailer, warnings: [...trailer.warnings, lossyHistogramsWarning(lossyGroup)] };
    }
    for (const frame of batch) {
      if (pacer.due) await pacer.pause();
      if (lossyGroup === undefined) {
        if (frame.samples.length > MAX_UNPACED_BYTES) {
          add(await decodeRawPaced(frame, { nanIsStale }, pacer, reserve));
          continue;
        }
        reserve(countSamples(frame));
        add(decodeRaw(frame, { nanIsStale }));
        continue;
      }
      const series = accounted(body.memory, frame, () => decodeLossyRaw(frame, { nanIsStale }, lossy));
      reserve(series.timestamps.length);
      // The weight is known when the histograms are resolved.
      if (series.histograms === undefined) add(series);
      else held.push(series);
    }
  }
}

/** Reads the answer to a remote read. */
async function readMessage(
  body: ResponseBody,
  window: TimeWindow,
  reserve: (samples: number) => void,
  add: (series: RawSeries) => void,
  options: Pick<ReadingOptions, 'signal' | 'labelsIn'>,
): Promise<ResponseTrailer> {
  const { memory } = body;
  if (/^application\/x-streamed-protobuf\b/i.test(body.contentType)) {
    const all = readChunkedSeries(body, window, reserve, { ...options, memory });
    for await (const series of all) add(series);
    return EMPTY_TRAILER;
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) {
    // The message exists twice: as chunks and as one buffer.
    memory.reserve('remote read', 2 * chunk.length + CHUNK_BYTES);
    chunks.push(chunk);
  }
  const all = readSeries(Buffer.concat(chunks), window, reserve, { ...options, memory });
  for await (const series of all) add(series);
  return EMPTY_TRAILER;
}

/**
 * Reports whether a response is an export, which is how VictoriaMetrics answers a range-vector query. It includes stale
 * markers as `NaN`; VictoriaMetrics stores no other NaN.
 *
 * Source: VictoriaMetrics, app/vmselect/prometheus/prometheus.go (`QueryHandler`, `ExportHandler`), and
 * lib/storage/storage.go (`Storage.add`), which leaves NaN out.
 */
function isExport(contentType: string): boolean {
  return /^application\/stream\+json\b/i.test(contentType);
}

/** Converts an error of reading a response to a failure of its target. Errors of the budget must not be converted. */
async function withResponseFailure<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (thrown) {
    throw responseFailure(thrown);
  }
}
