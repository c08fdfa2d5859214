// Raw samples of a group: every replica's answer read to its end and decoded, then all of them made one.

import {
  countSamples,
  decodeLossyRaw,
  decodeRaw,
  EMPTY_TRAILER,
  LossyHistograms,
  lossyHistograms,
  openResponse,
  unionTrailers,
  type ResponseTrailer,
} from '../../json/index.js';
import { mergeRaw, pickReplica } from '../../merge/index.js';
import {
  asPromfedError,
  labelsBytes,
  PromfedError,
  seriesWeight,
  type RawSeries,
  type TimeWindow,
} from '../../model/index.js';
import type { ApiCall } from '../api/api-call.js';
import { readSeries } from '../api/remote-read.js';
import { answerFailure } from '../http/failure.js';
import type { RequestScope } from '../http/request-scope.js';
import type { ResponseBody } from '../http/response-body.js';
import type { Target } from '../http/target.js';
import type { FetchContext, GroupSamples, SamplesQuery } from '../server-group.js';
import { readChunkedSeries } from '../wire/chunked-series.js';
import { fanOut, type Group } from './fan-out.js';
import { PARTIAL } from './partial.js';

interface TargetSamples {
  readonly series: ReadonlyMap<string, RawSeries>;
  readonly hasStaleMarkers: boolean;
  readonly tail: ResponseTrailer;
  /** Taken from the budget. */
  readonly held: number;
}

/** What a raw series takes besides its samples: the objects around its arrays, and its place in a map. */
const SERIES_BYTES = 800;

/** Errors as in `ServerGroup.samples`. */
export async function queryGroupSamples(
  group: Group,
  query: SamplesQuery,
  call: ApiCall,
  context: FetchContext,
): Promise<GroupSamples> {
  const { budget } = query;
  const { answers, failures } = await fanOut(
    group,
    context,
    (target, scope) => readTarget(group, target, scope, query, call),
    ({ held }) => {
      budget.release(held);
    },
  );
  const series = mergeTargets(
    answers.map(({ value }) => value.series),
    group.antiAffinityMs,
  );
  const kept = series.reduce((sum, one) => sum + seriesWeight(one), 0);
  budget.release(answers.reduce((sum, { value }) => sum + value.held, 0) - kept);
  const tails = answers.map(({ target, value: { tail } }) =>
    tail.isPartial
      ? { ...tail, warnings: [...tail.warnings, failures.sentence(target.name, PARTIAL)] }
      : tail,
  );
  const tail = unionTrailers(tails);
  const hasStaleMarkers = answers.every(({ value }) => value.hasStaleMarkers);
  return {
    series,
    hasStaleMarkers,
    trailer: { ...tail, warnings: [...tail.warnings, ...failures.warnings] },
  };
}

async function readTarget(
  { name, limits, allowsLossyHistograms }: Group,
  target: Target,
  scope: RequestScope,
  { window, budget }: SamplesQuery,
  call: ApiCall,
): Promise<TargetSamples> {
  const body = await target.send(call, scope, limits.maxResponseBytes);
  const series = new Map<string, RawSeries>();
  let held = 0;
  const reserve = (samples: number): void => {
    budget.reserve(samples);
    held += samples;
  };
  const add = (one: RawSeries): void => {
    const cut = within(one, window);
    if (cut.timestamps.length === 0) return;
    const { key } = cut.labels;
    if (series.has(key)) {
      throw new PromfedError('upstream', `invalid answer: ${cut.labels.toString()} is there twice`);
    }
    body.memory.reserve('series', SERIES_BYTES + 2 * labelsBytes(cut.labels));
    series.set(key, cut);
  };
  try {
    const lossy = allowsLossyHistograms ? name : undefined;
    const tail = await (call.endpoint === 'read'
      ? readMessage(body, window, reserve, add)
      : readMatrix(body, reserve, add, lossy));
    body.close();
    const hasStaleMarkers = call.endpoint === 'read' || isExport(body.contentType);
    return { series, hasStaleMarkers, tail, held };
  } catch (thrown) {
    budget.release(held);
    const error = asPromfedError(thrown);
    body.close(error);
    throw error;
  }
}

