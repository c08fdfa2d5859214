// The routes of query, query_range and format_query.

import type { FastifyInstance, FastifyReply } from 'fastify';

import type { QueryEngine, QueryRequest } from '../../federation/index.js';
import { asPromfedError } from '../../model/index.js';
import { prettyExpr } from '../../promql/language/index.js';
import type { AppContext } from '../app-context.js';
import { instantRequest, parseExpression, rangeRequest } from '../parameters/query-parameters.js';
import { encodeAnswer, tryEncodeBuffered } from '../reply/encode-answer.js';
import { sendChunks } from '../reply/send-chunks.js';
import { JSON_TYPE, sendData } from '../reply/send-data.js';
import { addRoute } from './route.js';

export function addQueryRoutes(app: FastifyInstance, context: AppContext): void {
  addRoute(app, ['GET', 'POST'], '/api/v1/query', (request, reply) =>
    answerQuery(instantRequest(request, context), context.engineFor(request), reply),
  );

  addRoute(app, ['GET', 'POST'], '/api/v1/query_range', (request, reply) =>
    answerQuery(rangeRequest(request, context), context.engineFor(request), reply),
  );

  addRoute(app, ['GET', 'POST'], '/api/v1/format_query', async ({ parameters }, reply) =>
    sendData(reply, prettyExpr(parseExpression(parameters, context))),
  );

  async function answerQuery(
    request: QueryRequest,
    engine: QueryEngine,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const { timeoutMs } = request;
    if (timeoutMs > 0) context.connections.deliverWithin(reply.request.raw, timeoutMs);
    if (request.grid.count === 0) {
      request.parse();
      return sendData(reply, { resultType: 'matrix', result: [] });
    }
    const answer = await engine.query(request);
    const buffered = tryEncodeBuffered(answer, request);
    if (buffered !== undefined) return reply.type(JSON_TYPE).send(buffered);
    return sendChunks(encodeAnswer(answer, request), JSON_TYPE, reply, (thrown) => {
      context.log.warn({ err: asPromfedError(thrown).message }, 'query failed after the start of its answer');
    });
  }
}
