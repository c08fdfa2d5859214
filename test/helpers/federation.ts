// Federations and query requests with the defaults that tests share.

import {
  createFederation,
  createQueryRequest,
  type Federation,
  type QueryParameters,
  QueryStats,
  type ValueAnswer,
} from '../../src/federation/index.js';
import { Annotations, instantGrid, type Value } from '../../src/model/index.js';
import { systemClock } from '../../src/runtime/index.js';
import type { GroupSnapshot, ServerGroup } from '../../src/upstreams/index.js';
import { ALL_FEATURES } from './promql/all-features.js';

type FederationOptions = Parameters<typeof createFederation>[0];

/** A server group that always has these snapshots. */
function groupOf(...snapshots: readonly GroupSnapshot[]): ServerGroup {
  return {
    name: snapshots[0]?.name ?? '',
    snapshots: () => snapshots,
    labelIndex: () => [],
    close: async () => undefined,
  };
}

/** @param groups one snapshot of each group. */
export function federationOf(
  groups: readonly GroupSnapshot[],
  changes: Partial<FederationOptions> = {},
): Federation {
  return createFederation({
    groups: groups.map((group) => groupOf(group)),
    clock: systemClock,
    maxSamples: 1000,
    lookbackDeltaMs: undefined,
    defaultStepMs: 60_000,
    delaysNames: false,
    pushdown: true,
    ...changes,
  });
}

/** An instant query at `timeMs`, unless `changes` say otherwise. */
export function queryRequest(
  text: string,
  timeMs: number,
  changes: Partial<QueryParameters> = {},
): ReturnType<typeof createQueryRequest> {
  const defaults = {
    text,
    kind: 'instant',
    grid: instantGrid(timeMs),
    endMs: timeMs,
    lookbackDeltaMs: undefined,
    timeoutMs: 5000,
    routing: 'learned',
    limit: undefined,
    stats: 'counters',
    signal: new AbortController().signal,
  } as const;
  return createQueryRequest({ ...defaults, ...changes }, ALL_FEATURES);
}

/** The answer of an engine to a query whose result is `value`. */
export function valueAnswer(value: Value): ValueAnswer {
  const stats = new QueryStats({ detail: 'counters', grid: instantGrid(0) });
  return {
    kind: 'value',
    value,
    isDisjoint: true,
    annotations: new Annotations(),
    stats,
    release: () => undefined,
  };
}
