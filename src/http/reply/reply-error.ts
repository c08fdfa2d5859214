// Replies with errors in Prometheus' envelope, without stack traces.

import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';

import { asPromfedError, PromfedError } from '../../model/index.js';
import type { Log } from '../../runtime/index.js';
import { RETRY_AFTER_S } from '../clients/request-checks.js';
import { JSON_TYPE } from './send-data.js';

/**
 * Keeps the connection open after the reply, although Fastify or the client wants it closed: a client that still sends
 * its body would otherwise get a reset instead of the reply. `Connections` closes it unless the request ends soon.
 */
function keepReading(reply: FastifyReply): void {
  if (reply.request.raw.complete) return;
  reply.removeHeader('connection');
  reply.raw.shouldKeepAlive = true;
}

function replyError(reply: FastifyReply, error: PromfedError): FastifyReply {
  const body = { status: 'error', errorType: error.errorType, error: error.message };
  if (error.code === 'overloaded' || error.code === 'too_large') keepReading(reply);
  if (error.code === 'overloaded') reply.header('retry-after', RETRY_AFTER_S);
  return reply.code(error.status).type(JSON_TYPE).send(JSON.stringify(body));
}

/** Creates the error handler of the application. Internal errors are logged. */
export function errorHandler(log: Log) {
  return (thrown: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const error = rejectedRequest(thrown) ?? asPromfedError(thrown);
    if (error.code === 'internal') {
      log.error({ err: thrown, method: request.method, url: request.url }, 'request failed');
      return replyError(reply, new PromfedError('internal', `internal error: ${error.message}`));
    }
    return replyError(reply, error);
  };
}

/** The error of a request that fastify rejected, such as one with a body above the limit. */
function rejectedRequest(thrown: FastifyError | Error): PromfedError | undefined {
  const status = 'statusCode' in thrown ? thrown.statusCode : undefined;
  if (status === undefined || status >= 500) return undefined;
  return new PromfedError('bad_data', thrown.message);
}
