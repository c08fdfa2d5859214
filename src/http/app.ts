// The HTTP application: fastify, configured to behave as Prometheus' server.

import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';

import type { AppContext } from './app-context.js';
import { MAX_FORM_BYTES, MAX_IGNORED_BYTES } from './clients/client-limits.js';
import { addCompression } from './reply/compress.js';
import { addCors } from './cors.js';
import { addExplainRoutes } from './routes/explain-routes.js';
import { addMetadataRoutes } from './routes/metadata-routes.js';
import { addQueryRoutes } from './routes/query-routes.js';
import { addRuleRoutes } from './routes/rule-routes.js';
import { addPathRedirects, replyNotFound } from './redirect.js';
import { errorHandler } from './reply/reply-error.js';
import { addSlicing } from './reply/slice-body.js';
import { RunningRequests } from './running-requests.js';
import { addStatusRoutes } from './routes/status-routes.js';

const MEDIA_TYPE = /^\s*[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(?:;|$)/;

/** Paths of health checks. */
const PROBES = ['/-/healthy', '/-/ready'];

/** Creates the application. It does not listen yet. */
export function createApp(context: AppContext): FastifyInstance {
  const { connections, routePrefix } = context;
  const probes = new Set(PROBES.map((path) => `${routePrefix}${path}`));
  const handleError = errorHandler(context.log);
  const app = Fastify({
    logger: false,
    bodyLimit: MAX_FORM_BYTES,
    serverFactory: (handler) => connections.createServer(handler, (url) => probes.has(url.split('?', 1)[0]!)),
    routerOptions: {
      maxParamLength: 4096,
      ignoreTrailingSlash: false,
      // The query string is parsed by Parameters, as Prometheus does.
      querystringParser: () => ({}),
    },
    // Connections.drain closes them.
    forceCloseConnections: false,
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => {
      handleError(error, request, reply);
    },
    clientErrorHandler: (error, socket) => {
      connections.rejectConnection(error, socket);
    },
  });
  app.removeAllContentTypeParsers();
  // Parameters reads forms. Other bodies are ignored: vmalert posts empty bodies with the content type of JSON.
  app.addContentTypeParser('*', (request: FastifyRequest) =>
    connections.readBody(request.raw, bodyLimitOf(request)),
  );
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
  addCors(app, routePrefix);
  addCompression(app);
  addSlicing(app);
  app.addHook('preClose', (done) => {
    void connections.drain();
    done();
  });
  if (context.onRunning !== undefined) new RunningRequests(context.clock, context.onRunning).follow(app);
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
    { prefix: routePrefix },
  );
  return app;
}

/** Returns the limit of the route, or the smaller one of requests that no route takes. */
function bodyLimitOf({ is404, routeOptions }: FastifyRequest): number {
  return is404 ? MAX_IGNORED_BYTES : routeOptions.bodyLimit;
}
