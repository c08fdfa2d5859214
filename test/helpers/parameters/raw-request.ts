// Sends requests byte for byte, as clients that are not Node.js may write them.

import { request as httpRequest } from 'node:http';

export interface RawRequest {
  /** Default GET. */
  readonly method?: string;
  /** Path and query, sent without changes. */
  readonly path: string;
  readonly contentType?: string;
  /** Characters are bytes. */
  readonly body?: string;
}

export interface RawAnswer {
  readonly status: number;
  readonly location: string | undefined;
  readonly allow: string | undefined;
  readonly text: string;
}

export function sendRaw(
  baseUrl: string,
  { method = 'GET', path, contentType, body }: RawRequest,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(baseUrl);
  const bytes = body === undefined ? undefined : Buffer.from(body, 'latin1');
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: hostname,
        port,
        method,
        path,
        headers: {
          ...(contentType === undefined ? {} : { 'content-type': contentType }),
          ...(bytes === undefined ? {} : { 'content-length': bytes.length }),
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const { location, allow } = response.headers;
          resolve({
            status: response.statusCode ?? 0,
            location,
            allow,
            text: Buffer.concat(chunks).toString('utf8'),
          });
        });
      },
    );
    request.on('error', reject);
    request.end(bytes);
  });
}
