// Routes of the API. Methods that Prometheus does not accept are answered with 405.

import type { IncomingHttpHeaders } from 'node:http';

import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';

import { PromfedError, type StopSignal } from '../../model/index.js';
import { Cancellation } from '../../runtime/index.js';
import { MAX_FORM_BYTES, MAX_IGNORED_BYTES } from '../clients/client-limits.js';
import type { RequestBody } from '../parameters/form.js';
import { Parameters } from '../parameters/parameters.js';

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'];

/** Shared by all requests: its stack trace has no information. */
const CLIENT_LEFT = new PromfedError('canceled', 'query was canceled: the client left');

export type Handler = (request: ApiRequest, reply: FastifyReply) => Promise<unknown>;

/** A request as handlers receive it. */
export interface ApiRequest {
  readonly parameters: Parameters;
  /** Decoded path parameters. */
  readonly path: Readonly<Record<string, string>>;
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** Aborts when the client disconnects before it has received its answer. */
  readonly signal: StopSignal;
}

/** Adds a route for the given methods. Its requests may have a form only if `POST` is one of them. */
export function addRoute(
  app: FastifyInstance,
  methods: readonly HTTPMethods[],
  url: string,
  handler: Handler,
  { hasForm = methods.includes('POST') } = {},
): void {
  app.route({
    bodyLimit: hasForm ? MAX_FORM_BYTES : MAX_IGNORED_BYTES,
    method: [...methods],
    url,
    exposeHeadRoute: false,
    handler: (request, reply) => handler(toApiRequest(request, reply), reply),
  });
  const others = METHODS.filter((method) => !methods.includes(method));
  const allow = [...methods, 'OPTIONS'].sort().join(', ');
  app.route({
    method: others,
    url,
    bodyLimit: MAX_IGNORED_BYTES,
    handler: (_request, reply) =>
      reply.code(405).header('allow', allow).type('text/plain; charset=utf-8').send('Method Not Allowed\n'),
  });
}

function toApiRequest(request: FastifyRequest, reply: FastifyReply): ApiRequest {
  const cancellation = new Cancellation();
  if (reply.raw.destroyed) cancellation.abort(CLIENT_LEFT);
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) cancellation.abort(CLIENT_LEFT);
  });
  return {
    parameters: new Parameters(request.url, bodyOf(request)),
    path: request.params as Record<string, string>,
    headers: request.headers,
    signal: cancellation,
  };
}

/** Requests by other methods than POST have no form. */
function bodyOf({ method, body, headers }: FastifyRequest): RequestBody | undefined {
  if (method !== 'POST' || !Buffer.isBuffer(body)) return undefined;
  return { contentType: headers['content-type'], bytes: body };
}
