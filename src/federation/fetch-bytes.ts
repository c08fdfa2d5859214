// Fetching for passing on: the answers of all groups as one stream of JSON, no value ever parsed.

import {
  ClosableStream,
  encodeFrames,
  mergeOrdered,
  mergeOverlappingStreams,
  setLabels,
  sortIfSmall,
  type FrameStream,
  type ResponseTail,
  type SeriesFrame,
} from '../merge/index.js';
import { TRUNCATED } from '../model/index.js';
import { merges, type Fetch } from '../promql/plan/index.js';
import { histogramsMet } from './histograms-met.js';
import { openFetch, tolerantFrames, type FetchRun } from './open-fetch.js';

/**
 * Runs a fetch whose result is the query's. Resolves when every group has begun to answer.
 *
 * @returns the series of `result`, without its brackets and with commas between them, in chunks. Small results are
 * sorted by labels; larger ones come in the order that the regions sent them in, merged. The caller reads it to the
 * end or returns it.
 * @param limit at most so many series, a warning telling that there were more; undefined for all.
 */
export async function fetchBytes(
  fetch: Fetch,
  run: FetchRun,
  limit: number | undefined,
): Promise<AsyncGenerator<Uint8Array>> {
  const parts = await openFetch(fetch, run);
  const streams = parts.map((part) => ({ frames: tolerantFrames(part, run), addLabels: part.addLabels }));
  const merged = fetch.overlapping
    ? mergeOverlappingStreams(
        streams.map(({ frames, addLabels }) => setLabels(frames, addLabels)),
        { memory: run.memory },
      )
    : mergeOrdered(streams);
  const sorted = sortIfSmall(merged, { memory: run.memory });
  const ordered = run.watch?.passing(sorted) ?? sorted;
  const encoded = encodeFrames(limit === undefined ? ordered : limitFrames(ordered, limit, run));
  return merges(fetch) ? begun(encoded, fetch, run) : encoded;
}

/**
 * A stream that has its first chunk: when copies of native histograms are met before any byte has left, the query can
 * still be answered in another way.
 *
 * @throws HistogramsMet when they are.
 */
async function begun(
  chunks: AsyncGenerator<Uint8Array>,
  fetch: Fetch,
  run: FetchRun,
): Promise<AsyncGenerator<Uint8Array>> {
  try {
    const first = await chunks.next();
    return resumed(first, chunks);
  } catch (thrown) {
    const groups = fetch.parts.flatMap(({ group }) => run.groups.get(group.name) ?? []);
    throw histogramsMet(thrown, groups, fetch);
  }
}

async function* resumed(
  first: IteratorResult<Uint8Array>,
  rest: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    if (first.done === true) return;
    yield first.value;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

/**
 * The first `limit` series, and a warning when there were more. The rest is read all the same: what the regions have
 * to say about their answers stands at their ends. Takes `frames` over.
 */
function limitFrames(frames: FrameStream, limit: number, run: FetchRun): FrameStream {
  return new ClosableStream([frames], limited(frames, limit, run));
}

async function* limited(
  frames: FrameStream,
  limit: number,
  { annotations }: FetchRun,
): AsyncGenerator<readonly SeriesFrame[], ResponseTail, undefined> {
  let left = limit;
  for (;;) {
    const next = await frames.next();
    if (next.done) return next.value;
    if (next.value.length > left) annotations.notice(TRUNCATED);
    const batch = next.value.slice(0, left);
    if (batch.length > 0) yield batch;
    left -= batch.length;
  }
}
