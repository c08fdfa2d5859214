// One target of a server group: its connections, and how a call is sent to it.

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
 * Connections to one target; more requests wait in the pool. The limit is far above the number of responses that a
 * busy instance holds open: if responses that wait to be read filled the pool, the other requests of their queries
 * would wait for them, and they for those.
 */
const MAX_CONNECTIONS = 512;

/** Go servers close an idle connection after a minute or more. Closing it first avoids requests on a closed one. */
const KEEP_ALIVE_MS = 50_000;
const KEEP_ALIVE_MAX_MS = 300_000;

/** One target, with its connections. No connection is opened before the first request. */
export class Target {
  /** `host:port`, as in the configuration. */
  readonly name: string;
  readonly #pool: Pool;
  readonly #exchange: Exchange;
  readonly #toRequest: (call: ApiCall, headers: readonly string[] | undefined) => HttpRequest;

  /**
   * @param credentials undefined for no authentication. Not owned: several targets share them.
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
      // promfed has its own: `timeout` for the headers, exact to the millisecond, and the query's deadline.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: createConnector(settings),
    });
    this.#exchange = compose(interceptors, createDispatch(this.#pool));
    this.#toRequest = requestWriter(settings);
  }

  /**
   * Sends a call and resolves when the headers of a usable response have arrived. The caller closes the body, which
   * ends the scope too; when this rejects, the scope has ended.
   *
   * @throws PromfedError whose message is the reason alone, without group and target.
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

  /** Ends every connection; requests in progress fail. */
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
