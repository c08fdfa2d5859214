// Decodes a response's Content-Encoding as it streams.

import { pipeline, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';

import { PromfedError } from '../../../model/index.js';
import { readableOf, sourceOf } from '../body-source.js';
import { headerOf, type Interceptor } from '../exchange.js';
import { excerpt } from '../sanitize.js';

const CHUNK_BYTES = 64 * 1024;

/**
 * Of what a zstd frame may refer back to: 8 MiB, the most that senders may ask of HTTP's clients. The runtime's own
 * limit would let a hostile answer hold 128 MiB.
 *
 * Source: RFC 9659, 3.
 */
const MAX_WINDOW_LOG = 23;

/** What newer runtimes, from 22.15 and 23.8 on, have beside what the oldest one supported has. */
interface Zstd {
  readonly constants: { readonly ZSTD_d_windowLogMax: number };
  createZstdDecompress(options: {
    readonly chunkSize: number;
    readonly params: Readonly<Record<number, number>>;
  }): Transform;
}

const hasZstd = 'createZstdDecompress' in zlib;

/** The value of Accept-Encoding: the encodings that `decoding` decodes. */
export const decodedEncodings = hasZstd ? 'zstd, gzip' : 'gzip';

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
      `HTTP ${response.status}: the answer has an unknown Content-Encoding: ${excerpt(encoding, 40)}`,
    );
  }
  // The decoder reports the error as well, to its reader.
  pipeline(readableOf(response.body), decoder, () => undefined);
  return { ...response, body: sourceOf(decoder) };
};

function tryCreateDecoder(encoding: string): Transform | undefined {
  if (encoding === 'gzip' || encoding === 'x-gzip') return zlib.createGunzip({ chunkSize: CHUNK_BYTES });
  if (encoding !== 'zstd' || !hasZstd) return undefined;
  const zstd = zlib as unknown as Zstd;
  return zstd.createZstdDecompress({
    chunkSize: CHUNK_BYTES,
    params: { [zstd.constants.ZSTD_d_windowLogMax]: MAX_WINDOW_LOG },
  });
}
