// A target of a server group: its connections and the requests on them.

import type { Pool } from 'undici';

import type { ServerGroupSettings } from '../../config/index.js';
import { PromfedError } from '../../model/index.js';
import type { ApiCall } from '../api/api-call.js';
import { requestWriter } from '../api/request-writer.js';
import { TargetTraits } from '../detect/target-traits.js';
import { NO_METRICS, outcomeOf } from '../metrics.js';
import type { UpstreamOptions } from '../options.js';
import type { Credentials } from './credentials.js';
import { createDispatch } from './dispatch.js';
import { compose, headerOf, type Exchange, type HttpRequest } from './exchange.js';
import { requestFailure } from './failure.js';
import { interceptorsFor } from './interceptors/interceptors-for.js';
import { ownerOf } from './owner.js';
import { createPool, isLoopback } from './pool.js';
import type { RequestScope } from './request-scope.js';
import { ResponseBody } from './response-body.js';

/** A target and its connections. No connection is opened before the first request. */
export class Target {
  /** `host:port`, as in the configuration. */
  readonly name: string;
  readonly traits = new TargetTraits();
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
    this.#pool = createPool(origin, { owner: ownerOf(settings), ...settings });
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
      this.traits.answered();
      scope.answered();
      const contentType = headerOf(response, 'content-type');
      return new ResponseBody(response.body, maxBytes, scope, contentType, memory);
    } catch (thrown) {
      const error = requestFailure(thrown, 'headers');
      if (error.code === 'upstream') this.traits.failed();
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
