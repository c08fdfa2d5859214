// explain: how a query is answered and, with analyze=true, the measurements of a run.

import type { FastifyInstance } from 'fastify';

import type { AppContext } from '../app-context.js';
import { invalid } from '../parameters/parameters.js';
import { instantOrRangeRequest } from '../parameters/query-parameters.js';
import { sendData } from '../reply/send-data.js';
import { addRoute } from './route.js';

/**
 * Adds `/api/v1/explain`. It has the parameters of query_range when one of `start`, `end` and `step` is given, otherwise
 * those of query; and `analyze`, `true` or `false`.
 */
export function addExplainRoutes(app: FastifyInstance, context: AppContext): void {
  addRoute(app, ['GET', 'POST'], '/api/v1/explain', async (request, reply) => {
    const query = instantOrRangeRequest(request, context);
    const analyze = parseAnalyze(request.parameters.get('analyze'));
    return sendData(reply, await context.engineFor(request).explain({ ...query, analyze }));
  });
}

function parseAnalyze(text: string): boolean {
  if (text === '' || text === 'false' || text === '0') return false;
  if (text === 'true' || text === '1') return true;
  throw invalid('analyze', `cannot parse ${JSON.stringify(text)} to a boolean`);
}
