// Converts errors of undici, Node.js and OpenSSL to PromfedErrors with a readable reason.

import { UpstreamAnswerError } from '../../json/index.js';
import { asPromfedError, PromfedError } from '../../model/index.js';
import { regionError } from '../region-error.js';
import { printable } from './sanitize.js';

/** The part of an exchange that failed. The same error has different meanings before and within the body. */
export type Phase = 'headers' | 'body';

const MAX_REASON_CHARS = 200;
const MAX_ANSWER_CHARS = 4096;

/** Reasons by error code. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  ETIMEDOUT: 'connection timed out',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  EADDRNOTAVAIL: 'no local address available',
  EMFILE: 'too many open files in this process',
  ENFILE: 'too many open files on this machine',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'name server did not answer',
  UND_ERR_HEADERS_OVERFLOW: 'response headers are too large',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'incomplete response: shorter than its Content-Length',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'TLS: certificate is self-signed and not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'TLS: certificate is signed by an untrusted authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'TLS: certificate is signed by an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'TLS: certificate is signed by an unknown authority',
  CERT_HAS_EXPIRED: 'TLS: certificate has expired',
  CERT_NOT_YET_VALID: 'TLS: certificate is not valid yet',
};

/**
 * Converts an error of a request to a PromfedError whose message is only the reason. The caller adds the names of group
 * and target. A PromfedError is returned unchanged; other errors become `upstream`, or `canceled` after the group was
 * closed.
 */
export function requestFailure(thrown: unknown, phase: Phase): PromfedError {
  if (thrown instanceof PromfedError) return thrown;
  const code = codeOf(thrown);
  if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED') {
    return new PromfedError('canceled', 'server group was closed', { cause: thrown });
  }
  return new PromfedError('upstream', reasonOf(thrown, code, phase), { cause: thrown });
}

/**
 * Converts an error of reading the answer to a query. An error envelope with status 200 means the same as with another
 * status (`regionError`). A series that is too large is a failure of the target. An error that is not a PromfedError is
 * a bug and stays `internal`.
 */
export function responseFailure(thrown: unknown): PromfedError {
  if (thrown instanceof UpstreamAnswerError) {
    const { upstreamErrorType: errorType, upstreamText } = thrown;
    const text = printable(upstreamText, MAX_ANSWER_CHARS);
    return regionError({ endpoint: 'query', status: 200, errorType, text });
  }
  const error = asPromfedError(thrown);
  return error.code === 'limit' ? new PromfedError('upstream', error.message, { cause: error }) : error;
}

function reasonOf(thrown: unknown, code: string, phase: Phase): string {
  if (
    phase === 'body' &&
    /^(UND_ERR_SOCKET|ECONNRESET|UND_ERR_ABORTED|ERR_STREAM_PREMATURE_CLOSE)$/.test(code)
  ) {
    return 'incomplete response: connection closed before its end';
  }
  const known = REASONS[code];
  if (known !== undefined) return known;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const text = printable(message.split('\n', 1)[0] ?? '', MAX_REASON_CHARS);
  if (code === 'UND_ERR_SOCKET') return 'connection closed before a response';
  if (thrown instanceof Error && thrown.name === 'HTTPParserError') return `invalid HTTP response: ${text}`;
  // A code of gzip and, from Node.js 24 on, of zstd.
  if (code === 'Z_BUF_ERROR') return `incomplete compressed response: ${text}`;
  if (code.startsWith('ZSTD_')) return `invalid zstd encoding: ${text}`;
  if (code.startsWith('Z_')) return `invalid gzip encoding: ${text}`;
  if (/^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_)|^EPROTO$/.test(code)) return `TLS: ${tlsText(text)}`;
  return `request failed: ${text}`;
}

/** Returns OpenSSL's text, the part before the file name in `40D7…:error:0A00010B:SSL routines:func:wrong version number:…`. */
function tlsText(text: string): string {
  const routines = /:SSL routines:[^:]*:([^:]+)/.exec(text);
  return routines?.[1] ?? text;
}

/** Returns the code of an error. A failed connection to a host with several addresses is an AggregateError. */
function codeOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return '';
  if ('code' in thrown && typeof thrown.code === 'string') return thrown.code;
  if (thrown instanceof AggregateError) return codeOf(thrown.errors[0]);
  return '';
}
