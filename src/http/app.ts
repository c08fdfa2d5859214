// The HTTP application: fastify, set up as Prometheus' own server behaves.

import Fastify, { type FastifyInstance } from 'fastify';

import type { Federation } from '../federation/index.js';
import type { Clock } from '../model/index.js';
import type { FeatureSet } from '../promql/language/index.js';
import type { Log } from './log.js';
import { addMetadataRoutes } from './metadata-routes.js';
import { addQueryRoutes } from './query-routes.js';
import { errorHandler } from './reply-error.js';
import { addStatusRoutes } from './status-routes.js';

/** Prometheus takes forms of 10 MiB (Go's `ParseForm`). */
const MAX_BODY_BYTES = 10 * 1024 * 1024;

/** Queries may stand in the URL of a GET, Grafana's and vmalert's do. */
const MAX_HEADER_BYTES = 256 * 1024;

/** What the routes need of the program around them. */
export interface AppContext {
  /** The federation of the configuration that runs now; a request keeps the one it began with. */
  federation(): Federation;
  readonly features: FeatureSet;
  readonly clock: Clock;
  /** `--query.timeout`, in milliseconds. */
  readonly queryTimeoutMs: number;
  readonly version: string;
  /** `--web.enable-lifecycle`. */
  readonly lifecycleEnabled: boolean;
  /** The path under which everything is served, without a slash at its end; empty for the root. */
  readonly routePrefix: string;
  /** Every flag with its value, as text. */
  readonly flags: Readonly<Record<string, string>>;
  isReady(): boolean;
  /** Loads the configuration anew. Throws, and keeps the old one, when it is not valid. */
  reload(): Promise<void>;
  /** The running configuration, secrets masked. */
  configYaml(): string;
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** Called when a request was answered. `route` is the route's pattern, not the path that was asked. */
  onAnswered(route: string, status: number, durationMs: number): void;
  readonly log: Log;
}

/** Builds the application; nothing listens yet. */
export function createApp(context: AppContext): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: MAX_BODY_BYTES,
    routerOptions: { maxParamLength: 4096, ignoreTrailingSlash: false },
    http: { maxHeaderSize: MAX_HEADER_BYTES },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
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
  app.setErrorHandler(errorHandler(context.log));
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).type('text/plain').send('404 page not found\n'),
  );
  app.addHook('onResponse', (request, reply, done) => {
    context.onAnswered(request.routeOptions.url ?? 'unknown', reply.statusCode, reply.elapsedTime);
    done();
  });
  app.register(
    (routes, _options, done) => {
      addQueryRoutes(routes, context);
      addMetadataRoutes(routes, context);
      addStatusRoutes(routes, context);
      done();
    },
    { prefix: context.routePrefix },
  );
  return app;
}
