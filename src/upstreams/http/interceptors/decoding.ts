// Decodes compressed responses as they stream.

import { pipeline, type Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { PromfedError } from '../../../model/index.js';
import { zstd } from '../../../runtime/index.js';
import { readableOf, sourceOf } from '../body-source.js';
import { headerOf, type Interceptor } from '../exchange.js';
import { excerpt } from '../sanitize.js';

const CHUNK_BYTES = 64 * 1024;

/**
 * Binary logarithm of the maximum window size of a zstd frame: 8 MiB, the maximum for HTTP. With the runtime's default, a
 * hostile response could allocate 128 MiB.
 *
 * Source: RFC 9659, 3.
 */
const MAX_WINDOW_LOG = 23;

/** The value of Accept-Encoding: the encodings that `decoding` supports. */
export const decodedEncodings = zstd === undefined ? 'gzip' : 'zstd, gzip';

/**
 * Decodes gzip, and zstd where the runtime supports it, even when the request did not accept the encoding. Rejects all
 * other encodings. A malformed body fails while it is read.
 */
export const decoding: Interceptor = (next) => async (request, scope) => {
  const response = await next(request, scope);
  const encoding = headerOf(response, 'content-encoding').trim().toLowerCase();
  // In remote read, snappy is part of the message format and is decoded with the message.
  const isFormat = encoding === 'snappy' && request.endpoint === 'read';
  if (encoding === '' || encoding === 'identity' || isFormat) return response;
  const decoder = tryCreateDecoder(encoding);
  if (decoder === undefined) {
    response.body.destroy();
    throw new PromfedError(
      'upstream',
      `HTTP ${response.status}: unsupported Content-Encoding: ${excerpt(encoding, 40)}`,
    );
  }
  // The reader of the decoder receives the error too.
  pipeline(readableOf(response.body), decoder, () => undefined);
  return { ...response, body: sourceOf(decoder) };
};

function tryCreateDecoder(encoding: string): Transform | undefined {
  if (encoding === 'gzip' || encoding === 'x-gzip') return createGunzip({ chunkSize: CHUNK_BYTES });
  if (encoding !== 'zstd' || zstd === undefined) return undefined;
  return zstd.createZstdDecompress({
    chunkSize: CHUNK_BYTES,
    params: { [zstd.constants.ZSTD_d_windowLogMax]: MAX_WINDOW_LOG },
  });
}
