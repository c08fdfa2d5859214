// The routes of promfed itself: health, readiness, build, configuration, metrics and reload.

import type { FastifyInstance } from 'fastify';

import { asPromfedError } from '../../model/index.js';
import type { AppContext } from '../app-context.js';
import { sendData } from '../reply/send-data.js';
import { addRoute } from './route.js';

/**
 * Version of Prometheus whose HTTP API and PromQL promfed implements. Clients choose features by it: Grafana up to 10
 * requests `/api/v1/label/NAME/values` with `match[]` from version 2.24 on, and `/api/v1/series` before.
 */
const PROMETHEUS_VERSION = '3.14.0';

export function addStatusRoutes(app: FastifyInstance, context: AppContext): void {
  addRoute(app, ['GET', 'HEAD'], '/-/healthy', async (_request, reply) =>
    reply.type('text/plain; charset=utf-8').send('promfed is Healthy.\n'),
  );

  addRoute(app, ['GET', 'HEAD'], '/-/ready', async (_request, reply) =>
    context.isReady()
      ? reply.type('text/plain; charset=utf-8').send('promfed is Ready.\n')
      : reply.code(503).type('text/plain; charset=utf-8').send('promfed is stopping.\n'),
  );

  addRoute(
    app,
    ['POST', 'PUT'],
    '/-/reload',
    async (_request, reply) => {
      reply.type('text/plain; charset=utf-8');
      if (!context.lifecycleEnabled) return reply.code(403).send('Lifecycle API is not enabled.\n');
      try {
        await context.reload();
        return await reply.send('');
      } catch (thrown) {
        return reply.code(500).send(`failed to reload config: ${asPromfedError(thrown).message}\n`);
      }
    },
    { hasForm: false },
  );

  addRoute(app, ['GET'], '/metrics', async (_request, reply) => {
    const { contentType, text } = await context.metrics();
    return reply.type(contentType).send(text);
  });

  addRoute(app, ['GET'], '/api/v1/status/buildinfo', async (_request, reply) =>
    sendData(reply, {
      version: PROMETHEUS_VERSION,
      revision: '',
      branch: '',
      buildUser: '',
      buildDate: '',
      goVersion: '',
      promfedVersion: context.version,
    }),
  );

  addRoute(app, ['GET'], '/api/v1/status/flags', async (_request, reply) => sendData(reply, context.flags));

  addRoute(app, ['GET'], '/api/v1/status/config', async (_request, reply) =>
    sendData(reply, { yaml: context.configYaml() }),
  );
}
