// Queries a Prometheus-compatible API over HTTP.

import { formatTimestamp, gridEndMs, PromfedError } from '../model/index.js';
import { readAnswer, readExplanation } from './read-answer.js';
import type { CommandRequest } from './request.js';
import type { AnswerSource } from './source.js';

/** Maximum size of an answer: more than a terminal can show, and less than the memory of the process. */
const MAX_BYTES = 512 * 1024 * 1024;

export interface QueryUrlOptions {
  readonly version: string;
  /** Undefined for the default of the server. */
  readonly lookbackDeltaMs: number | undefined;
}

/** @param baseUrl without a trailing slash. A user name and a password in it are sent as basic authentication. */
export function urlSource(baseUrl: string, options: QueryUrlOptions): AnswerSource {
  return {
    async query(request) {
      const route = request.kind === 'range' ? 'query_range' : 'query';
      const body = await post(baseUrl, route, request, parametersOf(request, options), options);
      const { warnings, infos, ...answer } = readAnswer(body);
      return { view: () => answer, json: () => [body], warnings, infos, release: () => undefined };
    },

    async explain(request, analyze) {
      const parameters = { ...parametersOf(request, options), analyze: String(analyze) };
      const body = await post(baseUrl, 'explain', request, parameters, options);
      return { ...readExplanation(body), json: () => [body] };
    },

    close: () => Promise.resolve(),
  };
}

/**
 * Returns the body of the response. It may be an envelope with an error.
 *
 * @throws PromfedError when the server does not answer, or answers with an HTTP error without an envelope.
 */
async function post(
  baseUrl: string,
  route: string,
  request: CommandRequest,
  parameters: Readonly<Record<string, string>>,
  options: QueryUrlOptions,
): Promise<string> {
  const { url, authorization } = withoutCredentials(baseUrl);
  try {
    const response = await fetch(`${url}/api/v1/${route}`, {
      method: 'POST',
      body: new URLSearchParams(parameters),
      headers: {
        accept: 'application/json',
        'user-agent': `promfed/${options.version}`,
        ...(authorization === undefined ? {} : { authorization }),
      },
      signal: AbortSignal.timeout(request.timeoutMs),
    });
    const body = await readBody(response);
    // Every answer of the API is an envelope, errors included. Anything else comes from another server.
    if (response.ok || body.startsWith('{')) return body;
    throw new PromfedError('upstream', `${url} answers with HTTP status ${response.status}`);
  } catch (thrown) {
    throw requestError(thrown, url, request);
  }
}

function parametersOf(request: CommandRequest, options: QueryUrlOptions): Record<string, string> {
  const { kind, text, grid, timeoutMs } = request;
  return {
    query: text,
    timeout: formatTimestamp(timeoutMs),
    ...(options.lookbackDeltaMs === undefined
      ? {}
      : lookbackParameters(formatTimestamp(options.lookbackDeltaMs))),
    ...(kind === 'instant'
      ? { time: formatTimestamp(grid.startMs) }
      : {
          start: formatTimestamp(grid.startMs),
          end: formatTimestamp(Math.max(gridEndMs(grid), request.endMs)),
          step: formatTimestamp(grid.stepMs),
        }),
  };
}

/** The names of Prometheus and of VictoriaMetrics. Each ignores the other's. */
function lookbackParameters(seconds: string): Record<string, string> {
  return { lookback_delta: seconds, max_lookback: seconds };
}

async function readBody(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new PromfedError('limit', 'the answer is larger than 512 MiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function withoutCredentials(baseUrl: string): { url: string; authorization: string | undefined } {
  const url = new URL(baseUrl);
  const { username, password } = url;
  url.username = '';
  url.password = '';
  const credentials = [username, password].map(decodeURIComponent).join(':');
  return {
    url: url.href.replace(/\/+$/, ''),
    authorization: credentials === ':' ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`,
  };
}

function requestError(thrown: unknown, url: string, { timeoutMs }: CommandRequest): PromfedError {
  if (thrown instanceof PromfedError) return thrown;
  if (thrown instanceof Error && thrown.name === 'TimeoutError') {
    return new PromfedError('timeout', `${url} did not answer within ${timeoutMs / 1000} s`);
  }
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  const code = (cause as NodeJS.ErrnoException).code;
  const reason = cause instanceof Error && cause.message !== '' ? cause.message : (code ?? String(cause));
  return new PromfedError('upstream', `cannot query ${url}: ${reason}`);
}
