// Reads the body of a request within its limits.

import type { IncomingMessage } from 'node:http';

import { PromfedError } from '../../model/index.js';
import { bodyTooLarge } from './request-checks.js';

/** Bytes of a rejected body that are read and dropped, so that the client sees the reply. */
const MAX_DISCARDED_BYTES = 16 << 20;

export interface BodyLimits {
  readonly maxBytes: number;
  /** Called before bytes are kept. @throws PromfedError when there is no room for them. */
  readonly charge: (bytes: number) => void;
  /** Called with a function that ends the reading with 408, then with undefined when it is over. */
  readonly onReading: (expire: (() => void) | undefined) => void;
}

/**
 * Reads a body to its end.
 *
 * @throws PromfedError `too_large`, `slow_request`, `canceled` when the client left, or the error of `charge`. The rest
 *   of the body is then dropped.
 */
export function readBody(request: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  const { maxBytes, charge, onReading } = limits;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const end = (): void => {
      request.off('data', onData).off('end', onEnd).off('error', onLeft).off('close', onLeft);
      onReading(undefined);
    };
    const fail = (error: PromfedError): void => {
      end();
      chunks.length = 0;
      discard(request);
      reject(error);
    };
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > maxBytes) {
        fail(bodyTooLarge(maxBytes));
        return;
      }
      try {
        charge(chunk.length);
      } catch (thrown) {
        fail(thrown as PromfedError);
        return;
      }
      chunks.push(chunk);
    };
    const onEnd = (): void => {
      end();
      // A chunk may share the buffer that the socket reads into.
      resolve(Buffer.concat(chunks, bytes));
    };
    const onLeft = (): void => {
      fail(new PromfedError('canceled', 'the client left before the end of its request'));
    };
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
      fail(bodyTooLarge(maxBytes));
      return;
    }
    onReading(() => {
      fail(new PromfedError('slow_request', 'the request body did not arrive in time'));
    });
    request.on('data', onData).on('end', onEnd).on('error', onLeft).on('close', onLeft);
  });
}

/** Drops the rest of a body. Closes the connection when it is long. */
function discard(request: IncomingMessage): void {
  let bytes = 0;
  request.on('error', () => undefined); // the client left
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_DISCARDED_BYTES) request.socket.destroy();
  });
  request.resume();
}
