// query, query_range and format_query.

import type { FastifyInstance, FastifyReply } from 'fastify';

import { asPromfedError, instantGrid, type StopSignal } from '../../model/index.js';
import { prettyExpr } from '../../promql/language/index.js';
import type { AppContext } from '../app-context.js';
import { encodeAnswer, tryEncodeBuffered, type EncodeOptions } from '../reply/encode-answer.js';
import type { Parameters } from '../parameters/parameters.js';
import { checkRangeType, lookbackMs, parseQuery, queryTimeoutMs } from '../parameters/query-parameters.js';
import { addRoute, type ApiRequest } from './route.js';
import { sendChunks } from '../reply/send-chunks.js';

const JSON_TYPE = 'application/json; charset=utf-8';

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
    const data = prettyExpr(parseQuery(parameters, context.features));
    return reply.type('application/json; charset=utf-8').send(JSON.stringify({ status: 'success', data }));
  });

  async function answerQuery(
    options: EncodeOptions,
    endMs: number,
    parameters: Parameters,
    signal: StopSignal,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const timeoutMs = queryTimeoutMs(parameters, context.queryTimeoutMs);
    const lookbackDeltaMs = lookbackMs(parameters);
    const expr = parseQuery(parameters, context.features);
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
    const whole = tryEncodeBuffered(answer);
    if (whole !== undefined) return reply.type(JSON_TYPE).send(whole);
    return sendChunks(encodeAnswer(answer, options), JSON_TYPE, reply, (thrown) => {
      context.log.warn({ reason: asPromfedError(thrown).message }, 'an answer broke off');
    });
  }
}
