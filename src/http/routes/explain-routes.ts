// explain: how a query is answered, and with analyze=true what it took.

import type { FastifyInstance } from 'fastify';

import { instantGrid, PromfedError } from '../../model/index.js';
import type { AppContext } from '../app-context.js';
import { encodeExplanation } from '../reply/encode-explanation.js';
import { invalid } from '../parameters/parameters.js';
import { checkRangeType, lookbackMs, parseQuery, queryTimeoutMs } from '../parameters/query-parameters.js';
import { addRoute } from './route.js';

/**
 * `GET` and `POST /api/v1/explain`: parameters as of query, or of query_range when one of `start`, `end` and `step` is
 * given; and `analyze`, `true` or `false`.
 */
export function addExplainRoutes(app: FastifyInstance, context: AppContext): void {
  addRoute(app, ['GET', 'POST'], '/api/v1/explain', async ({ parameters, signal }, reply) => {
    const isRange = ['start', 'end', 'step'].some((name) => parameters.get(name) !== '');
    if (isRange && parameters.get('time') !== '') {
      throw invalid('time', 'an instant query has a time, a range query has start, end and step');
    }
    const grid = isRange ? parameters.grid() : instantGrid(parameters.timeMs('time') ?? context.clock.now());
    const timeoutMs = queryTimeoutMs(parameters, context.queryTimeoutMs);
    const lookbackDeltaMs = lookbackMs(parameters);
    const analyze = analyzes(parameters.get('analyze'));
    const expr = parseQuery(parameters, context.features);
    if (isRange) checkRangeType(expr);
    const engine = context.engine();
    if (engine.explain === undefined) {
      throw new PromfedError('not_found', 'nothing to explain: this server asks no server groups');
    }
    const text = parameters.get('query');
    const explanation = await engine.explain(
      {
        expr,
        text,
        kind: isRange ? 'range' : 'instant',
        grid,
        endMs: isRange ? parameters.requiredTimeMs('end') : grid.startMs,
        lookbackDeltaMs,
        timeoutMs,
        limit: undefined,
        signal,
      },
      analyze,
    );
    return reply.type('application/json; charset=utf-8').send(encodeExplanation(text, explanation));
  });
}

function analyzes(text: string): boolean {
  if (text === '' || text === 'false' || text === '0') return false;
  if (text === 'true' || text === '1') return true;
  throw invalid('analyze', `cannot parse ${JSON.stringify(text)} to a boolean`);
}
