// Replies with errors in Prometheus' envelope, without stack traces.

import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';

import { asPromfedError, PromfedError } from '../../model/index.js';
import type { Log } from '../../runtime/index.js';
import { JSON_TYPE } from './send-data.js';

/** Value of `Retry-After`. Most queries end within this time, and release their memory. */
const RETRY_AFTER_S = 2;

function replyError(reply: FastifyReply, error: PromfedError): FastifyReply {
  const body = { status: 'error', errorType: error.errorType, error: error.message };
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
  if (status === 413) return new PromfedError('too_large', 'request body is too large; the limit is 10 MiB');
  return new PromfedError('bad_data', thrown.message);
}

/** Replies to a connection whose request is not valid HTTP, or whose URL and headers are too long. */
export function replyToInvalidRequest(error: Error & { readonly code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, reason] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? [431, 'request URL and headers are too long; send the query as a form with POST']
      : [400, 'invalid HTTP request'];
  const body = JSON.stringify({ status: 'error', errorType: 'bad_data', error: reason });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: ${JSON_TYPE}\r\n` +
      `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
}
