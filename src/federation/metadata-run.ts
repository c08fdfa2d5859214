// Runs one metadata request: admission, deadline, the requests to the groups, and their combination.

import { Annotations } from '../model/index.js';
import { type MemoryAccount, Pacer } from '../runtime/index.js';
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
export interface GroupAnswer<T> {
  readonly group: GroupSnapshot;
  readonly data: T;
}

/** The means of a combination: it runs in time slices until the deadline, and accounts for what it creates. */
export interface CombineContext {
  readonly pacer: Pacer;
  readonly memory: MemoryAccount;
}

/** Combines the answers, which are in the order of the calls. */
export type Combine<T, Result> = (
  answers: readonly GroupAnswer<T>[],
  warnings: readonly string[],
  context: CombineContext,
) => Promise<MetadataAnswer<Result>>;

type RunRequest = Pick<MetadataRequest, 'timeoutMs' | 'routing' | 'signal'>;
type CallsOf<T> = (groups: readonly GroupSnapshot[], memory: MemoryAccount) => readonly GroupCall<T>[];

/**
 * Sends a request, once admitted, to groups and combines the answers.
 *
 * @param callsOf returns the request to each group that has to be queried. Called when the request is admitted.
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
    const answer = await fanOut({ ...request, timeoutMs }, options, callsOf, combine, admitted.memory);
    return { ...answer, release };
  } catch (thrown) {
    release();
    throw thrown;
  }
}

async function fanOut<T, Result>(
  request: RunRequest,
  { groups, clock }: FederationOptions,
  callsOf: CallsOf<T>,
  combine: Combine<T, Result>,
  memory: MemoryAccount,
): Promise<MetadataAnswer<Result>> {
  const annotations = new Annotations();
  const deadline = new Deadline(request.signal, request.timeoutMs, clock);
  const context = { deadline, annotations, lookbackDeltaMs: undefined, memory, requests: UNCOUNTED_REQUESTS };
  const rejections = new Rejections();
  try {
    const calls = callsOf(snapshotGroups(groups, clock.now(), request.routing), memory);
    const data = await allOrNothing(calls, deadline, async ({ group, ignoreError, send }) => {
      const { name, labels } = group;
      const answer = await queryGroup({ name, labels, ignoreError }, context, send, { rejections });
      if (answer === undefined) return undefined;
      for (const text of answer.warnings) annotations.regionWarning(text);
      return { group, data: answer.data };
    });
    rejections.throwUnless(data.length, deadline);
    const pacer = new Pacer(deadline.required.signal);
    return await combine(data, annotations.warnings, { pacer, memory });
  } finally {
    deadline.release();
  }
}
