// The parameters of query, query_range and explain.

import { parseQuery, type ParsedQuery, type QueryRequest } from '../../federation/index.js';
import { instantGrid, PromfedError } from '../../model/index.js';
import { NodeCount, parseExpr, type Expr } from '../../promql/language/index.js';
import type { AppContext } from '../app-context.js';
import type { ApiRequest } from '../routes/route.js';
import { checkLength } from './match.js';
import { invalid, parameter, positiveMs, type Parameters } from './parameters.js';

/**
 * Parses the parameter `query`.
 *
 * @throws PromfedError `bad_data` with Prometheus' text, or beyond the limits.
 */
export function parseExpression(parameters: Parameters, { features, limits }: AppContext): Expr {
  const text = parameters.get('query');
  checkLength('query', text, limits.maxQueryLength);
  const nodes = new NodeCount(limits.maxNodes);
  return parameter('query', () => parseExpr(text, { features, nodes }));
}

/**
 * The request of `query`. Its query is not parsed yet.
 *
 * Source: Prometheus, web/api/v1/api.go (`query`).
 *
 * @throws PromfedError `bad_data` with Prometheus' text.
 */
export function instantRequest(request: ApiRequest, context: AppContext): QueryRequest {
  const limit = request.parameters.limit();
  const grid = instantGrid(request.parameters.time('time')?.evaluationMs ?? context.clock.now());
  return queryRequest({ kind: 'instant', grid, endMs: grid.startMs, limit }, request, context);
}

/**
 * The request of `query_range`.
 *
 * Source: Prometheus, web/api/v1/api.go (`queryRange`).
 *
 * @throws PromfedError `bad_data` with Prometheus' text.
 */
export function rangeRequest(request: ApiRequest, context: AppContext): QueryRequest {
  const limit = request.parameters.limit();
  return queryRequest({ kind: 'range', ...request.parameters.range(), limit }, request, context);
}

/**
 * The request of `explain`: of `query_range` when one of `start`, `end` and `step` is set, otherwise of `query`.
 *
 * @throws PromfedError `bad_data` with Prometheus' text.
 */
export function instantOrRangeRequest(request: ApiRequest, context: AppContext): QueryRequest {
  const { parameters } = request;
  const isRange = ['start', 'end', 'step'].some((name) => parameters.get(name) !== '');
  if (isRange && parameters.get('time') !== '') {
    throw invalid('time', 'an instant query has a time, a range query has start, end and step');
  }
  if (!isRange) return instantRequest(request, context);
  const query = rangeRequest(request, context);
  if (query.grid.count === 0) {
    throw invalid('end', 'there is nothing to explain: both times must be within 292 years of 1970');
  }
  return query;
}

function queryRequest(
  times: Pick<QueryRequest, 'kind' | 'grid' | 'endMs' | 'limit'>,
  { parameters, signal }: ApiRequest,
  { queryTimeoutMs, features, limits }: AppContext,
): QueryRequest {
  const timeoutMs = timeout(parameters, queryTimeoutMs);
  const lookbackDeltaMs = lookback(parameters);
  const text = parameters.get('query');
  const routing = parameters.routing();
  const stats = parseStats(parameters.get('stats'));
  const { maxNodes, maxQueryLength } = limits;
  checkLength('query', text, maxQueryLength);
  const { kind } = times;
  const parse = (): ParsedQuery => {
    const query = parameter('query', () => parseQuery({ text, kind }, { features, maxNodes }));
    // Prometheus' text
    if (timeoutMs === 0) throw new PromfedError('timeout', 'query timed out in query execution');
    return query;
  };
  return { ...times, text, parse, lookbackDeltaMs, timeoutMs, routing, stats, signal };
}

/**
 * Parses the parameter `stats`. Every value except the empty one adds statistics to the answer; `all` adds those of each
 * step too.
 *
 * Source: Prometheus, web/api/v1/api.go (`DefaultStatsRenderer`, `extractQueryOpts`).
 */
function parseStats(text: string): QueryRequest['stats'] {
  if (text === '') return 'counters';
  return text === 'all' ? 'samples-per-step' : 'samples';
}

/** The smaller of the flag and the parameter; 0 for a parameter that leaves no time. */
function timeout(parameters: Parameters, flagMs: number): number {
  const timeoutNs = parameters.durationNs('timeout');
  return timeoutNs === undefined ? flagMs : Math.min(positiveMs(timeoutNs) ?? 0, flagMs);
}

/** Undefined for a missing parameter, zero or a negative duration: the default then applies, as in Prometheus. */
function lookback(parameters: Parameters): number | undefined {
  return positiveMs(withLookbackText(() => parameters.durationNs('lookback_delta')));
}

/** Words the error of `lookback_delta` as Prometheus does. Source: Prometheus, web/api/v1/api.go (`extractQueryOpts`). */
function withLookbackText<T>(read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (!(thrown instanceof PromfedError)) throw thrown;
    const reason = thrown.message.replace(/^invalid parameter "lookback_delta": /, '');
    throw new PromfedError('bad_data', `error parsing lookback delta duration: ${reason}`, { cause: thrown });
  }
}
