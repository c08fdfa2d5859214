// An HTTP client for one endpoint that is not a target of a server group: an Alertmanager, a receiver of remote write, or
// the API server of Kubernetes.

import type { Pool } from 'undici';

import type { AuthenticationSettings, HttpClientSettings } from '../../config/index.js';
import { PromfedError, type StopSignal } from '../../model/index.js';
import type { Background } from '../options.js';
import type { FetchContext } from '../server-group.js';
import { createCredentials, type Credentials } from './credentials.js';
import { createDispatch } from './dispatch.js';
import { compose, type Exchange, type HttpResponse } from './exchange.js';
import { requestFailure } from './failure.js';
import { authentication } from './interceptors/authentication.js';
import { decoding } from './interceptors/decoding.js';
import { checkHeaders, configuredHeaders, withDefaults } from './interceptors/headers.js';
import { staleRetry } from './interceptors/stale-retry.js';
import { redirectText } from './interceptors/status-check.js';
import type { Owner } from './owner.js';
import { createPool } from './pool.js';
import { readPage } from './read-page.js';
import { Redactor } from './redactor.js';
import { RequestScope } from './request-scope.js';
import { excerpt } from './sanitize.js';

/** Maximum length of `HttpClientResponse.text`. */
const MAX_TEXT_CHARS = 1024;

export interface HttpClientOptions {
  /**
   * The endpoint: `http:` or `https:`, with the path and the query string of every request. A user and a password are
   * used for basic authentication, unless the settings have another one.
   */
  readonly url: string;
  /** Kind and name of the endpoint for error texts and log messages, such as `remote write "name"`. */
  readonly owner: Owner;
  readonly settings: HttpClientSettings;
  /** Headers of every request. Names may repeat, and values may be secrets. Default: none. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** promfed's version, sent as `User-Agent: promfed/VERSION`. */
  readonly version: string;
  /** Timers of the timeouts, and of reading credential files again every few seconds. */
  readonly background: Background;
}

export interface HttpClientRequest {
  /** Default `POST`. */
  readonly method?: 'GET' | 'POST' | 'PUT';
  /** name0, value0, name1, value1, … They override headers of the client, except Content-Length. */
  readonly headers?: readonly string[];
  readonly body?: string | Uint8Array;
  /** Maximum time to the headers of the response, including the wait for a connection. */
  readonly timeoutMs: number;
  /** Default: the request is not canceled. */
  readonly signal?: StopSignal;
}

/** A response of any status. */
export interface HttpClientResponse {
  readonly status: number;
  /** Names are in lower case. Several values of a name are joined by `, `. */
  readonly headers: ReadonlyMap<string, string>;
  /**
   * The beginning of the body for messages: up to 1,024 characters on one line, without control characters and secrets.
   * Empty when the body could not be read. For a redirect, the text says that it was not followed, and names its target.
   */
  readonly text: string;
  /** The beginning of the body as it was received, up to 64 KiB. It may contain secrets. */
  readonly body: string;
}

export interface HttpClient {
  /** The endpoint without user, password and query string, for messages and labels. */
  readonly endpoint: string;
  /**
   * Sends a request. Redirects are not followed. A request whose connection was closed while it was idle, and one whose
   * credentials were replaced, is sent a second time.
   *
   * @throws PromfedError `upstream` when there is no response, `timeout`, or `canceled` after the signal or `close`. The
   *   message names owner and endpoint and contains no secret.
   */
  send(request: HttpClientRequest): Promise<HttpClientResponse>;
  /** Ends background work and closes all connections. Requests in progress fail. */
  close(): Promise<void>;
}

/**
 * Creates a client. No connection is opened before the first request.
 *
 * @throws PromfedError `bad_data` when the URL, a header, a certificate or the credentials are invalid.
 */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  return new PooledHttpClient(options);
}

/** No signal, and no observer: each request has its own timeout. */
const NO_CONTEXT: FetchContext = {
  signal: {
    aborted: false,
    reason: undefined,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  },
  deadlineMs: Infinity,
  lookbackDeltaMs: undefined,
};

