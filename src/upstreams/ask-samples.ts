// Raw samples of a group: every replica's answer read to its end and decoded, then all of them made one.

import {
  countSamples,
  decodeRaw,
  EMPTY_TAIL,
  mergeRaw,
  openResponse,
  pickReplica,
  unionTails,
  type ResponseTail,
} from '../merge/index.js';
import { asPromfedError, PromfedError, type RawSeries, type TimeWindow } from '../model/index.js';
import type { ApiCall } from './api-call.js';
import { answerFailure } from './failure.js';
import { askTargets, type Group } from './group.js';
import { PARTIAL } from './partial.js';
import { readSeries } from './remote-read.js';
import type { RequestScope } from './request-scope.js';
import type { ResponseBody } from './response-body.js';
import type { FetchContext, GroupSamples, SamplesQuery } from './server-group.js';
import type { Target } from './target.js';

interface TargetSamples {
  readonly series: ReadonlyMap<string, RawSeries>;
  readonly hasStaleMarkers: boolean;
  readonly tail: ResponseTail;
  /** Samples taken from the budget. */
  readonly held: number;
}

/** Errors as in `ServerGroup.samples`. */
export async function askSamples(
  group: Group,
  query: SamplesQuery,
  call: ApiCall,
  context: FetchContext,
): Promise<GroupSamples> {
  const { budget } = query;
  const { answers, failures } = await askTargets(
    group,
    context,
    (target, scope) => readTarget(target, scope, query, call, group.limits.maxResponseBytes),
    ({ held }) => {
      budget.release(held);
    },
  );
  const series = mergeTargets(
    answers.map(({ value }) => value.series),
    group.antiAffinityMs,
  );
  const kept = series.reduce((sum, { timestamps }) => sum + timestamps.length, 0);
  budget.release(answers.reduce((sum, { value }) => sum + value.held, 0) - kept);
  const tails = answers.map(({ target, value: { tail } }) =>
    tail.isPartial
      ? { ...tail, warnings: [...tail.warnings, failures.sentence(target.name, PARTIAL)] }
      : tail,
  );
  const tail = unionTails(tails);
  const hasStaleMarkers = answers.every(({ value }) => value.hasStaleMarkers);
  return { series, hasStaleMarkers, tail: { ...tail, warnings: [...tail.warnings, ...failures.warnings] } };
}

async function readTarget(
  target: Target,
  scope: RequestScope,
  { window, budget }: SamplesQuery,
  call: ApiCall,
  maxBytes: number,
): Promise<TargetSamples> {
  const body = await target.send(call, scope, maxBytes);
  const series = new Map<string, RawSeries>();
  let held = 0;
  const take = (samples: number): void => {
    budget.take(samples);
    held += samples;
  };
  const add = (one: RawSeries): void => {
    const cut = within(one, window);
    if (cut.timestamps.length === 0) return;
    const { key } = cut.labels;
    if (series.has(key)) {
      throw new PromfedError('upstream', `invalid answer: ${cut.labels.toString()} is there twice`);
    }
    series.set(key, cut);
  };
  try {
    const tail = await (call.endpoint === 'read'
      ? readMessage(body, take, add)
      : readMatrix(body, take, add));
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

async function readMatrix(
  body: ResponseBody,
  take: (samples: number) => void,
  add: (series: RawSeries) => void,
): Promise<ResponseTail> {
  const nanIsStale = isExport(body.contentType);
  const { resultType, frames } = await answered(openResponse(body));
  if (resultType !== 'matrix') {
    throw new PromfedError('upstream', `answered a ${resultType} where a range vector gives a matrix`);
  }
  for (;;) {
    const next = await answered(frames.next());
    if (next.done === true) return next.value;
    for (const frame of next.value) {
      take(countSamples(frame));
      add(decodeRaw(frame, { nanIsStale }));
    }
  }
}

async function readMessage(
  body: ResponseBody,
  take: (samples: number) => void,
  add: (series: RawSeries) => void,
): Promise<ResponseTail> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  for await (const series of readSeries(Buffer.concat(chunks), take)) add(series);
  return EMPTY_TAIL;
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
  const { labels, timestamps, values, stale } = series;
  let from = 0;
  let to = timestamps.length;
  while (from < to && timestamps[from]! <= afterMs) from++;
  while (to > from && timestamps[to - 1]! > untilMs) to--;
  if (from === 0 && to === timestamps.length) return series;
  const cut = { labels, timestamps: timestamps.subarray(from, to), values: values.subarray(from, to) };
  return stale === undefined ? cut : { ...cut, stale: stale.subarray(from, to) };
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
