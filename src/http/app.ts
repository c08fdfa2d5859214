// The HTTP application: fastify, set up as Prometheus' own server behaves.

import Fastify, { type FastifyInstance } from 'fastify';

import type { AppContext } from './app-context.js';
import { addCompression } from './reply/compress.js';
import { addCors } from './cors.js';
import { addExplainRoutes } from './routes/explain-routes.js';
import { addMetadataRoutes } from './routes/metadata-routes.js';
import { addQueryRoutes } from './routes/query-routes.js';
import { answerBrokenRequest, errorHandler } from './reply/reply-error.js';
import { addStatusRoutes } from './routes/status-routes.js';

/** Prometheus takes forms of 10 MiB (Go's `ParseForm`). */
const MAX_BODY_BYTES = 10 * 1024 * 1024;

/** Queries may stand in the URL of a GET, Grafana's and vmalert's do. */
const MAX_HEADER_BYTES = 256 * 1024;

/** Clients written in Go (Grafana, proxies) let idle connections go after 90 s: none meets one that is just closing. */
const KEEP_ALIVE_MS = 120_000;

/** Builds the application; nothing listens yet. */
export function createApp(context: AppContext): FastifyInstance {
  const answerError = errorHandler(context.log);
  const app = Fastify({
    logger: false,
    bodyLimit: MAX_BODY_BYTES,
    keepAliveTimeout: KEEP_ALIVE_MS,
    routerOptions: {
      maxParamLength: 4096,
      ignoreTrailingSlash: false,
      // Parameters are read as Prometheus reads them, and only here.
      querystringParser: () => ({}),
    },
    http: { maxHeaderSize: MAX_HEADER_BYTES },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => {
      answerError(error, request, reply);
    },
    clientErrorHandler: answerBrokenRequest,
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => {
      done(null, body);
    },
  );
  // Any other body is read, within the limit, and means nothing: vmalert posts an empty one that claims to be JSON.
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, _body, done) => {
    done(null, undefined);
  });
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).type('text/plain').send('404 page not found\n'),
  );
  addCors(app, context.routePrefix);
  addCompression(app);
  app.addHook('onResponse', (request, reply, done) => {
    context.onAnswered(request.routeOptions.url ?? 'unknown', reply.statusCode, reply.elapsedTime);
    done();
  });
  app.register(
    (routes, _options, done) => {
      addQueryRoutes(routes, context);
      addExplainRoutes(routes, context);
      addMetadataRoutes(routes, context);
      addStatusRoutes(routes, context);
      done();
    },
    { prefix: context.routePrefix },
  );
  return app;
}
