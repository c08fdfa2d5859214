// Decodes what an answer's Content-Encoding says, as it streams.

import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { PromfedError } from '../../model/index.js';
import { readableOf, sourceOf } from '../body-source.js';
import { headerOf, type Exchange } from '../exchange.js';
import { excerpt } from '../foreign-text.js';

const CHUNK_BYTES = 64 * 1024;

/**
 * Decodes gzip, the one encoding that is asked for; refuses every other. Bytes that are not gzip fail the body.
 *
 * Whether gzip is asked for is the request's matter: an answer is decoded whenever it says that it is encoded.
 */
export function withGzip(next: Exchange): Exchange {
  return async (request, scope) => {
    const response = await next(request, scope);
    const encoding = headerOf(response, 'content-encoding').trim().toLowerCase();
    // Of remote read, snappy is not an encoding on the way but the format itself.
    const isFormat = encoding === 'snappy' && request.endpoint === 'read';
    if (encoding === '' || encoding === 'identity' || isFormat) return response;
    if (encoding !== 'gzip' && encoding !== 'x-gzip') {
      response.body.destroy();
      throw new PromfedError(
        'upstream',
        `HTTP ${response.status}: the answer has an unknown Content-Encoding: ${excerpt(encoding, 40)}`,
      );
    }
    const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
    // The error also comes out of gunzip, where it is read.
    pipeline(readableOf(response.body), gunzip, () => undefined);
    return { ...response, body: sourceOf(gunzip) };
  };
}
