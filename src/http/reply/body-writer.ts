// Writes the body of a streamed reply to the response, compressed if the client accepts it.

import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';

import type { FastifyReply } from 'fastify';

import { negotiateEncoding } from './compress.js';
import { createCompressor } from './compressor.js';

/** Writes a body chunk by chunk. To abort it, destroy the response. */
export interface BodyWriter {
  /**
   * Resolves when the memory of the chunk may be reused and the client accepts more, or when the connection has closed.
   */
  write(chunk: Uint8Array): Promise<void>;
  /** Sends everything that was written. Undefined for a writer that does not buffer. */
  readonly flush?: () => Promise<void>;
  /** Completes the body. */
  end(): void;
}

/** Creates the writer and sets the headers of its encoding. Must be called before the status is sent. */
export function createBodyWriter(reply: FastifyReply): BodyWriter {
  const encoding = negotiateEncoding(reply);
  const response = reply.raw;
  if (encoding === undefined) {
    return {
      write: (chunk) => untilDone(response, (done) => response.write(chunk, done)),
      end: () => response.end(),
    };
  }
  reply.header('content-encoding', encoding);
  const { stream, flushKind } = createCompressor(encoding);
  // Ends or destroys one with the other. Errors are ignored: the caller watches the response.
  pipeline(stream, response, () => undefined);
  return {
    write: (chunk) => untilDone(response, (done) => stream.write(chunk, done)),
    flush: () =>
      untilDone(response, (done) => {
        stream.flush(flushKind, done);
      }),
    end: () => stream.end(),
  };
}

/** Resolves when the operation is done or the connection has closed. */
function untilDone(response: ServerResponse, start: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    if (response.destroyed) {
      resolve();
      return;
    }
    const done = (): void => {
      response.off('close', done);
      resolve();
    };
    response.once('close', done);
    start(done);
  });
}
