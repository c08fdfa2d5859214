// Cross-origin requests to the API, allowed as in Prometheus.

import type { FastifyInstance } from 'fastify';

const HEADERS = {
  'access-control-allow-headers': 'Accept, Authorization, Content-Type, Origin',
  'access-control-allow-methods': 'GET, POST, OPTIONS',
  'access-control-expose-headers': 'Date',
  vary: 'Origin',
};

/**
 * Allows requests to `/api/v1/` from any origin: adds the CORS headers to responses and replies to OPTIONS with 204.
 *
 * Source: Prometheus, util/httputil/cors.go, with its default of any origin.
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
