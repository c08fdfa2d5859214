// Why a request failed, as one clear sentence: from undici's, Node's and OpenSSL's errors to PromfedError.

import { UpstreamAnswerError } from '../../json/index.js';
import { asPromfedError, PromfedError } from '../../model/index.js';
import { printable } from './sanitize.js';

/** How far an exchange had come: the same error means another thing before the answer began. */
export type Phase = 'headers' | 'body';

const MAX_REASON_CHARS = 200;
const MAX_ANSWER_CHARS = 4096;

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  ETIMEDOUT: 'connection timed out',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  EADDRNOTAVAIL: 'no local address can reach the host',
  EMFILE: 'this process has no file descriptors left',
  ENFILE: 'this machine has no file descriptors left',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name server does not answer',
  UND_ERR_HEADERS_OVERFLOW: 'the response headers are too large',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer was cut: it is not as long as its Content-Length says',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'TLS: the certificate is self-signed and not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'TLS: the certificate is signed by an authority that is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'TLS: the certificate is signed by an authority that is not known',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'TLS: the certificate is signed by an authority that is not known',
  CERT_HAS_EXPIRED: 'TLS: the certificate has expired',
  CERT_NOT_YET_VALID: 'TLS: the certificate is not valid yet',
};

/**
 * What was thrown while a target was asked, as a PromfedError whose message is the reason alone: whoever knows the
 * group and the target puts their names before it.
 *
 * A PromfedError is returned as it is; everything else becomes `upstream`, or `canceled` when the group was closed.
 */
export function requestFailure(thrown: unknown, phase: Phase): PromfedError {
  if (thrown instanceof PromfedError) return thrown;
  const code = codeOf(thrown);
  if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED') {
    return new PromfedError('canceled', 'the server group was closed', { cause: thrown });
  }
  return new PromfedError('upstream', reasonOf(thrown, code, phase), { cause: thrown });
}

/**
 * What was thrown while a streamed answer was read, as the failure of its target or of the query.
 *
 * An error envelope with a status of success is judged as one with a status of failure is (`statusCheck`): only the
 * type `execution` is about the query. A series beyond what one may hold is not the query's doing but the target's.
 * What is no PromfedError is a fault of promfed and stays one.
 */
export function answerFailure(thrown: unknown): PromfedError {
  if (thrown instanceof UpstreamAnswerError) {
    const { upstreamErrorType: type, upstreamText } = thrown;
    const text = printable(upstreamText, MAX_ANSWER_CHARS);
    return type === 'execution'
      ? new PromfedError('execution', text, { cause: thrown })
      : new PromfedError('upstream', `answered an error: ${text}`, { cause: thrown });
  }
  const error = asPromfedError(thrown);
  return error.code === 'limit' ? new PromfedError('upstream', error.message, { cause: error }) : error;
}

function reasonOf(thrown: unknown, code: string, phase: Phase): string {
  if (
    phase === 'body' &&
    /^(UND_ERR_SOCKET|ECONNRESET|UND_ERR_ABORTED|ERR_STREAM_PREMATURE_CLOSE)$/.test(code)
  ) {
    return 'the answer was cut: the connection ended before it was complete';
  }
  const known = REASONS[code];
  if (known !== undefined) return known;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const text = printable(message.split('\n', 1)[0] ?? '', MAX_REASON_CHARS);
  if (code === 'UND_ERR_SOCKET') return 'the connection was closed before an answer came';
  if (thrown instanceof Error && thrown.name === 'HTTPParserError')
    return `the answer is not valid HTTP: ${text}`;
  if (code.startsWith('ZSTD_')) return `the answer is not valid zstd: ${text}`;
  if (code.startsWith('Z_')) return `the answer is not valid gzip: ${text}`;
  if (/^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_)|^EPROTO$/.test(code)) return `TLS: ${tlsText(text)}`;
  return `the request failed: ${text}`;
}

/** OpenSSL's text is the part after the last colon of `40D7…:error:0A00010B:SSL routines:func:wrong version number:…`. */
function tlsText(text: string): string {
  const routines = /:SSL routines:[^:]*:([^:]+)/.exec(text);
  return routines?.[1] ?? text;
}

/** A failed connection to a host of several addresses is an AggregateError that has the code of its first. */
function codeOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return '';
  if ('code' in thrown && typeof thrown.code === 'string') return thrown.code;
  if (thrown instanceof AggregateError) return codeOf(thrown.errors[0]);
  return '';
}
