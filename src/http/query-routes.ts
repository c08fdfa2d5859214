// query, query_range and format_query.

import type { FastifyInstance, FastifyReply } from 'fastify';

import { asPromfedError, instantGrid, PromfedError, VALUE_TYPE_NAMES } from '../model/index.js';
import { parseExpr, prettyExpr, typeOf, type Expr } from '../promql/language/index.js';
import type { AppContext } from './app-context.js';
import { encodeAnswer, type EncodeOptions } from './encode-answer.js';
import { invalid, parameter, type Parameters } from './parameters.js';
import { addRoute, type ApiRequest } from './route.js';
import { sendChunks } from './send-chunks.js';

export function addQueryRoutes(app: FastifyInstance, context: AppContext): void {
  addRoute(app, ['GET', 'POST'], '/api/v1/query', async ({ parameters, signal }, reply) => {
    const limit = parameters.limit();
    const grid = instantGrid(parameters.timeMs('time') ?? context.clock.now());
    return answerQuery({ kind: 'instant', grid, limit }, grid.startMs, parameters, signal, reply);
  });

  addRoute(app, ['GET', 'POST'], '/api/v1/query_range', async ({ parameters, signal }, reply) => {
    const grid = parameters.grid();
    const limit = parameters.limit();
    return answerQuery(
      { kind: 'range', grid, limit },
      parameters.requiredTimeMs('end'),
      parameters,
      signal,
      reply,
    );
  });

  addRoute(app, ['GET', 'POST'], '/api/v1/format_query', async ({ parameters }: ApiRequest, reply) => {
    const data = prettyExpr(parseQuery(parameters));
    return reply.type('application/json; charset=utf-8').send(JSON.stringify({ status: 'success', data }));
  });

  async function answerQuery(
    options: EncodeOptions,
    endMs: number,
    parameters: Parameters,
    signal: AbortSignal,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const timeoutMs = queryTimeoutMs(parameters, context.queryTimeoutMs);
    const lookbackDeltaMs = lookbackMs(parameters);
    const expr = parseQuery(parameters);
    if (options.kind === 'range') checkRangeType(expr);
    const answer = await context.engine().query({
      ...options,
      endMs,
      expr,
      text: parameters.get('query'),
      lookbackDeltaMs,
      timeoutMs,
      routing: parameters.routing(),
      signal,
    });
    return sendChunks(encodeAnswer(answer, options), 'application/json; charset=utf-8', reply, (thrown) => {
      context.log.warn({ reason: asPromfedError(thrown).message }, 'an answer broke off');
    });
  }

  function parseQuery(parameters: Parameters): Expr {
    return parameter('query', () => parseExpr(parameters.get('query'), { features: context.features }));
  }
}

/** Source: Prometheus, promql/engine.go (`NewRangeQuery`). */
function checkRangeType(expr: Expr): void {
  const type = typeOf(expr);
  if (type === 'scalar' || type === 'vector') return;
  const name = VALUE_TYPE_NAMES[type];
  throw invalid(
    'query',
    `invalid expression type "${name}" for range query, must be Scalar or instant Vector`,
  );
}

/** The smaller of the flag's and the client's. */
function queryTimeoutMs(parameters: Parameters, flagMs: number): number {
  const wantedMs = parameters.durationMs('timeout');
  return wantedMs === undefined || wantedMs <= 0 ? flagMs : Math.min(wantedMs, flagMs);
}

/** Zero is no lookback of its own, as in Prometheus. */
function lookbackMs(parameters: Parameters): number | undefined {
  const lookback = tellOfLookback(() => parameters.durationMs('lookback_delta'));
  return lookback !== undefined && lookback > 0 ? lookback : undefined;
}

/** This parameter's errors have words of their own. Source: Prometheus, web/api/v1/api.go (`extractQueryOpts`). */
function tellOfLookback<T>(read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (!(thrown instanceof PromfedError)) throw thrown;
    const reason = thrown.message.replace(/^invalid parameter "lookback_delta": /, '');
    throw new PromfedError('bad_data', `error parsing lookback delta duration: ${reason}`, { cause: thrown });
  }
}
