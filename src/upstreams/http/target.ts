// A target of a server group: its connections and the requests on them.

import { Pool } from 'undici';

import type { ServerGroupSettings } from '../../config/index.js';
import { PromfedError } from '../../model/index.js';
import type { ApiCall } from '../api/api-call.js';
import { requestWriter } from '../api/request-writer.js';
import { NO_METRICS, outcomeOf } from '../metrics.js';
import type { UpstreamOptions } from '../options.js';
import { createConnector } from './connect.js';
import type { Credentials } from './credentials.js';
import { createDispatch } from './dispatch.js';
import { compose, headerOf, type Exchange, type HttpRequest } from './exchange.js';
import { requestFailure } from './failure.js';
import { interceptorsFor } from './interceptors/interceptors-for.js';
import type { RequestScope } from './request-scope.js';
import { ResponseBody } from './response-body.js';

/**
 * Maximum number of connections to one target. Further requests wait in the pool. The limit is far above the number of
 * open responses of a busy instance: unread responses that filled the pool could wait forever for another request of
 * their query, which would wait for a connection.
 */
const MAX_CONNECTIONS = 512;

/** Maximum idle time of a connection. Go servers close idle connections after a minute or more: promfed is first. */
const KEEP_ALIVE_MS = 50_000;
const KEEP_ALIVE_MAX_MS = 300_000;

/** A target and its connections. No connection is opened before the first request. */
export class Target {
  /** `host:port`, as in the configuration. */
  readonly name: string;
  readonly #pool: Pool;
  readonly #exchange: Exchange;
  readonly #toRequest: (call: ApiCall, headers: readonly string[] | undefined) => HttpRequest;

  /**
   * @param credentials shared by the targets of a group; undefined for no authentication.
   * @throws PromfedError `bad_data` when the target, a header or a certificate of the settings is invalid.
   */
  constructor(
    name: string,
    settings: ServerGroupSettings,
    { clock, version, metrics = NO_METRICS }: UpstreamOptions,
    credentials: Credentials | undefined,
  ) {
    const origin = originOf(name, settings);
    const isLocal = isLoopback(origin.hostname);
    this.name = name;
    const interceptors = interceptorsFor(settings, {
      target: name,
      isLocal,
      credentials,
      metrics,
      clock,
      version,
    });
    this.#pool = new Pool(origin, {
      connections: MAX_CONNECTIONS,
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MAX_MS,
      // Disabled: promfed has `timeout` for the headers, exact to the millisecond, and the deadline of the query.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: createConnector(settings),
    });
    this.#exchange = compose(interceptors, createDispatch(this.#pool));
    this.#toRequest = requestWriter(settings);
  }

  /**
   * Sends a call and resolves when the headers of a usable response have arrived. The caller closes the body, which ends
   * the scope. After a rejection the scope has ended.
   *
   * @throws PromfedError whose message is only the reason, without group and target.
   */
  async send(call: ApiCall, scope: RequestScope, maxBytes: number): Promise<ResponseBody> {
    const { headers, memory } = scope.context;
    try {
      const response = await this.#exchange(this.#toRequest(call, headers), scope);
      scope.answered();
      const contentType = headerOf(response, 'content-type');
      return new ResponseBody(response.body, maxBytes, scope, contentType, memory);
    } catch (thrown) {
      const error = requestFailure(thrown, 'headers');
      scope.end(outcomeOf(error), 0);
      throw error;
    }
  }

  /** Closes all connections. Requests in progress fail. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }
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
