// Asking groups: all at once, and what the failure of one of them means.

import { asPromfedError, type Annotations, type PromfedError, type StopSignal } from '../model/index.js';
import type { MemoryAccount } from '../runtime/index.js';
import type { FetchContext, GroupSnapshot } from '../upstreams/index.js';
import type { Bound, Deadline } from './deadline.js';
import { NO_STATS, type FetchRecorder } from './stats/fetch-stats.js';

/** What every request to a group needs besides the request itself. Owned by one query. */
export interface FanOutContext {
  readonly deadline: Deadline;
  readonly annotations: Annotations;
  readonly lookbackDeltaMs: number | undefined;
  /** Account for the bytes that the request holds. */
  readonly memory: MemoryAccount;
}

/**
 * Asks one group. An optional group's failure becomes a warning that names it, and `undefined` is returned.
 *
 * @throws PromfedError the failure of a required group, an `execution` error of any group (the query itself cannot
 * be evaluated, whoever is asked), and the end of the whole request.
 */
export async function queryGroup<T>(
  group: GroupSnapshot,
  context: FanOutContext,
  ask: (fetchContext: FetchContext) => Promise<T>,
  stats: FetchRecorder = NO_STATS,
): Promise<T | undefined> {
  const bound = boundOf(group, context.deadline);
  stats.requested();
  try {
    return await ask({
      signal: bound.signal,
      deadlineMs: bound.atMs,
      lookbackDeltaMs: context.lookbackDeltaMs,
      memory: context.memory,
      stats,
    });
  } catch (thrown) {
    stats.failed(thrown);
    tolerate(thrown, group, context, 'is missing from this answer');
    return undefined;
  }
}

/**
 * Turns the failure of an optional group into a warning. Every other failure ends the whole request, whatever else is
 * still under way, and is thrown.
 */
export function tolerate(
  thrown: unknown,
  group: GroupSnapshot,
  { deadline, annotations }: FanOutContext,
  consequence: string,
): void {
  const error = asPromfedError(thrown);
  const over = deadline.required.signal;
  // What a group says of the deadline names the group.
  if (over.aborted) throw error.code === 'timeout' ? error : reasonOf(over);
  const tolerable = error.code === 'upstream' || error.code === 'timeout';
  if (!group.ignoreError || !tolerable) {
    deadline.abort(error);
    throw error;
  }
  const name = `server group "${group.name}"`;
  const reason = error.message.startsWith(`${name}: `) ? error.message.slice(name.length + 2) : error.message;
  annotations.notice(`${name} ${consequence}: ${reason}`);
}

function boundOf(group: GroupSnapshot, deadline: Deadline): Bound {
  return group.ignoreError ? deadline.optional : deadline.required;
}

function reasonOf(signal: StopSignal): PromfedError {
  return asPromfedError(signal.reason);
}

/**
 * Runs one task for each item at once. The first failure aborts the deadline, and so ends the others, and is thrown
 * when all have settled: nothing is left running behind the caller's back.
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
