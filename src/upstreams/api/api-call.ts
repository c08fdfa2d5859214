// What is asked of an upstream's HTTP API, the same for every target of a group: route and parameters.

import {
  formatTimestamp,
  gridEndMs,
  instantGrid,
  METRIC_NAME,
  printMatchers,
  type Matcher,
} from '../../model/index.js';
import type { Clock } from '../../runtime/index.js';
import type { Endpoint } from '../metrics.js';
import type { FetchContext, MetadataQuery, RegionQuery, SamplesQuery } from '../server-group.js';
import { escapeLabelName } from './label-name.js';
import { createReadRequest } from './remote-read.js';

type Parameter = readonly [name: string, value: string];

export interface ApiCall {
  readonly endpoint: Endpoint;
  /** POST where the API has it, because expressions may be longer than a URL may be. */
  readonly method: 'GET' | 'POST';
  /** Below `/api/v1/`, already percent-encoded. */
  readonly route: string;
  /** What is asked: always sent as it is. */
  readonly asked: readonly Parameter[];
  /** How it is answered: a group's `query_params` of the same name take the place of these. */
  readonly tuning: readonly Parameter[];
  /** A message in place of parameters, to a route of its own. */
  readonly message?: {
    /** Below the group's prefix; starts with a slash. */
    readonly path: string;
    readonly headers: readonly string[];
    readonly body: Uint8Array;
  };
}

/**
 * VictoriaMetrics moves range queries onto multiples of the step and instant queries 30 s back, to serve them from
 * its cache, and withholds the last 30 s of data; one Prometheus does none of it. Prometheus ignores both parameters.
 * 0 is an error for `latency_offset`, so it is the least that is not.
 */
const AS_ASKED: readonly Parameter[] = [
  ['nocache', '1'],
  ['latency_offset', '1ms'],
];

export function queryCall(query: RegionQuery, context: FetchContext, clock: Clock): ApiCall {
  const { kind, expr, grid } = query;
  const start = formatTimestamp(grid.startMs);
  const times: Parameter[] =
    kind === 'instant'
      ? [['time', start]]
      : [
          ['start', start],
          ['end', formatTimestamp(gridEndMs(grid))],
          ['step', formatTimestamp(grid.stepMs)],
        ];
  const endpoint = kind === 'instant' ? 'query' : 'query_range';
  return {
    endpoint,
    method: 'POST',
    route: endpoint,
    asked: [['query', expr], ...times],
    tuning: [...timeout(context, clock), ...lookback(context), ...AS_ASKED],
  };
}

/**
 * A range vector at an instant: the one query that every server answers with raw samples.
 *
 * @param window at least a millisecond long.
 */
export function samplesCall(
  { matchers, window }: SamplesQuery,
  context: FetchContext,
  clock: Clock,
): ApiCall {
  const rangeMs = Math.ceil(window.untilMs - window.afterMs);
  const expr = `${printMatchers(matchers)}[${rangeMs}ms]`;
  return queryCall({ kind: 'instant', expr, grid: instantGrid(window.untilMs) }, context, clock);
}

const READ_HEADERS = [
  ...['content-type', 'application/x-protobuf'],
  ...['content-encoding', 'snappy'],
  ...['x-prometheus-remote-read-version', '0.1.0'],
];

/** @param path of the remote read endpoint, below the group's prefix; starts with a slash. */
export function readCall({ matchers, window }: SamplesQuery, path: string): ApiCall {
  return {
    endpoint: 'read',
    method: 'POST',
    route: 'read',
    asked: [],
    tuning: [],
    message: { path, headers: READ_HEADERS, body: createReadRequest(matchers, window) },
  };
}

export function seriesCall(query: MetadataQuery, context: FetchContext, clock: Clock): ApiCall {
  // Prometheus refuses to list series without a selector.
  const selectors = query.selectors.length === 0 ? [[]] : query.selectors;
  return {
    endpoint: 'series',
    method: 'POST',
    route: 'series',
    asked: metadataParameters({ ...query, selectors }),
    tuning: timeout(context, clock),
  };
}

export function labelNamesCall(query: MetadataQuery, context: FetchContext, clock: Clock): ApiCall {
  return {
    endpoint: 'labels',
    method: 'POST',
    route: 'labels',
    asked: metadataParameters(query),
    tuning: timeout(context, clock),
  };
}

export function labelValuesCall(
  name: string,
  query: MetadataQuery,
  context: FetchContext,
  clock: Clock,
): ApiCall {
  return {
    endpoint: 'label_values',
    method: 'GET',
    route: `label/${escapeLabelName(name)}/values`,
    asked: metadataParameters(query),
    tuning: timeout(context, clock),
  };
}

export function metadataCall(
  metric: string | undefined,
  limit: number | undefined,
  context: FetchContext,
  clock: Clock,
): ApiCall {
  return {
    endpoint: 'metadata',
    method: 'GET',
    route: 'metadata',
    asked: [...optional('metric', metric), ...optional('limit', limit?.toString())],
    tuning: timeout(context, clock),
  };
}

function metadataParameters({ selectors, startMs, endMs, limit }: MetadataQuery): Parameter[] {
  return [
    ...selectors.map((matchers): Parameter => ['match[]', printSelector(matchers)]),
    ...optional('start', startMs === undefined ? undefined : formatTimestamp(startMs)),
    ...optional('end', endMs === undefined ? undefined : formatTimestamp(endMs)),
    ...optional('limit', limit?.toString()),
  ];
}

/** Prometheus refuses a selector that the empty label set satisfies; every series has a name. */
function printSelector(matchers: readonly Matcher[]): string {
  const selective = matchers.some(
    ({ op, value }) => (op === '=' && value !== '') || (op === '!=' && value === ''),
  );
  return printMatchers(selective ? matchers : [...matchers, { name: METRIC_NAME, op: '!=', value: '' }]);
}

/** Seconds left, at least a millisecond: 0 is no limit for some servers. */
function timeout(context: FetchContext, clock: Clock): Parameter[] {
  return [['timeout', formatTimestamp(Math.max(1, Math.ceil(context.deadlineMs - clock.now())))]];
}

/** Prometheus' name and VictoriaMetrics'; each ignores the other's. */
function lookback({ lookbackDeltaMs }: FetchContext): Parameter[] {
  if (lookbackDeltaMs === undefined) return [];
  const seconds = formatTimestamp(lookbackDeltaMs);
  return [
    ['lookback_delta', seconds],
    ['max_lookback', seconds],
  ];
}

function optional(name: string, value: string | undefined): Parameter[] {
  return value === undefined ? [] : [[name, value]];
}
