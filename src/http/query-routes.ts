// query, query_range and format_query.

import { Readable } from 'node:stream';

import type { FastifyInstance, FastifyReply } from 'fastify';

import type { QueryAnswer } from '../federation/index.js';
import { instantGrid } from '../model/index.js';
import { parseExpr, prettyExpr, type Expr } from '../promql/language/index.js';
import type { AppContext } from './app-context.js';
import { encodeAnswer, type EncodeOptions } from './encode-answer.js';
import { invalid, parameter, type Parameters } from './parameters.js';
import { addRoute, type ApiRequest } from './route.js';

export function addQueryRoutes(app: FastifyInstance, context: AppContext): void {
  addRoute(app, ['GET', 'POST'], '/api/v1/query', async ({ parameters, signal }, reply) => {
    const limit = parameters.limit();
    const grid = instantGrid(parameters.timeMs('time', context.clock.now()));
    return answerQuery({ kind: 'instant', grid, limit }, parameters, signal, reply);
  });

  addRoute(app, ['GET', 'POST'], '/api/v1/query_range', async ({ parameters, signal }, reply) => {
    const grid = parameters.grid();
    const limit = parameters.limit();
    return answerQuery({ kind: 'range', grid, limit }, parameters, signal, reply);
  });

  addRoute(app, ['GET', 'POST'], '/api/v1/format_query', async ({ parameters }: ApiRequest, reply) => {
    const data = prettyExpr(parseQuery(parameters));
    return reply.type('application/json; charset=utf-8').send(JSON.stringify({ status: 'success', data }));
  });

  async function answerQuery(
    options: EncodeOptions,
    parameters: Parameters,
    signal: AbortSignal,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const timeoutMs = queryTimeoutMs(parameters, context.queryTimeoutMs);
    const lookbackDeltaMs = lookbackMs(parameters);
    const expr = parseQuery(parameters);
    const answer = await context.federation().query({
      ...options,
      expr,
      text: parameters.get('query'),
      lookbackDeltaMs,
      timeoutMs,
      signal,
    });
    return sendAnswer(answer, options, reply);
  }

  function parseQuery(parameters: Parameters): Expr {
    return parameter('query', () => parseExpr(parameters.get('query'), { features: context.features }));
  }
}

/**
 * Sends the answer as it comes. Its first chunk is awaited before the status is: what fails until then is still told
 * as an error. What fails later breaks the connection, so that no client takes the answer for complete.
 */
async function sendAnswer(
  answer: QueryAnswer,
  options: EncodeOptions,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const chunks = encodeAnswer(answer, options);
  const first = await firstChunks(chunks);
  const body = Readable.from(prepend(first, chunks), { objectMode: false, highWaterMark: 256 * 1024 });
  return reply.type('application/json; charset=utf-8').send(body);
}

/** The head of the envelope and the first chunk behind it. */
async function firstChunks(chunks: AsyncGenerator<Uint8Array>): Promise<Uint8Array[]> {
  const first: Uint8Array[] = [];
  while (first.length < 2) {
    const next = await chunks.next();
    if (next.done === true) break;
    first.push(next.value);
  }
  return first;
}

async function* prepend(
  first: readonly Uint8Array[],
  rest: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* first;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

/** The smaller of the flag's and the client's. */
function queryTimeoutMs(parameters: Parameters, flagMs: number): number {
  const wantedMs = parameters.durationMs('timeout');
  return wantedMs === undefined || wantedMs <= 0 ? flagMs : Math.min(wantedMs, flagMs);
}

function lookbackMs(parameters: Parameters): number | undefined {
  const lookback = parameters.durationMs('lookback_delta');
  if (lookback !== undefined && lookback <= 0) throw invalid('lookback_delta', 'it must be positive');
  return lookback;
}
