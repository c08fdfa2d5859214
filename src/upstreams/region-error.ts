// The meaning of a region's error response: one table for queries, raw samples, remote read, metadata and rules.

import { PromfedError } from '../model/index.js';
import type { Endpoint } from './metrics.js';

/** An error that a region reports, however it reports it. */
export interface RegionErrorResponse {
  /** The route that was requested. */
  readonly endpoint: Endpoint;
  /** The HTTP status. 200 for an error envelope in a successful response. */
  readonly status: number;
  /** The `errorType` of the envelope; empty without an envelope. VictoriaMetrics sends the status. */
  readonly errorType: string;
  /** The `error` of the envelope, or the beginning of the page; printable. */
  readonly text: string;
  /** The Retry-After header; empty without one. */
  readonly retryAfter?: string;
}

/**
 * - `fault`: the query cannot be evaluated, by any server.
 * - `rejected`: this region does not accept the expression or the parameters, or evaluates the expression by rules that
 *   Prometheus does not have.
 * - `limit`: the request exceeds a limit of this region. Other servers may have another limit.
 * - `auth`, `overload`, `failure`: the region does not answer. The expression does not matter.
 */
type RegionErrorKind = 'fault' | 'rejected' | 'limit' | 'auth' | 'overload' | 'failure';

/** A row of the table. A missing condition always holds. */
interface Rule {
  readonly kind: RegionErrorKind;
  readonly statuses?: readonly number[];
  readonly types?: readonly string[];
  /** True for requests that evaluate an expression, false for all others. */
  readonly isQuery?: boolean;
  /** Matches the text without quoted strings, which may be parts of the query. */
  readonly text?: RegExp;
}

/**
 * The first row that matches decides; without any it is a `failure`.
 *
 * Sources: Prometheus, web/api/v1/api.go (`returnAPIError`), promql/engine.go and storage/remote/read_handler.go;
 * VictoriaMetrics, app/vmselect, lib/httpserver/prometheus.go and lib/storage/index_db.go; Thanos, pkg/api and
 * pkg/store/bucket.go; Mimir, pkg/util/globalerror/user.go and pkg/util/limiter.
 */
const RULES: readonly Rule[] = [
  { kind: 'auth', statuses: [401, 403] },
  { kind: 'overload', statuses: [429, 503] },

  // Limits, which all products report like a fault of the query.
  { kind: 'limit', text: /query processing would load too many samples into memory/ },
  { kind: 'limit', text: /exceeded sample limit \(/ },
  { kind: 'limit', text: /exceeded maximum resolution of/ },
  { kind: 'limit', text: /-search\.max[A-Z]|-search\.max\*|-memory\.allowed/ },
  { kind: 'limit', text: /\btimeout exceeded\b|\bthe maximum number of points is\b/ },
  { kind: 'limit', text: /exceeded (?:series|chunks|samples|bytes) limit/ },
  { kind: 'limit', text: /\(err-(?:mimir|cortex)-(?:max-|query-limited|tenant-max-)/ },
  {
    kind: 'limit',
    text: /the query (?:hit the (?:aggregated )?(?:data size|max number of)|time range exceeds)/,
  },

  // Failures of storage below the query engine, which engines report as errors of the execution.
  { kind: 'failure', text: /^expanding series: |\brpc error: |\bproxy Series\(\)|^unexpected error: / },
  { kind: 'failure', text: /\bcontext (?:canceled|deadline exceeded)\b|\(err-(?:mimir|cortex)-/ },
  {
    kind: 'failure',
    text: /\bvmstorage\b|cannot (?:fetch|unmarshal|unpack|write|read) |\bsearch error after\b/,
  },

  // VictoriaMetrics joins by its own rules, and its parser and functions accept other expressions.
  { kind: 'rejected', isQuery: true, text: /\bduplicate (?:time series on the|output timeseries)/ },
  { kind: 'rejected', isQuery: true, types: ['400', '422'] },
  { kind: 'rejected', isQuery: false, types: ['400'] },
  { kind: 'rejected', isQuery: false, types: ['422'], text: /\bcannot parse\b/ },

  { kind: 'rejected', types: ['bad_data'] },
  { kind: 'fault', isQuery: true, types: ['execution'] },
];

/** Texts in quotes are parts of the query or labels. */
const QUOTED = /"(?:[^"\\]|\\.)*"/g;

function kindOf({ endpoint, status, errorType, text }: RegionErrorResponse): RegionErrorKind {
  const isQuery = evaluates(endpoint);
  const bare = text.replace(QUOTED, '""');
  const rule = RULES.find(
    (one) =>
      (one.statuses?.includes(status) ?? true) &&
      (one.types?.includes(errorType) ?? true) &&
      (one.isQuery ?? isQuery) === isQuery &&
      (one.text?.test(bare) ?? true),
  );
  return rule?.kind ?? 'failure';
}

/** Only then is an error of type `execution` a fault of the query. For metadata it is a failure of the server. */
function evaluates(endpoint: Endpoint): boolean {
  return endpoint === 'query' || endpoint === 'query_range';
}

/**
 * Returns the error for an error response of a region. Its message is only the reason: the caller adds the names of group
 * and target.
 *
 * @returns `execution` with the region's text alone for a fault of the query; `rejected` when the region rejects the
 *   expression, `rejected_request` when it rejects the parameters of another request; `region_limit`; otherwise
 *   `upstream`.
 */
export function regionError(response: RegionErrorResponse): PromfedError {
  const { endpoint, text } = response;
  switch (kindOf(response)) {
    case 'fault':
      return new PromfedError('execution', text);
    case 'rejected':
      return evaluates(endpoint)
        ? new PromfedError('rejected', `rejected the expression: ${text}`)
        : new PromfedError('rejected_request', `rejected the request: ${text}`);
    case 'limit':
      return new PromfedError('region_limit', describe(response, 'limit of the region exceeded'));
    case 'auth':
      return new PromfedError('upstream', describe(response, 'credentials rejected'));
    case 'overload':
      return new PromfedError('upstream', describe(response, overloadText(response)));
    case 'failure':
      return new PromfedError('upstream', describe(response, ''));
  }
}

function overloadText({ status, retryAfter = '' }: RegionErrorResponse): string {
  const state = status === 429 ? 'too many requests' : 'unavailable';
  return retryAfter === '' ? state : `${state}, Retry-After: ${retryAfter}`;
}

/** Joins the status, the type where it says more than the status, the hint and the text of the region. */
function describe({ status, errorType, text }: RegionErrorResponse, hint: string): string {
  const isSuccess = status >= 200 && status < 300;
  const type = isSuccess || errorType === '' || errorType === String(status) ? '' : ` ${errorType}`;
  const start = isSuccess ? 'returned an error' : `HTTP ${status}${type}`;
  return [start, hint, text].filter((part) => part !== '').join(': ');
}

/** Codes of errors that are of one target only: others may answer the same request. */
const TARGET_ERRORS: ReadonlySet<string> = new Set([
  'upstream',
  'region_limit',
  'rejected',
  'rejected_request',
]);

/** Reports whether other targets would fail with the same error. */
export function isFatal({ code }: PromfedError): boolean {
  return !TARGET_ERRORS.has(code);
}

/** Reports whether a region rejected the expression or the parameters that it was sent. */
export function isRejection({ code }: PromfedError): boolean {
  return code === 'rejected' || code === 'rejected_request';
}

/** Reports whether the failure of an optional group is a warning. A rejection is one only if other groups answer. */
export function isRegionFailure(error: PromfedError): boolean {
  return error.code === 'timeout' || !isFatal(error);
}
