// One target of a server group: its connection pool, and how a call is sent to it.

import { Pool } from 'undici';

import type { ServerGroupSettings } from '../../config/index.js';
import { PromfedError } from '../../model/index.js';
import type { Clock } from '../../runtime/index.js';
import type { ApiCall } from '../api/api-call.js';
import { requestWriter } from '../api/request-writer.js';
import { outcomeOf, type RequestOutcome } from '../metrics.js';
import type { UpstreamOptions } from '../options.js';
import { createConnector } from './connect.js';
import { createDispatch } from './dispatch.js';
import { headerOf, type Exchange } from './exchange.js';
import { requestFailure } from './failure.js';
import { decodedEncodings, withDecoding } from './interceptors/decoding.js';
import { withHeadersTimeout } from './interceptors/headers-timeout.js';
import { withStaleRetry } from './interceptors/stale-retry.js';
import { withStatusCheck } from './interceptors/status-check.js';
import type { RequestScope } from './request-scope.js';
import { ResponseBody } from './response-body.js';

/**
 * Connections to one target. More requests wait in the pool. It is far above what the queries of a busy instance
 * hold open at once, on purpose: were answers that wait to be read to fill it, the requests that their queries also
 * need would wait for them, and they for those.
 */
const MAX_CONNECTIONS = 512;

/** Go servers end an idle connection after a minute or more; ending it first avoids meeting it half closed. */
const KEEP_ALIVE_MS = 50_000;
const KEEP_ALIVE_MAX_MS = 300_000;

/** The HTTP client's own: a user's value would break the request. */
const RESERVED_HEADERS = new Set([
  'connection',
  'content-length',
  'content-type',
  'expect',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
]);

/** One target, with its connections. */
export interface Target {
  /** `host:port`, as the configuration has it. */
  readonly name: string;
  /**
   * Sends a call and resolves when a good answer's headers have arrived. The caller closes the body, which
   * ends the scope too; when it throws, the scope is ended already.
   *
   * @throws PromfedError whose message is the reason alone.
   */
  send(call: ApiCall, scope: RequestScope, maxBytes: number): Promise<ResponseBody>;
  close(): Promise<void>;
}

/** @throws PromfedError `bad_data` when the settings cannot be sent, such as a header that HTTP does not allow. */
export function createTarget(name: string, settings: ServerGroupSettings, options: UpstreamOptions): Target {
  const { clock, metrics } = options;
  const origin = originOf(name, settings);
  const headers = commonHeaders(origin, settings, options);
  const pool = new Pool(origin, {
    connections: MAX_CONNECTIONS,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MAX_MS,
    // Both are timed here: the headers to the millisecond, the body by the query's deadline.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: createConnector(settings),
  });
  const exchange = createExchange(pool, settings, clock);
  const toRequest = requestWriter(settings, headers);

  return {
    name,
    async send(call, scope, maxBytes) {
      const sentMs = clock.now();
      const observe = (outcome: RequestOutcome, bytes: number): void => {
        scope.end();
        scope.stats?.closed(bytes);
        metrics?.observe({
          group: settings.name,
          target: name,
          path: call.endpoint,
          outcome,
          durationMs: clock.now() - sentMs,
          bytes,
        });
      };
      try {
        const response = await exchange(toRequest(call), scope);
        scope.stats?.answered();
        const contentType = headerOf(response, 'content-type');
        return new ResponseBody(response.body, maxBytes, observe, contentType, scope.memory);
      } catch (thrown) {
        const error = requestFailure(thrown, 'headers');
        observe(outcomeOf(error), 0);
        throw error;
      }
    },
    async close() {
      await pool.destroy();
    },
  };
}

/** From the inside out: each interceptor sees what the one before it makes of an answer. */
function createExchange(pool: Pool, settings: ServerGroupSettings, clock: Clock): Exchange {
  const { timeoutMs } = settings;
  const sent = withStaleRetry(createDispatch(pool), clock);
  return withStatusCheck(withDecoding(timeoutMs === undefined ? sent : withHeadersTimeout(sent, timeoutMs)));
}

/**
 * The headers of every request. What the user set wins over what would be sent otherwise; with an Authorization
 * among the `http_headers`, that one is sent, as Prometheus' clients do.
 */
function commonHeaders(origin: URL, settings: ServerGroupSettings, { version }: UpstreamOptions): string[] {
  const own = new Set<string>();
  const headers: string[] = [];
  for (const [name, value] of settings.httpHeaders) {
    const lower = name.toLowerCase();
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || !isHeaderValue(value)) {
      throw new PromfedError(
        'bad_data',
        `server group "${settings.name}": http_headers: ${JSON.stringify(name)} is not a valid HTTP header`,
      );
    }
    if (RESERVED_HEADERS.has(lower)) {
      throw new PromfedError(
        'bad_data',
        `server group "${settings.name}": http_headers: ${name} cannot be set`,
      );
    }
    own.add(lower);
    headers.push(name, value);
  }
  const { authorization } = settings.httpClient;
  if (authorization !== undefined && !isHeaderValue(authorization)) {
    throw new PromfedError(
      'bad_data',
      `server group "${settings.name}": the credentials cannot be sent in an HTTP header`,
    );
  }
  const ours: [name: string, value: string | undefined][] = [
    ['user-agent', `promfed/${version}`],
    ['accept', 'application/json'],
    // Between processes of one machine, packing and unpacking costs more than it saves.
    ['accept-encoding', isLoopback(origin.hostname) ? undefined : decodedEncodings],
    ['authorization', authorization],
  ];
  for (const [name, value] of ours) if (value !== undefined && !own.has(name)) headers.push(name, value);
  return headers;
}

function isHeaderValue(value: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}

function originOf(name: string, settings: ServerGroupSettings): URL {
  const invalid = new PromfedError(
    'bad_data',
    `server group "${settings.name}": target ${JSON.stringify(name.replace(/^.*@/s, ''))} is not host:port`,
  );
  if (!/^[^/?#@\s\\]+$/.test(name)) throw invalid;
  try {
    return new URL(`${settings.scheme}://${name}`);
  } catch {
    throw invalid;
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}