/** @param lossyOf the group's name when native histograms are taken for what JSON has of them. */
async function readMatrix(
  body: ResponseBody,
  reserve: (samples: number) => void,
  add: (series: RawSeries) => void,
  lossyOf: string | undefined,
): Promise<ResponseTrailer> {
  const nanIsStale = isExport(body.contentType);
  const { resultType, frames } = await answered(openResponse(body, { memory: body.memory }));
  if (resultType !== 'matrix') {
    throw new PromfedError('upstream', `answered a ${resultType} where a range vector gives a matrix`);
  }
  const lossy = new LossyHistograms();
  const held: RawSeries[] = [];
  for (;;) {
    const batch = await answered(frames.next());
    if (batch === undefined) {
      const isLossy = !lossy.isEmpty;
      lossy.resolve(reserve);
      for (const series of held) add(series);
      const { trailer } = frames;
      if (!isLossy || lossyOf === undefined) return trailer;
      return { ...trailer, warnings: [...trailer.warnings, lossyHistograms(lossyOf)] };
    }
    for (const frame of batch) {
      if (lossyOf === undefined) {
        reserve(countSamples(frame));
        add(decodeRaw(frame, { nanIsStale }));
        continue;
      }
      const series = decodeLossyRaw(frame, { nanIsStale }, lossy);
      reserve(series.timestamps.length);
      // What it weighs is known when its histograms are there.
      if (series.histograms === undefined) add(series);
      else held.push(series);
    }
  }
}

async function readMessage(
  body: ResponseBody,
  window: TimeWindow,
  reserve: (samples: number) => void,
  add: (series: RawSeries) => void,
): Promise<ResponseTrailer> {
  if (/^application\/x-streamed-protobuf\b/i.test(body.contentType)) {
    for await (const series of readChunkedSeries(body, window, reserve, body.memory)) add(series);
    return EMPTY_TRAILER;
  }
  const { memory } = body;
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) {
    // Once as it came, once in one piece.
    memory.reserve('remote read', 2 * chunk.length);
    chunks.push(chunk);
  }
  for await (const series of readSeries(Buffer.concat(chunks), window, reserve, memory)) add(series);
  return EMPTY_TRAILER;
}

/**
 * VictoriaMetrics answers a range-vector query by its export, which has a type of its own. Stale markers are in it,
 * as `NaN`; it stores no other NaN.
 *
 * Source: VictoriaMetrics, app/vmselect/prometheus/prometheus.go (`QueryHandler`, `ExportHandler`), and
 * lib/storage/storage.go (`Storage.add`), which leaves NaN out.
 */
function isExport(contentType: string): boolean {
  return /^application\/stream\+json\b/i.test(contentType);
}

/** What reading an answer fails with is its target's failure, unlike what the budget says of it. */
async function answered<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (thrown) {
    throw answerFailure(thrown);
  }
}

/** The samples in the window: Prometheus before version 3 takes windows as closed on the left. */
function within(series: RawSeries, { afterMs, untilMs }: TimeWindow): RawSeries {
  const { labels, timestamps, values, stale, histograms } = series;
  let from = 0;
  let to = timestamps.length;
  while (from < to && timestamps[from]! <= afterMs) from++;
  while (to > from && timestamps[to - 1]! > untilMs) to--;
  if (from === 0 && to === timestamps.length) return series;
  return {
    labels,
    timestamps: timestamps.subarray(from, to),
    values: values.subarray(from, to),
    ...(stale === undefined ? {} : { stale: stale.subarray(from, to) }),
    ...(histograms === undefined ? {} : { histograms: histograms.slice(from, to) }),
  };
}

/** Replica after replica, in the order of the targets. */
function mergeTargets(
  targets: readonly ReadonlyMap<string, RawSeries>[],
  bufferMs: number,
): readonly RawSeries[] {
  const [first, ...others] = targets;
  const merged = new Map(first);
  for (const other of others) {
    for (const [key, series] of other) {
      const known = merged.get(key);
      merged.set(
        key,
        known === undefined ? series : mergeRaw(known, series, (a, b) => pickReplica(a, b, { bufferMs })),
      );
    }
  }
  return [...merged.values()];
}
