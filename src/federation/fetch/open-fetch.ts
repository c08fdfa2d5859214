// Opening a fetch: every group of it asked, every answer a stream of frames that survives an optional group's end.

import {
  type BufferedAnswer,
  BufferedStream,
  EMPTY_TRAILER,
  type FrameStream,
  type ResponseTrailer,
  transformFrames,
} from '../../json/index.js';
import { PromfedError, type Grid, type Labels } from '../../model/index.js';
import type { Fetch } from '../../promql/plan/index.js';
import type { FetchContext, GroupAnswer, GroupSnapshot } from '../../upstreams/index.js';
import { allOrNothing, queryGroup, tolerate, type FanOutContext } from '../fan-out.js';
import { snapshotOf } from '../group-snapshot.js';
import type { FetchRecorder } from '../stats/fetch-stats.js';
import type { QueryStats } from '../stats/query-stats.js';

/** What a fetch is run with. */
export interface FetchRun extends FanOutContext {
  readonly kind: 'instant' | 'range';
  readonly grid: Grid;
  readonly stats: QueryStats;
  /** Decodes native histograms from JSON where the group does not allow it. Default false. */
  readonly acceptsLossyHistograms?: boolean;
}

/** One group's answer to its part of a fetch. */
export interface OpenPart {
  readonly group: GroupSnapshot;
  /** Labels as the region has them. */
  readonly frames: FrameStream;
  /** All that `frames` has, when it is small. Whoever takes it notes its tail, and need not read `frames`. */
  readonly buffered?: BufferedAnswer | undefined;
  /** To be set on every series. */
  readonly addLabels: Labels;
  readonly stats: FetchRecorder;
}

/**
 * Asks every group of a fetch at once. Resolves when all have begun to answer, and small answers have ended or failed;
 * optional groups that failed before their answer began are left out, with a warning.
 *
 * The caller owns the streams and ends each of them.
 */
export async function openFetch(fetch: Fetch, run: FetchRun): Promise<OpenPart[]> {
  const expected = fetch.type === 'matrix' || run.kind === 'range' ? 'matrix' : 'vector';
  const opened: GroupAnswer[] = [];
  const groupStats = run.stats.fetch(fetch.key);
  try {
    return await allOrNothing(fetch.parts, run.deadline, async ({ group: planned, expr, addLabels }) => {
      const group = snapshotOf(planned);
      const stats = groupStats.group(group.name);
      const ask = async (context: FetchContext): Promise<GroupAnswer> => {
        const begun = await group.query({ kind: run.kind, expr, grid: run.grid }, context);
        opened.push(begun);
        if (begun.resultType !== expected) {
          throw new PromfedError(
            'upstream',
            `server group "${group.name}": answered a ${begun.resultType} where a ${expected} was asked for`,
          );
        }
        return begun;
      };
      const answer = await queryGroup(group, run, ask, stats);
      if (answer === undefined) return undefined;
      const buffered = await answer.tryBuffer?.();
      const frames = buffered === undefined ? answer.frames : new BufferedStream(buffered);
      return { group, frames, buffered, addLabels, stats };
    });
  } catch (error) {
    for (const { frames } of opened) frames.close();
    throw error;
  }
}

/**
 * The frames of a part, its tail's warnings noted. When an optional group fails in the middle the stream ends there,
 * with a warning that its answer is incomplete.
 */
export function tolerantFrames({ group, frames, stats }: OpenPart, run: FanOutContext): FrameStream {
  return transformFrames(frames, {
    map(batch) {
      stats.received(batch);
      return batch;
    },
    finish(trailer) {
      stats.ended(trailer);
      noteTrailer(trailer, run);
      return trailer;
    },
    fail(thrown) {
      stats.failed(thrown);
      tolerate(thrown, group, run, 'broke off, this answer has only some of its series');
      return EMPTY_TRAILER;
    },
  });
}

/** A place at the end of an annotation: ` (1:23)`. */
const PLACE = / \(\d+:\d+\)$/;

/** Hands on what a region said about its answer, less the places: they are in the text that the region was sent. */
export function noteTrailer(tail: ResponseTrailer, { annotations }: FanOutContext): void {
  for (const text of tail.warnings) annotations.notice(text.replace(PLACE, ''));
  for (const text of tail.infos) annotations.info(text.replace(PLACE, ''));
}
