// Routes as Prometheus has them: the methods it takes, and 405 for all others.

import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';

import { Parameters } from './parameters.js';

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'];

export type Handler = (request: ApiRequest, reply: FastifyReply) => Promise<unknown>;

/** What a handler sees of a request. */
export interface ApiRequest {
  readonly parameters: Parameters;
  /** Decoded path parameters. */
  readonly path: Readonly<Record<string, string>>;
  /** Aborts when the client leaves before it has its answer. */
  readonly signal: AbortSignal;
}

/** Adds a route for the given methods. */
export function addRoute(
  app: FastifyInstance,
  methods: readonly HTTPMethods[],
  url: string,
  handler: Handler,
): void {
  app.route({
    method: [...methods],
    url,
    exposeHeadRoute: false,
    handler: (request, reply) => handler(toApiRequest(request, reply), reply),
  });
  const others = METHODS.filter((method) => !methods.includes(method));
  app.route({
    method: others,
    url,
    handler: (_request, reply) =>
      reply.code(405).header('allow', methods.join(', ')).type('text/plain').send('Method Not Allowed\n'),
  });
}

function toApiRequest(request: FastifyRequest, reply: FastifyReply): ApiRequest {
  const controller = new AbortController();
  if (reply.raw.destroyed) controller.abort();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return {
    parameters: new Parameters(request.url, typeof request.body === 'string' ? request.body : undefined),
    path: request.params as Record<string, string>,
    signal: controller.signal,
  };
}
