// Calls to the HTTP API of an upstream: route and parameters, the same for every target of a group.

import {
  formatTimestamp,
  gridEndMs,
  instantGrid,
  METRIC_NAME,
  printMatchers,
  type Matcher,
  type TimeWindow,
} from '../../model/index.js';
import type { Clock } from '../../runtime/index.js';
import type { Endpoint } from '../metrics.js';
import type { RulesQuery } from '../region-rules.js';
import type { FetchContext, MetadataQuery, RegionQuery, SamplesQuery } from '../server-group.js';
import { escapeLabelName } from './label-name.js';
import { createReadRequest } from './remote-read.js';

type Parameter = readonly [name: string, value: string];

/** One call. A message, if any, replaces the route and all parameters. */
export interface ApiCall {
  readonly endpoint: Endpoint;
  /** POST where the API supports it, because expressions may exceed the limit of a URL. */
  readonly method: 'GET' | 'POST';
  /** Path below `/api/v1/`, percent-encoded. */
  readonly route: string;
  /** Parameters that the group's `query_params` do not override. */
  readonly parameters: readonly Parameter[];
  /** Parameters that the group's `query_params` override. */
  readonly defaults: readonly Parameter[];
  readonly message?: {
    /** Path below the group's prefix; starts with a slash. */
    readonly path: string;
    /** name0, value0, name1, value1, … */
    readonly headers: readonly string[];
    readonly body: Uint8Array;
  };
}

/**
 * Parameters for exact times. Without them, VictoriaMetrics aligns range queries to multiples of the step, moves instant
 * queries back by 30 s, and withholds the last 30 s of data. Prometheus ignores both. `latency_offset` has the
 * smallest value that is allowed: 0 is an error.
 */
const EXACT_TIMES: readonly Parameter[] = [
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
    parameters: [['query', expr], ...times],
    defaults: [...timeout(context, clock), ...lookback(context), ...EXACT_TIMES],
  };
}

/**
 * Returns the call for raw samples that every server supports: an instant query for a range vector. The window must be
 * at least one millisecond long.
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

/**
 * Returns the call for raw samples by remote read.
 *
 * @param queries the matchers of each query of the request.
 * @param path of the remote read endpoint, below the group's prefix; starts with a slash.
 */
export function readCall(
  queries: readonly (readonly Matcher[])[],
  window: TimeWindow,
  path: string,
): ApiCall {
  return {
    endpoint: 'read',
    method: 'POST',
    route: 'read',
    parameters: [],
    defaults: [],
    message: { path, headers: READ_HEADERS, body: createReadRequest(queries, window) },
  };
}

export function seriesCall(query: MetadataQuery, context: FetchContext, clock: Clock): ApiCall {
  // Prometheus requires a selector for series.
  const selectors = query.selectors.length === 0 ? [[]] : query.selectors;
  return {
    endpoint: 'series',
    method: 'POST',
    route: 'series',
    parameters: metadataParameters({ ...query, selectors }),
    defaults: timeout(context, clock),
  };
}

export function labelNamesCall(query: MetadataQuery, context: FetchContext, clock: Clock): ApiCall {
  return {
    endpoint: 'labels',
    method: 'POST',
    route: 'labels',
    parameters: metadataParameters(query),
    defaults: timeout(context, clock),
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
    parameters: metadataParameters(query),
    defaults: timeout(context, clock),
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
    parameters: [...optional('metric', metric), ...optional('limit', limit?.toString())],
    defaults: timeout(context, clock),
  };
}

export function rulesCall(query: RulesQuery, context: FetchContext, clock: Clock): ApiCall {
  const { kind, ruleNames, groupNames, files, excludesAlerts } = query;
  const repeated = (name: string, values: ReadonlySet<string> = new Set()): Parameter[] =>
    [...values].map((value): Parameter => [name, value]);
  return {
    endpoint: 'rules',
    method: 'GET',
    route: 'rules',
    parameters: [
      ...optional('type', kind === undefined ? undefined : kind === 'alerting' ? 'alert' : 'record'),
      ...optional('exclude_alerts', excludesAlerts ? 'true' : undefined),
      ...repeated('rule_name[]', ruleNames),
      ...repeated('rule_group[]', groupNames),
      ...repeated('file[]', files),
    ],
    defaults: timeout(context, clock),
  };
}

/** @param name of a page below `/api/v1/status/`. */
export function statusCall(name: 'buildinfo' | 'flags' | 'config'): ApiCall {
  return { endpoint: 'status', method: 'GET', route: `status/${name}`, parameters: [], defaults: [] };
}

function metadataParameters({ selectors, startMs, endMs, limit }: MetadataQuery): Parameter[] {
  return [
    ...selectors.map((matchers): Parameter => ['match[]', printSelector(matchers)]),
    ...optional('start', startMs === undefined ? undefined : formatTimestamp(startMs)),
    ...optional('end', endMs === undefined ? undefined : formatTimestamp(endMs)),
    ...optional('limit', limit?.toString()),
  ];
}

/**
 * Prints a selector. Prometheus rejects one that matches the empty label set: it gets a matcher for any metric name,
 * which all series satisfy.
 */
function printSelector(matchers: readonly Matcher[]): string {
  const selective = matchers.some(
    ({ op, value }) => (op === '=' && value !== '') || (op === '!=' && value === ''),
  );
  return printMatchers(selective ? matchers : [...matchers, { name: METRIC_NAME, op: '!=', value: '' }]);
}

/** Returns the remaining time in seconds, at least one millisecond: some servers treat 0 as no limit. */
function timeout(context: FetchContext, clock: Clock): Parameter[] {
  return [['timeout', formatTimestamp(Math.max(1, Math.ceil(context.deadlineMs - clock.now())))]];
}

/** Returns the lookback for Prometheus and for VictoriaMetrics. Each ignores the parameter of the other. */
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
