// The HTTP application: fastify, configured to behave as Prometheus' server.

import Fastify, { type FastifyInstance } from 'fastify';

import type { AppContext } from './app-context.js';
import { addCompression } from './reply/compress.js';
import { addCors } from './cors.js';
import { addExplainRoutes } from './routes/explain-routes.js';
import { addMetadataRoutes } from './routes/metadata-routes.js';
import { addQueryRoutes } from './routes/query-routes.js';
import { addRuleRoutes } from './routes/rule-routes.js';
import { addPathRedirects, replyNotFound } from './redirect.js';
import { errorHandler, replyToInvalidRequest } from './reply/reply-error.js';
import { addStatusRoutes } from './routes/status-routes.js';

/** Maximum size of a form, as in Prometheus (Go's `ParseForm`). */
const MAX_BODY_BYTES = 10 * 1024 * 1024;

/** Maximum size of the URL and the headers. Grafana and vmalert send queries in URLs. */
const MAX_HEADER_BYTES = 256 * 1024;

/**
 * Idle connections are closed after this time. Go clients such as Grafana close theirs after 90 s, so they never send a
 * request on a connection that is closing.
 */
const KEEP_ALIVE_MS = 120_000;

const MEDIA_TYPE = /^\s*[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(?:;|$)/;

/** Creates the application. It does not listen yet. */
export function createApp(context: AppContext): FastifyInstance {
  const handleError = errorHandler(context.log);
  const app = Fastify({
    logger: false,
    bodyLimit: MAX_BODY_BYTES,
    keepAliveTimeout: KEEP_ALIVE_MS,
    routerOptions: {
      maxParamLength: 4096,
      ignoreTrailingSlash: false,
      // The query string is parsed by Parameters, as Prometheus does.
      querystringParser: () => ({}),
    },
    http: { maxHeaderSize: MAX_HEADER_BYTES },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => {
      handleError(error, request, reply);
    },
    clientErrorHandler: replyToInvalidRequest,
  });
  app.removeAllContentTypeParsers();
  // Parameters reads forms. Other bodies are ignored: vmalert posts empty bodies with the content type of JSON.
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  app.addHook('onRequest', (request, _reply, done) => {
    const { headers } = request.raw;
    // Fastify rejects an invalid content type. For Prometheus, such a request has no form.
    if (headers['content-type'] !== undefined && !MEDIA_TYPE.test(headers['content-type'])) {
      headers['content-type'] = 'application/octet-stream';
    }
    done();
  });
  app.setErrorHandler(handleError);
  app.setNotFoundHandler(replyNotFound);
  addPathRedirects(app);
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
      addRuleRoutes(routes, context);
      addStatusRoutes(routes, context);
      done();
    },
    { prefix: context.routePrefix },
  );
  return app;
}