class PooledHttpClient implements HttpClient {
  readonly endpoint: string;
  /** Path and query string. */
  readonly #path: string;
  readonly #options: HttpClientOptions;
  readonly #redactor: Redactor;
  readonly #credentials: Credentials | undefined;
  readonly #pool: Pool;
  readonly #exchange: Exchange;
  #isClosed = false;

  constructor(options: HttpClientOptions) {
    const { owner, settings, headers = [], version, background } = options;
    const url = parseUrl(options);
    this.endpoint = `${url.origin}${url.pathname}`;
    this.#path = `${url.pathname}${url.search}`;
    this.#options = options;
    this.#redactor = new Redactor({ httpHeaders: headers, url, privateKey: settings.tls.key });
    checkHeaders(headers, `${owner.title}: headers`);
    this.#pool = createPool(url, {
      owner,
      scheme: url.protocol === 'https:' ? 'https' : 'http',
      httpClient: settings,
    });
    const authenticationSettings = settings.authentication ?? userOf(url);
    this.#credentials =
      authenticationSettings &&
      createCredentials({ owner, settings: authenticationSettings, redactor: this.#redactor, background });
    this.#exchange = compose(
      [
        decoding,
        configuredHeaders(withDefaults(headers, [['user-agent', `promfed/${version}`]])),
        ...(this.#credentials === undefined ? [] : [authentication(this.#credentials)]),
        staleRetry(background.timers),
      ],
      createDispatch(this.#pool),
    );
  }

  async send(request: HttpClientRequest): Promise<HttpClientResponse> {
    const { method = 'POST', headers = [], body, timeoutMs, signal } = request;
    const { timers } = this.#options.background;
    const scope = RequestScope.unbound(NO_CONTEXT);
    const cancel = (): void => {
      scope.abort(new PromfedError('canceled', 'request was canceled', { cause: signal?.reason }));
    };
    if (signal?.aborted === true) cancel();
    signal?.addEventListener('abort', cancel);
    const cancelTimeout = timers.schedule(timeoutMs, () => {
      scope.abort(new PromfedError('timeout', `no response within ${timeoutMs} ms`));
    });
    try {
      const response = await this.#exchange(
        { endpoint: 'push', method, path: this.#path, headers, body },
        scope,
      );
      const { status } = response;
      const page = await readPage(response.body);
      const message = status >= 300 && status < 400 ? redirectText(response) : page;
      const text = excerpt(this.#redactor.redact(message), MAX_TEXT_CHARS);
      return { status, headers: headersOf(response), text, body: page };
    } catch (thrown) {
      throw this.#failure(thrown);
    } finally {
      cancelTimeout();
      signal?.removeEventListener('abort', cancel);
      scope.end('ok', 0);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#credentials?.stop();
    await this.#pool.destroy();
  }

  #failure(thrown: unknown): PromfedError {
    const { code, message } = requestFailure(thrown, 'headers');
    const reason = this.#isClosed ? 'connection was closed by promfed' : message;
    const text = `${this.#options.owner.title}: ${this.endpoint}: ${reason}`;
    return new PromfedError(this.#isClosed ? 'canceled' : code, this.#redactor.redact(text), {
      cause: thrown,
    });
  }
}

function parseUrl({ url, owner }: HttpClientOptions): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed !== undefined && /^https?:$/.test(parsed.protocol)) return parsed;
  // The URL may contain a password: it is not part of the message.
  throw new PromfedError('bad_data', `${owner.title}: invalid url: not an http:// or https:// URL`);
}

/** Returns the user and the password of a URL as basic authentication, as Go's HTTP client uses them. */
function userOf({ username, password }: URL): AuthenticationSettings | undefined {
  if (username === '' && password === '') return undefined;
  const secret = (text: string) => ({ value: decoded(text), file: undefined });
  return { kind: 'basic', username: secret(username), password: secret(password) };
}

/** Returns the text without percent-encoding, or unchanged when the encoding is invalid. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function headersOf({ headers }: HttpResponse): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) map.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return map;
}
