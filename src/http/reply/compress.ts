// Compression of replies that are sent whole, and the headers of content negotiation.

import type { FastifyInstance, FastifyReply } from 'fastify';

import { acceptedEncoding, isLocal, type Encoding } from './accept-encoding.js';
import { compress } from './compressor.js';

/** Minimum size for compression. Smaller replies fit into one packet, and a shorter packet is not faster. */
const MIN_BYTES = 1400;

/** Compresses replies that are sent whole, if they are large enough and the client accepts it and is not on loopback. */
export function addCompression(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    const isBody = typeof payload === 'string' || Buffer.isBuffer(payload);
    if (!isBody || payload.length < MIN_BYTES || reply.hasHeader('content-encoding')) {
      done(null, payload);
      return;
    }
    const encoding = negotiateEncoding(reply);
    if (encoding === undefined || request.method === 'HEAD') {
      done(null, payload);
      return;
    }
    compress(encoding, Buffer.isBuffer(payload) ? payload : Buffer.from(payload)).then(
      (compressed) => {
        reply.header('content-encoding', encoding).removeHeader('content-length');
        done(null, compressed);
      },
      (error: unknown) => {
        done(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}

/** Returns the encoding of a reply; undefined for no compression. Sets `Vary` when the request's header decides. */
export function negotiateEncoding(reply: FastifyReply): Encoding | undefined {
  const { headers, socket } = reply.request.raw;
  if (isLocal(socket)) return undefined;
  const vary = reply.getHeader('vary');
  reply.header('vary', vary === undefined ? 'Accept-Encoding' : `${String(vary)}, Accept-Encoding`);
  return acceptedEncoding(headers['accept-encoding']);
}
