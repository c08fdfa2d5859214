// explain: how a query is answered and, with analyze=true, the measurements of a run.

import type { FastifyInstance } from 'fastify';

import type { AppContext } from '../app-context.js';
import { invalid } from '../parameters/parameters.js';
import { instantOrRangeRequest } from '../parameters/query-parameters.js';
import { addRoute } from './route.js';

/**
 * `GET` and `POST /api/v1/explain`: parameters as of query, or of query_range when one of `start`, `end` and `step` is
 * given; and `analyze`, `true` or `false`.
 */
export function addExplainRoutes(app: FastifyInstance, context: AppContext): void {
  addRoute(app, ['GET', 'POST'], '/api/v1/explain', async (request, reply) => {
    const query = instantOrRangeRequest(request, context);
    const analyze = parseAnalyze(request.parameters.get('analyze'));
    const explanation = await context.engineFor(request).explain({ ...query, analyze });
    return reply
      .type('application/json; charset=utf-8')
      .send(JSON.stringify({ status: 'success', data: explanation }));
  });
}

function parseAnalyze(text: string): boolean {
  if (text === '' || text === 'false' || text === '0') return false;
  if (text === 'true' || text === '1') return true;
  throw invalid('analyze', `cannot parse ${JSON.stringify(text)} to a boolean`);
}
