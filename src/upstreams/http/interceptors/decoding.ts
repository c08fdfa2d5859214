// Decodes compressed responses as they stream.

import { pipeline, type Readable, type Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { PromfedError } from '../../../model/index.js';
import { UNCOUNTED_MEMORY, zstd, type MemoryAccount } from '../../../runtime/index.js';
import { readableOf, sourceOf } from '../body-source.js';
import { headerOf, type HttpResponse, type Interceptor } from '../exchange.js';
import { excerpt } from '../sanitize.js';
import { MAX_ZSTD_HEADER_BYTES, zstdWindowOf } from './zstd-window.js';

const CHUNK_BYTES = 64 * 1024;

/**
 * Maximum window size of a zstd frame in bytes, the maximum for HTTP. With the runtime's default, a hostile response could
 * allocate 128 MiB.
 *
 * Source: RFC 9659, 3.
 */
const MAX_WINDOW_BYTES = 8 << 20;

/** Window size that every frame of a response may have. Further frames may have the window of the first one too. */
const FREE_WINDOW_BYTES = 256 << 10;

/** The value of Accept-Encoding: the encodings that `decoding` supports. */
export const decodedEncodings = zstd === undefined ? 'gzip' : 'zstd, gzip';

/**
 * Decodes gzip, and zstd where the runtime supports it, even when the request did not accept the encoding. Rejects all
 * other encodings. A malformed body fails while it is read. Large windows of zstd are charged to the memory account of the
 * request until the body has been read.
 */
export const decoding: Interceptor = (next) => async (request, scope) => {
  const response = await next(request, scope);
  const encoding = headerOf(response, 'content-encoding').trim().toLowerCase();
  // In remote read, snappy is part of the message format and is decoded with the message.
  const isFormat = encoding === 'snappy' && request.endpoint === 'read';
  if (encoding === '' || encoding === 'identity' || isFormat) return response;
  if (encoding === 'gzip' || encoding === 'x-gzip') {
    return decoded(response, readableOf(response.body), createGunzip({ chunkSize: CHUNK_BYTES }));
  }
  if (encoding === 'zstd' && zstd !== undefined) {
    const compressed = readableOf(response.body);
    const decoder = await createZstdDecoder(compressed, scope.context.memory ?? UNCOUNTED_MEMORY);
    return decoded(response, compressed, decoder);
  }
  response.body.destroy();
  throw new PromfedError(
    'upstream',
    `HTTP ${response.status}: unsupported Content-Encoding: ${excerpt(encoding, 40)}`,
  );
};

function decoded(response: HttpResponse, compressed: Readable, decoder: Transform): HttpResponse {
  // The reader of the decoder receives the error too.
  pipeline(compressed, decoder, () => undefined);
  return { ...response, body: sourceOf(decoder) };
}

/** @throws PromfedError when there is no memory for the window. The body is destroyed then. */
async function createZstdDecoder(compressed: Readable, memory: MemoryAccount): Promise<Transform> {
  const head = await peek(compressed, MAX_ZSTD_HEADER_BYTES);
  // Another frame than the first one may need the maximum where the first one is not known.
  const windowBytes = Math.min(MAX_WINDOW_BYTES, zstdWindowOf(head) ?? MAX_WINDOW_BYTES);
  const charged = windowBytes > FREE_WINDOW_BYTES ? windowBytes : 0;
  try {
    memory.reserve('upstream responses', charged);
  } catch (thrown) {
    compressed.destroy();
    throw thrown;
  }
  const windowLog = Math.ceil(Math.log2(Math.max(windowBytes, FREE_WINDOW_BYTES)));
  const decoder = zstd!.createZstdDecompress({
    chunkSize: CHUNK_BYTES,
    params: { [zstd!.constants.ZSTD_d_windowLogMax]: windowLog },
  });
  decoder.once('close', () => {
    memory.release('upstream responses', charged);
  });
  return decoder;
}

/** Returns the first bytes of a stream, which stay in it. Fewer when it ends or fails before. */
function peek(readable: Readable, length: number): Promise<Buffer> {
  return new Promise((resolve) => {
    const settle = (head: Buffer): void => {
      readable.off('readable', look).off('end', end).off('error', end);
      resolve(head);
    };
    const end = (): void => {
      settle(Buffer.alloc(0));
    };
    const look = (): void => {
      // Null until that many bytes have arrived, or the end.
      const head = readable.read(length) as Buffer | null;
      if (head === null) return;
      readable.unshift(head);
      settle(head);
    };
    readable.on('readable', look).on('end', end).on('error', end);
  });
}
