// Metrics of requests: those that promfed answers, and those that it sends to targets.

import { Counter, Histogram, type Registry } from 'prom-client';

import { memoizeChildren } from './memoize-children.js';

/** Upper bounds of the buckets of durations, in seconds. */
const SECONDS_BUCKETS = [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];

/** One finished request to a target of a server group. */
export interface UpstreamRequest {
  readonly group: string;
  readonly target: string;
  readonly path: string;
  readonly outcome: string;
  readonly durationMs: number;
  readonly bytes: number;
}

/** Returns the function that counts answered requests. `route` is the pattern of the route. */
export function addHttpMetrics(
  registers: Registry[],
): (route: string, status: number, durationMs: number) => void {
  const requests = new Counter({
    name: 'promfed_http_requests_total',
    help: 'Requests answered, by route and status code.',
    labelNames: ['handler', 'code'],
    registers,
  });
  const seconds = new Histogram({
    name: 'promfed_http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its response, by route.',
    labelNames: ['handler'],
    buckets: SECONDS_BUCKETS,
    registers,
  });
  const childrenOf = memoizeChildren((handler, code) => ({
    requests: requests.labels({ handler, code }),
    seconds: seconds.labels({ handler }),
  }));
  return (route, status, durationMs) => {
    const children = childrenOf(route, String(status));
    children.requests.inc();
    children.seconds.observe(durationMs / 1000);
  };
}

/** Returns the function that counts requests to targets. */
export function addUpstreamMetrics(registers: Registry[]): (request: UpstreamRequest) => void {
  const requests = new Counter({
    name: 'promfed_upstream_requests_total',
    help: 'Requests to targets of server groups, by outcome.',
    labelNames: ['server_group', 'target', 'path', 'outcome'],
    registers,
  });
  const seconds = new Histogram({
    name: 'promfed_upstream_request_duration_seconds',
    help: 'Time from sending a request to a target to the end of its response.',
    labelNames: ['server_group', 'path'],
    buckets: SECONDS_BUCKETS,
    registers,
  });
  const bytes = new Counter({
    name: 'promfed_upstream_response_bytes_total',
    help: 'Bytes of responses read from targets, after decoding.',
    labelNames: ['server_group', 'target'],
    registers,
  });
  const childrenOf = memoizeChildren((server_group, target, path, outcome) => ({
    requests: requests.labels({ server_group, target, path, outcome }),
    seconds: seconds.labels({ server_group, path }),
    bytes: bytes.labels({ server_group, target }),
  }));
  return (request) => {
    const children = childrenOf(request.group, request.target, request.path, request.outcome);
    children.requests.inc();
    children.seconds.observe(request.durationMs / 1000);
    children.bytes.inc(request.bytes);
  };
}
