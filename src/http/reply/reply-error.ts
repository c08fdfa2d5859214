// Errors on the wire: Prometheus' envelope for the API, and never a stack trace.

import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';

import { asPromfedError, PromfedError } from '../../model/index.js';
import type { Log } from '../app-context.js';

/** Most queries are over by then, and what they held is free. */
const RETRY_AFTER_S = 2;

/** Answers with the error in Prometheus' shape. */
function replyError(reply: FastifyReply, error: PromfedError): FastifyReply {
  const body = { status: 'error', errorType: error.errorType, error: error.message };
  if (error.code === 'overloaded') reply.header('retry-after', RETRY_AFTER_S);
  return reply.code(error.status).type('application/json; charset=utf-8').send(JSON.stringify(body));
}

/** The application's error handler: whatever was thrown becomes an answer; faults of our own are logged. */
export function errorHandler(log: Log) {
  return (thrown: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const error = requestFault(thrown) ?? asPromfedError(thrown);
    if (error.code === 'internal') {
      log.error({ err: thrown, method: request.method, url: request.url }, 'request failed');
      return replyError(reply, new PromfedError('internal', `internal error: ${error.message}`));
    }
    return replyError(reply, error);
  };
}

/** What fastify itself refuses: a body over the limit, a broken length, and the like. */
function requestFault(thrown: FastifyError | Error): PromfedError | undefined {
  const status = 'statusCode' in thrown ? thrown.statusCode : undefined;
  if (status === undefined || status >= 500) return undefined;
  if (status === 413) return new PromfedError('too_large', 'the request body is larger than the limit');
  return new PromfedError('bad_data', thrown.message);
}

/** Answers what is no HTTP request, or one whose URL and headers are longer than the server takes. */
export function answerBrokenRequest(error: Error & { readonly code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, reason] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? [431, 'the URL and the headers of the request are too long: send the query as a form, by POST']
      : [400, 'the request is not valid HTTP'];
  const body = JSON.stringify({ status: 'error', errorType: 'bad_data', error: reason });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
}
