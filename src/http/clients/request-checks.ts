// Checks of a request before it is routed, and the replies to those that are rejected.

import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';

import { PromfedError } from '../../model/index.js';
import { JSON_TYPE } from '../reply/send-data.js';
import { MAX_IGNORED_BYTES } from './client-limits.js';

/** Value of `Retry-After`. Most queries end within this time, and release their memory. */
export const RETRY_AFTER_S = 2;

/** Bytes of headers that are not charged. A request without a long URL has fewer. */
const FREE_HEADER_BYTES = 8 << 10;

/** Copies of the URL and of the body that a request holds: the bytes, their text and the decoded parameters. */
export const TEXT_COPIES = 3;

/** Memory of the objects of a request that waits. */
const WAITING_BYTES = 8 << 10;

/** Bytes to charge for the URL and the headers of a request. */
export function headerCharge(request: IncomingMessage): number {
  const bytes = headerBytes(request);
  return bytes <= FREE_HEADER_BYTES ? 0 : bytes * TEXT_COPIES;
}

/**
 * Bytes to charge for a request that waits for the answer to an earlier one on its connection. Undefined when it has a long
 * URL: such a request must not wait, because reading many of them takes long.
 */
export function waitingCharge(request: IncomingMessage): number | undefined {
  const bytes = headerBytes(request);
  return bytes <= FREE_HEADER_BYTES ? WAITING_BYTES + bytes * TEXT_COPIES : undefined;
}

function headerBytes({ rawHeaders, url = '' }: IncomingMessage): number {
  let bytes = url.length;
  for (const text of rawHeaders) bytes += text.length;
  return bytes;
}

/**
 * The problem of a request that Node.js accepts and Prometheus' server does not: several `Host` headers, or a large body
 * where none is expected.
 */
export function problemOf({ rawHeaders, headers, method }: IncomingMessage): PromfedError | undefined {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.length === 4 && rawHeaders[i]!.toLowerCase() === 'host') hosts++;
  }
  if (hosts > 1) return new PromfedError('bad_data', 'invalid HTTP request: several Host headers');
  const hasForm = method !== 'GET' && method !== 'HEAD';
  if (!hasForm && Number(headers['content-length'] ?? 0) > MAX_IGNORED_BYTES)
    return bodyTooLarge(MAX_IGNORED_BYTES);
  return undefined;
}

/** @param maxBytes the limit. */
export function bodyTooLarge(maxBytes: number): PromfedError {
  const limit = maxBytes >= 1 << 20 ? `${maxBytes >> 20} MiB` : `${maxBytes >> 10} KiB`;
  return new PromfedError('too_large', `request body is too large; the limit is ${limit}`);
}

/** Replies in Prometheus' envelope, and closes the connection. */
export function rejectRequest(response: ServerResponse, error: PromfedError): void {
  const body = JSON.stringify({ status: 'error', errorType: error.errorType, error: error.message });
  if (error.code === 'overloaded') response.setHeader('retry-after', RETRY_AFTER_S);
  response.writeHead(error.status, {
    'content-type': JSON_TYPE,
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  });
  response.end(body);
}

/** The reply to bytes that are not a valid request, as text. */
export function replyTo(code: string | undefined): string {
  const [status, reason] =
    code === 'HPE_HEADER_OVERFLOW'
      ? [431, 'request URL and headers are too long; send the query as a form with POST']
      : code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? [408, 'the request headers did not arrive in time']
        : [400, 'invalid HTTP request'];
  const body = JSON.stringify({ status: 'error', errorType: 'bad_data', error: reason });
  return (
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: ${JSON_TYPE}\r\n` +
    `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`
  );
}
