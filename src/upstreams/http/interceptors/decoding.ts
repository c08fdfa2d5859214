// Decodes a response's Content-Encoding as it streams.

import { pipeline, type Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { PromfedError } from '../../../model/index.js';
import { zstd } from '../../../runtime/index.js';
import { readableOf, sourceOf } from '../body-source.js';
import { headerOf, type Interceptor } from '../exchange.js';
import { excerpt } from '../sanitize.js';

const CHUNK_BYTES = 64 * 1024;

/**
 * Largest window of a zstd frame: 8 MiB, the maximum for HTTP. The runtime's own limit would let a hostile response
 * allocate 128 MiB.
 *
 * Source: RFC 9659, 3.
 */
const MAX_WINDOW_LOG = 23;

/** The value of Accept-Encoding: the encodings that `decoding` decodes. */
export const decodedEncodings = zstd === undefined ? 'gzip' : 'zstd, gzip';

/**
 * Decodes gzip, and zstd where the runtime supports it; rejects every other encoding. A body that is not in the
 * encoding that it names fails.
 *
 * A response is decoded whenever it is encoded, whether or not the request accepted that.
 */
export const decoding: Interceptor = (next) => async (request, scope) => {
  const response = await next(request, scope);
  const encoding = headerOf(response, 'content-encoding').trim().toLowerCase();
  // In remote read, snappy is part of the message format.
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
  // The decoder reports the error as well, to its reader.
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
