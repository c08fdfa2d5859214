// Fan-out: queries all groups of a request concurrently, and decides what the failure of one of them means.

import { asPromfedError, PromfedError, type Annotations } from '../model/index.js';
import { SeriesCollision } from '../merge/index.js';
import type { MemoryAccount } from '../runtime/index.js';
import {
  isRegionFailure,
  isRejection,
  nameSource,
  type FetchContext,
  type GroupSnapshot,
} from '../upstreams/index.js';
import type { Deadline } from './deadline.js';
import type { QueryRequests } from './query-requests.js';
import { NO_STATS, type FetchRecorder } from './stats/fetch-stats.js';

/** The shared context of the requests to groups. Owned by one query. */
export interface FanOutContext {
  readonly deadline: Deadline;
  readonly annotations: Annotations;
  readonly lookbackDeltaMs: number | undefined;
  /** Account for the bytes that the request holds. */
  readonly memory: MemoryAccount;
  /** Counts the requests to groups. */
  readonly requests: Pick<QueryRequests, 'count'>;
}

/** The properties of a group that decide what its failure means. */
type FallibleGroup = Pick<GroupSnapshot, 'name' | 'labels' | 'ignoreError'>;

/** The loss when an optional group fails: all of its series, or those that follow the failure. */
export type Loss = 'missing' | 'incomplete';

/** The rejections of one request by optional groups. */
export class Rejections {
  #first: PromfedError | undefined;

  add(error: PromfedError): void {
    this.#first ??= error;
  }

  /**
   * @param answered number of groups that answered.
   * @throws PromfedError the first rejection when no group answered: the request itself is invalid, or no region can
   *   answer it, and an empty answer would be mistaken for the absence of series.
   */
  throwUnless(answered: number, deadline: Deadline): void {
    if (answered > 0 || this.#first === undefined) return;
    deadline.abort(this.#first);
    throw this.#first;
  }
}

export interface GroupQueryOptions {
  readonly stats?: FetchRecorder;
  /** Receives the rejection of an optional group. Its owner calls `throwUnless`. Default: a rejection is a failure. */
  readonly rejections?: Rejections;
}

/**
 * Queries one group. The failure of an optional group becomes a warning, and undefined is returned.
 *
 * @throws PromfedError the failure of a required group; a failure of any group that is not its own fault, such as
 *   `execution`, `limit` or `memory`; `limit` when the query may not send another request; `timeout` or `canceled` when the whole request has ended.
 */
export async function queryGroup<T>(
  group: FallibleGroup,
  context: FanOutContext,
  send: (fetchContext: FetchContext) => Promise<T>,
  { stats = NO_STATS, rejections }: GroupQueryOptions = {},
): Promise<T | undefined> {
  const { deadline, lookbackDeltaMs, memory, requests } = context;
  requests.count();
  const { signal, atMs } = group.ignoreError ? deadline.optional : deadline.required;
  stats.requested();
  try {
    return await send({ signal, deadlineMs: atMs, lookbackDeltaMs, memory, stats });
  } catch (thrown) {
    stats.failed(thrown);
    warnOrThrow(thrown, group, 'missing', context);
    if (thrown instanceof PromfedError && isRejection(thrown)) rejections?.add(thrown);
    return undefined;
  }
}

/**
 * Turns the failure of an optional group into a warning. Any other failure ends the whole request and is thrown.
 *
 * Every warning about a missing or incomplete group is composed in this function. An error of an answer that names
 * neither group nor targets, such as a malformed sample, is given their names.
 *
 * @param targets the targets whose answer failed; empty when they are not known.
 */
export function warnOrThrow(
  thrown: unknown,
  group: FallibleGroup,
  loss: Loss,
  { deadline, annotations }: FanOutContext,
  targets: readonly string[] = [],
): void {
  const unnamed = asPromfedError(thrown);
  const isOfAnswer =
    unnamed instanceof SeriesCollision || (isRegionFailure(unnamed) && unnamed.code !== 'timeout');
  const error = isOfAnswer ? nameSource(unnamed, group.name, targets) : unnamed;
  const { signal } = deadline.required;
  // A timeout that the group reports names the group; the reason of the deadline does not.
  if (signal.aborted) throw error.code === 'timeout' ? error : asPromfedError(signal.reason);
  if (!group.ignoreError || !isRegionFailure(error)) {
    deadline.abort(error);
    throw error;
  }
  const name = `server group "${group.name}"`;
  const reason = error.message.startsWith(`${name}: `) ? error.message.slice(name.length + 2) : error.message;
  annotations.missing(group);
  annotations.notice(
    loss === 'missing'
      ? `${name} is missing from this answer: ${reason}`
      : `${name} is incomplete in this answer: ${reason}`,
  );
}

/**
 * Runs one task for each item concurrently. The first failure aborts the deadline, which ends the other tasks, and is
 * thrown when all tasks have ended.
 *
 * @returns the results in the order of the items, without those that are undefined.
 */
export async function allOrNothing<Item, Result>(
  items: readonly Item[],
  deadline: Deadline,
  task: (item: Item) => Promise<Result | undefined>,
): Promise<Result[]> {
  let failure: PromfedError | undefined;
  const results = await Promise.all(
    items.map(async (item) => {
      try {
        return await task(item);
      } catch (thrown) {
        failure ??= asPromfedError(thrown);
        deadline.abort(failure);
        return undefined;
      }
    }),
  );
  if (failure !== undefined) throw failure;
  return results.filter((result) => result !== undefined);
}
