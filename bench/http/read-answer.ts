// The HTTP client for promfed and for regions. Both sides use it, so that its cost is the same.

import autocannon from 'autocannon';
import { Pool } from 'undici';

/** Address of a server. */
export interface Endpoint {
  readonly origin: string;
  /** Path before `/api/v1/…`, without a trailing slash. */
  readonly pathPrefix: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A client of one server. */
export interface Reader {
  /** Reads a response to its end. Returns its size and the time to its first byte. Throws unless the status is 200. */
  drain(
    path: string,
    parameters: Parameters,
  ): Promise<{ readonly bytes: number; readonly firstByteMs: number }>;
  /** Returns the parsed response. Throws unless the status is 200. */
  json(path: string, parameters: Parameters): Promise<unknown>;
  close(): Promise<void>;
}

export type Parameters = Readonly<Record<string, string>>;

/** @param connections upper bound on concurrent requests. */
export function createReader({ origin, pathPrefix, headers }: Endpoint, connections = 4): Reader {
  const pool = new Pool(origin, { connections, bodyTimeout: 60_000, headersTimeout: 60_000 });

  async function* chunks(path: string, parameters: Parameters): AsyncGenerator<Buffer> {
    const url = `${pathPrefix}${path}?${new URLSearchParams(parameters).toString()}`;
    const { statusCode, body } = await pool.request({ method: 'GET', path: url, headers });
    if (statusCode !== 200)
      throw new Error(`${origin}${url}: ${statusCode} ${(await body.text()).slice(0, 500)}`);
    for await (const chunk of body) yield chunk as Buffer;
  }

  return {
    async drain(path, parameters) {
      const start = performance.now();
      let firstByteMs = NaN;
      let bytes = 0;
      for await (const chunk of chunks(path, parameters)) {
        if (bytes === 0) firstByteMs = performance.now() - start;
        bytes += chunk.length;
      }
      return { bytes, firstByteMs };
    },
    async json(path, parameters) {
      const parts: Buffer[] = [];
      for await (const chunk of chunks(path, parameters)) parts.push(chunk);
      return JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown;
    },
    close: () => pool.close(),
  };
}

/** Number of queries of one load. */
export const LOAD_QUERIES = 3_000;

/** Sends a query `LOAD_QUERIES` times, 32 at a time. @throws Error when one fails. */
export async function load({ origin }: Endpoint, path: string, parameters: Parameters): Promise<void> {
  const url = `${origin}${path}?${new URLSearchParams(parameters).toString()}`;
  const { non2xx, errors } = await autocannon({ url, connections: 32, amount: LOAD_QUERIES });
  if (non2xx + errors > 0) throw new Error(`${url}: ${non2xx + errors} of ${LOAD_QUERIES} requests failed`);
}
