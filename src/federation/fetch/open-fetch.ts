// Opening a fetch: all groups are queried, and every answer is a stream of frames.

import {
  type BufferedAnswer,
  BufferedStream,
  EMPTY_TRAILER,
  type FrameStream,
  type ResponseTrailer,
  transformFrames,
} from '../../json/index.js';
import { PromfedError, withoutPosition, type Grid, type Labels } from '../../model/index.js';
import { ignoredBuckets, type Fetch } from '../../promql/plan/index.js';
import type { FetchContext, GroupAnswer, GroupSnapshot } from '../../upstreams/index.js';
import { allOrNothing, queryGroup, Rejections, warnOrThrow, type FanOutContext } from '../fan-out.js';
import { snapshotOf } from '../group-snapshot.js';
import type { QueryRequests } from '../query-requests.js';
import { RejectionReplan } from '../replan/rejection-replan.js';
import type { FetchRecorder } from '../stats/fetch-stats.js';
import type { QueryStats } from '../stats/query-stats.js';
import type { QueryBatching } from './query-batching.js';

/** The shared context of the fetches of one attempt at a query. */
export interface FetchRun extends FanOutContext {
  readonly kind: 'instant' | 'range';
  readonly grid: Grid;
  readonly stats: QueryStats;
  readonly requests: QueryRequests;
  /** Decodes native histograms from JSON where the group does not allow it. Default false. */
  readonly acceptsLossyHistograms?: boolean;
  /** Sends instant queries together with those of other requests. Default: each is sent alone. */
  readonly batching?: QueryBatching | undefined;
  /**
   * Reports whether the query can be planned again without a fetch whose expression a region rejected with a text. Default:
   * never.
   */
  readonly replansWithout?: ((fetch: Fetch, text: string) => boolean) | undefined;
}

/** The answer of one group to its part of a fetch. */
export interface OpenPart {
  readonly group: GroupSnapshot;
  /** With the labels of the region. */
  readonly frames: FrameStream;
  /** All of `frames`, when the answer is small. A reader that uses it need not read `frames`. */
  readonly buffered?: BufferedAnswer | undefined;
  /** Labels to set on every series. */
  readonly addLabels: Labels;
  /** See `GroupAnswer.targets`. */
  readonly targets: readonly string[];
  readonly stats: FetchRecorder;
}

/** Returns the result type of an answer to a fetch. */
export function resultTypeOf({ type }: Fetch, kind: FetchRun['kind']): 'vector' | 'matrix' {
  return type === 'matrix' || kind === 'range' ? 'matrix' : 'vector';
}

/**
 * Queries all groups of a fetch concurrently. Resolves when all of them have begun to answer and small answers have
 * ended or failed. Optional groups that failed before are omitted, with a warning.
 *
 * The caller closes the streams.
 *
 * @throws RejectionReplan when a region rejected the expression or ignored buckets in a small answer, and promfed can compute
 *   it; the rejection when it cannot and no group answered.
 */
export async function openFetch(fetch: Fetch, run: FetchRun): Promise<OpenPart[]> {
  const expected = resultTypeOf(fetch, run.kind);
  const opened: GroupAnswer[] = [];
  const groupStats = run.stats.fetch(fetch.key);
  const batching = expected === 'vector' ? run.batching : undefined;
  const rejections = new Rejections();
  try {
    const parts = await allOrNothing(
      fetch.parts,
      run.deadline,
      async ({ group: planned, expr, labelRule, addLabels }) => {
        const group = snapshotOf(planned);
        const stats = groupStats.group(group.name);
        const send = async (context: FetchContext): Promise<GroupAnswer> => {
          const query = { kind: run.kind, expr, grid: run.grid, labelRule };
          const answering =
            batching === undefined ? group.query(query, context) : batching.query(group, query, context);
          const answer = await answering.catch((thrown: unknown) => {
            throw asRejectionReplan(thrown, fetch, run);
          });
          if (answer.rejection !== undefined) {
            const replan = asRejectionReplan(answer.rejection, fetch, run);
            if (replan !== answer.rejection) {
              answer.frames.close();
              throw replan;
            }
          }
          if (answer.resultType === expected) {
            opened.push(answer);
            return answer;
          }
          answer.frames.close();
          throw new PromfedError(
            'upstream',
            `server group "${group.name}": invalid answer: the result type is ${answer.resultType}, not ${expected}`,
          );
        };
        const answer = await queryGroup(group, run, send, { stats, rejections });
        if (answer === undefined) return undefined;
        const buffered = await answer.tryBuffer?.();
        if (buffered !== undefined) requireBuckets(buffered.trailer, fetch, run);
        const frames = buffered === undefined ? answer.frames : new BufferedStream(buffered);
        return { group, frames, buffered, addLabels, targets: answer.targets ?? [], stats };
      },
    );
    rejections.throwUnless(parts.length, run.deadline);
    return parts;
  } catch (error) {
    for (const { frames } of opened) frames.close();
    throw error;
  }
}

/** Returns a rejection of the expression as a `RejectionReplan` if promfed can compute it, any other value unchanged. */
function asRejectionReplan(thrown: unknown, fetch: Fetch, run: FetchRun): unknown {
  if (!(thrown instanceof PromfedError && thrown.code === 'rejected')) return thrown;
  return run.replansWithout?.(fetch, thrown.message) === true ? new RejectionReplan(thrown, fetch) : thrown;
}

/**
 * Checks that a region has not ignored buckets that may have ranges.
 *
 * @throws RejectionReplan when it has, and promfed can compute the function.
 */
export function requireBuckets({ warnings }: ResponseTrailer, fetch: Fetch, run: FetchRun): void {
  const text = ignoredBuckets(warnings);
  if (text === undefined || run.replansWithout?.(fetch, text) !== true) return;
  throw new RejectionReplan(new PromfedError('rejected', text), fetch);
}

/**
 * Returns the frames of a part. When an optional group fails, the stream ends there with a warning.
 *
 * The caller records the annotations of the trailer once it has accepted all frames: they may be read ahead, and series may
 * be lost after that.
 */
export function tolerantFrames({ group, frames, targets, stats }: OpenPart, run: FanOutContext): FrameStream {
  return transformFrames(frames, {
    map(batch) {
      stats.received(batch);
      return batch;
    },
    finish(trailer) {
      stats.ended(trailer);
      return trailer;
    },
    fail(thrown) {
      stats.failed(thrown);
      warnOrThrow(thrown, group, 'incomplete', run, targets);
      return EMPTY_TRAILER;
    },
  });
}

/**
 * Records the annotations of a region without their positions, which refer to the expression that it was sent, and
 * whether its answer is partial.
 */
export function noteTrailer(
  { warnings, infos, isPartial }: ResponseTrailer,
  group: GroupSnapshot,
  { annotations }: FanOutContext,
): void {
  if (isPartial) annotations.missing(group);
  for (const text of warnings) annotations.regionWarning(withoutPosition(text));
  for (const text of infos) annotations.info(withoutPosition(text));
}
