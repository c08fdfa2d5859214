// Runs one metadata request: admission, deadline, the requests to the groups, and their combination.

import { Annotations } from '../model/index.js';
import type { MemoryAccount } from '../runtime/index.js';
import type { FetchContext, GroupSnapshot, MetadataAnswer } from '../upstreams/index.js';
import { UNLIMITED } from './admission.js';
import { Deadline } from './deadline.js';
import { allOrNothing, queryGroup, Rejections } from './fan-out.js';
import { snapshotGroups } from './group-snapshot.js';
import type { FederationOptions } from './options.js';
import type { MetadataRequest, MetadataResult } from './query-engine.js';
import { UNCOUNTED_REQUESTS } from './query-requests.js';

/** The request to one group. */
export interface GroupCall<T> {
  readonly group: GroupSnapshot;
  /** True when a failure of the group is a warning. */
  readonly ignoreError: boolean;
  readonly send: (context: FetchContext) => Promise<MetadataAnswer<T>>;
}

/** The answer of one group. */
interface GroupAnswer<T> {
  readonly group: GroupSnapshot;
  readonly data: T;
}

/** Combines the answers, which are in the order of the calls. */
export type Combine<T, Result> = (
  answers: readonly GroupAnswer<T>[],
  warnings: readonly string[],
) => MetadataAnswer<Result>;

type RunRequest = Pick<MetadataRequest, 'timeoutMs' | 'routing' | 'signal'>;
type CallsOf<T> = (groups: readonly GroupSnapshot[]) => readonly GroupCall<T>[];

/**
 * Sends a request, once admitted, to groups and combines the answers.
 *
 * @param callsOf returns the request to each group that has to be queried.
 */
export async function runMetadataRequest<T, Result>(
  request: RunRequest,
  options: FederationOptions,
  callsOf: CallsOf<T>,
  combine: Combine<T, Result>,
): Promise<MetadataResult<Result>> {
  const { admission = UNLIMITED, clock } = options;
  const endMs = clock.now() + request.timeoutMs;
  const admitted = await admission.admit(request.signal, request.timeoutMs);
  const release = (): void => {
    admitted.release();
  };
  try {
    const timeoutMs = Math.max(1, endMs - clock.now());
    const { data, warnings } = await fanOut({ ...request, timeoutMs }, options, callsOf, admitted.memory);
    return { ...combine(data, warnings), release };
  } catch (thrown) {
    release();
    throw thrown;
  }
}

async function fanOut<T>(
  request: RunRequest,
  { groups, clock }: FederationOptions,
  callsOf: CallsOf<T>,
  memory: MemoryAccount,
): Promise<MetadataAnswer<readonly GroupAnswer<T>[]>> {
  const annotations = new Annotations();
  const deadline = new Deadline(request.signal, request.timeoutMs, clock);
  const context = { deadline, annotations, lookbackDeltaMs: undefined, memory, requests: UNCOUNTED_REQUESTS };
  const rejections = new Rejections();
  try {
    const calls = callsOf(snapshotGroups(groups, clock.now(), request.routing));
    const data = await allOrNothing(calls, deadline, async ({ group, ignoreError, send }) => {
      const { name, labels } = group;
      const answer = await queryGroup({ name, labels, ignoreError }, context, send, { rejections });
      if (answer === undefined) return undefined;
      for (const text of answer.warnings) annotations.notice(text);
      return { group, data: answer.data };
    });
    rejections.throwUnless(data.length, deadline);
    return { data, warnings: annotations.warnings };
  } finally {
    deadline.release();
  }
}
