// Pages of other origins may ask the API, as they may ask Prometheus'.

import type { FastifyInstance } from 'fastify';

const HEADERS = {
  'access-control-allow-headers': 'Accept, Authorization, Content-Type, Origin',
  'access-control-allow-methods': 'GET, POST, OPTIONS',
  'access-control-expose-headers': 'Date',
  vary: 'Origin',
};

/**
 * Answers OPTIONS below `/api/v1/` with 204, and names the origin that asks in every answer there.
 *
 * Source: Prometheus, util/httputil/cors.go, with its default that takes every origin.
 */
export function addCors(app: FastifyInstance, routePrefix: string): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.url.startsWith(`${routePrefix}/api/v1/`)) {
      done();
      return;
    }
    const { origin } = request.headers;
    if (origin !== undefined) reply.headers({ ...HEADERS, 'access-control-allow-origin': origin });
    if (request.method === 'OPTIONS') reply.code(204).send();
    else done();
  });
}
