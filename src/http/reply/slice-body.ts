// Large replies that are sent whole are written in slices, so that the progress of the client is known.

import { Readable } from 'node:stream';

import type { FastifyInstance } from 'fastify';

const SLICE_BYTES = 64 << 10;

/** Writes large replies in slices. Added after the hooks that replace the body. */
export function addSlicing(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    const isBody = typeof payload === 'string' || Buffer.isBuffer(payload);
    if (!isBody || payload.length <= SLICE_BYTES || request.method === 'HEAD') {
      done(null, payload);
      return;
    }
    const body = Buffer.isBuffer(payload) ? payload : Buffer.from(payload);
    reply.header('content-length', body.length);
    done(null, sliced(body));
  });
}

function sliced(body: Buffer): Readable {
  let at = 0;
  return new Readable({
    read() {
      if (at >= body.length) this.push(null);
      else this.push(body.subarray(at, (at += SLICE_BYTES)));
    },
  });
}
