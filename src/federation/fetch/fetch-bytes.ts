// Fetching for passing on: the answers of all groups as one stream of JSON, no value ever parsed.

import {
  BufferedStream,
  type ByteStream,
  EMPTY_TRAILER,
  encodeFrames,
  type FrameStream,
  type SeriesFrame,
  transformFrames,
} from '../../json/index.js';
import {
  mergeOrdered,
  mergeOverlappingStreams,
  setLabels,
  sortIfSmall,
  tryMergeBuffered,
} from '../../merge/index.js';
import { TRUNCATION_WARNING } from '../../model/index.js';
import { mergesSeries, type Fetch } from '../../promql/plan/index.js';
import { snapshotOf } from '../group-snapshot.js';
import { asReplan } from '../native-histogram-replan.js';
import { noteTrailer, openFetch, tolerantFrames, type FetchRun, type OpenPart } from './open-fetch.js';

/** What a fetch comes to that is passed on. */
export interface FetchedBytes {
  /**
   * The series of `result`, without its brackets and with commas between them, in chunks. The caller reads it to the
   * end or closes it, unless it takes `buffered`.
   */
  readonly series: ByteStream;
  /** All series of a small answer, when they are there already. */
  readonly buffered?: readonly SeriesFrame[];
}

/**
 * Runs a fetch whose result is the query's. Resolves when every group has begun to answer.
 *
 * Small results are sorted by labels; larger ones come in the order that the regions sent them in, merged.
 *
 * @param limit at most so many series, a warning telling that there were more; undefined for all.
 */
export async function fetchBytes(
  fetch: Fetch,
  run: FetchRun,
  limit: number | undefined,
): Promise<FetchedBytes> {
  const parts = await openFetch(fetch, run);
  const whole = fetch.overlapping ? undefined : tryWhole(parts, run, limit);
  if (whole !== undefined) return { series: encodeFrames(streamOf(whole)), buffered: whole };
  const streams = parts.map((part) => ({ frames: tolerantFrames(part, run), addLabels: part.addLabels }));
  const merged = fetch.overlapping
    ? mergeOverlappingStreams(
        streams.map(({ frames, addLabels }) => setLabels(frames, addLabels)),
        { memory: run.memory },
      )
    : mergeOrdered(streams);
  const sorted = sortIfSmall(merged, { memory: run.memory });
  const limited = limit === undefined ? sorted : limitFrames(sorted, limit, run);
  const encoded = encodeFrames(limited, (batch) => {
    run.stats.passing(batch);
  });
  return { series: mergesSeries(fetch) ? await begun(encoded, fetch) : encoded };
}

/** The answer when every part of it is there and it is small; what the regions say of it is noted then. */
function tryWhole(
  parts: readonly OpenPart[],
  run: FetchRun,
  limit: number | undefined,
): readonly SeriesFrame[] | undefined {
  const wholes = [];
  for (const { buffered: whole, addLabels } of parts) {
    if (whole === undefined) return undefined;
    wholes.push({ frames: whole.frames, addLabels });
  }
  const merged = tryMergeBuffered(wholes);
  if (merged === undefined) return undefined;
  for (const { buffered, stats } of parts) {
    stats.received(buffered!.frames);
    stats.ended(buffered!.trailer);
    noteTrailer(buffered!.trailer, run);
  }
  const isCut = limit !== undefined && merged.length > limit;
  if (isCut) run.annotations.notice(TRUNCATION_WARNING);
  const frames = isCut ? merged.slice(0, limit) : merged;
  run.stats.passing(frames);
  return frames;
}

function streamOf(frames: readonly SeriesFrame[]): FrameStream {
  return new BufferedStream({ frames, trailer: EMPTY_TRAILER });
}

/**
 * A stream that has its first chunk: when copies of native histograms are met before any byte has left, the query can
 * still be answered in another way.
 *
 * @throws HistogramsMet when they are.
 */
async function begun(chunks: ByteStream, fetch: Fetch): Promise<ByteStream> {
  try {
    return resumed(await chunks.next(), chunks);
  } catch (thrown) {
    const groups = fetch.parts.map(({ group }) => snapshotOf(group));
    throw asReplan(thrown, groups, fetch);
  }
}

/** `first`, if there is one, and then the rest. */
function resumed(first: Uint8Array | undefined, rest: ByteStream): ByteStream {
  let pending = first;
  return {
    next() {
      if (pending === undefined) return rest.next();
      const chunk = Promise.resolve(pending);
      pending = undefined;
      return chunk;
    },
    close() {
      pending = undefined;
      rest.close();
    },
  };
}

/**
 * The first `limit` series, and a warning when there were more. The rest is read all the same: what the regions have
 * to say about their answers stands at their ends. Takes `frames` over.
 */
function limitFrames(frames: FrameStream, limit: number, { annotations }: FetchRun): FrameStream {
  let left = limit;
  return transformFrames(frames, {
    map(batch) {
      if (batch.length > left) annotations.notice(TRUNCATION_WARNING);
      const kept = batch.slice(0, left);
      left -= kept.length;
      return kept;
    },
  });
}
