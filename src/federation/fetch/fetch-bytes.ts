// Fetches that pass through: the answers of all groups as one stream of JSON. Values are not parsed.

import {
  BufferedStream,
  type ByteStream,
  EMPTY_TRAILER,
  encodeFrames,
  type FrameStream,
  type ResponseTrailer,
  type SeriesFrame,
  transformFrames,
} from '../../json/index.js';
import { mergeOrdered, setBufferedLabels, sortIfSmall, tryMergeBuffered } from '../../merge/index.js';
import { TRUNCATION_WARNING } from '../../model/index.js';
import { mergesSeries, type Fetch } from '../../promql/plan/index.js';
import { warnOrThrow } from '../fan-out.js';
import { snapshotOf } from '../group-snapshot.js';
import { asReplan } from '../replan/native-histogram-replan.js';
import { noteTrailer, openFetch, tolerantFrames, type FetchRun, type OpenPart } from './open-fetch.js';

/** The result of a fetch that passes through. */
export interface FetchedBytes {
  /**
   * The elements of `result` in chunks, with commas between them and without brackets. The caller reads it to the end or
   * closes it, unless it uses `buffered`.
   */
  readonly series: ByteStream;
  /** All series, when the answer is small and complete. */
  readonly buffered?: readonly SeriesFrame[];
}

/**
 * Runs a fetch whose result is that of the query. Resolves when every group has begun to answer.
 *
 * Small results are sorted by labels. Larger ones have the order in which the regions sent their series, merged.
 *
 * @param limit maximum number of series; a warning reports that there were more. Undefined for all.
 * @throws NativeHistogramReplan when copies of native histograms would have to be merged before the first byte.
 */
export async function fetchBytes(
  fetch: Fetch,
  run: FetchRun,
  limit: number | undefined,
): Promise<FetchedBytes> {
  const parts = await openFetch(fetch, run);
  const buffered = tryBuffered(parts, run, limit);
  if (buffered !== undefined) return { series: encodeFrames(streamOf(buffered)), buffered };
  const streams = parts.map((part) => ({
    frames: tolerantFrames(part, run),
    addLabels: part.addLabels,
    fail: (thrown: unknown) => {
      noteIncomplete(thrown, part, run);
    },
    end: (trailer: ResponseTrailer) => {
      noteTrailer(trailer, part.group, run);
    },
  }));
  const { memory, stats } = run;
  const sorted = sortIfSmall(mergeOrdered(streams), { memory });
  const limited = limit === undefined ? sorted : limitFrames(sorted, limit, run);
  const series = encodeFrames(limited, (batch) => {
    stats.passing(batch);
  });
  return { series: mergesSeries(fetch) ? await withFirstChunk(series, fetch) : series };
}

/** Returns all series in the order of their labels; undefined when a part is not buffered or they are too large. */
function tryBuffered(
  parts: readonly OpenPart[],
  run: FetchRun,
  limit: number | undefined,
): readonly SeriesFrame[] | undefined {
  if (parts.some(({ buffered }) => buffered === undefined)) return undefined;
  const answers: (readonly SeriesFrame[])[] = [];
  const complete = new Set(parts);
  for (const part of parts) {
    const labelled = setBufferedLabels(
      { frames: part.buffered!.frames, addLabels: part.addLabels },
      (thrown) => {
        noteIncomplete(thrown, part, run);
        complete.delete(part);
      },
    );
    answers.push(labelled);
  }
  const merged = tryMergeBuffered(answers);
  if (merged === undefined) return undefined;
  for (const part of parts) {
    const { group, buffered, stats } = part;
    stats.received(buffered!.frames);
    if (!complete.has(part)) continue;
    stats.ended(buffered!.trailer);
    noteTrailer(buffered!.trailer, group, run);
  }
  const isCut = limit !== undefined && merged.length > limit;
  if (isCut) run.annotations.notice(TRUNCATION_WARNING);
  const frames = isCut ? merged.slice(0, limit) : merged;
  run.stats.passing(frames);
  return frames;
}

/**
 * Records that an optional group repeats a series, so that this series and all later ones are lost.
 *
 * @throws PromfedError the error, when the group is required.
 */
function noteIncomplete(thrown: unknown, { group, targets, stats }: OpenPart, run: FetchRun): void {
  stats.failed(thrown);
  warnOrThrow(thrown, group, 'incomplete', run, targets);
}

function streamOf(frames: readonly SeriesFrame[]): FrameStream {
  return new BufferedStream({ frames, trailer: EMPTY_TRAILER });
}

/** Waits for the first chunk: until then, a query that returns native histograms can be planned again. */
async function withFirstChunk(chunks: ByteStream, fetch: Fetch): Promise<ByteStream> {
  try {
    return new ResumedStream(await chunks.next(), chunks);
  } catch (thrown) {
    const groups = fetch.parts.map(({ group }) => snapshotOf(group));
    throw asReplan(thrown, groups, fetch);
  }
}

/** A stream whose first chunk has been read. */
class ResumedStream implements ByteStream {
  #first: Uint8Array | undefined;
  readonly #rest: ByteStream;

  /** @param first undefined when the stream has ended. */
  constructor(first: Uint8Array | undefined, rest: ByteStream) {
    this.#first = first;
    this.#rest = rest;
  }

  next(): Promise<Uint8Array | undefined> {
    const first = this.#first;
    if (first === undefined) return this.#rest.next();
    this.#first = undefined;
    return Promise.resolve(first);
  }

  close(): void {
    this.#first = undefined;
    this.#rest.close();
  }
}

/**
 * Returns the first `limit` series, and adds a warning when there were more. The others are read and dropped, because the
 * warnings and infos of the regions come after them. Takes ownership of `frames`.
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
