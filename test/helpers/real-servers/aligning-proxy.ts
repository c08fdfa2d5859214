// A proxy that computes ranges at multiples of the step, like Mimir with align_queries_with_step.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { forward } from './forward.js';
import type { Teardown } from './server-process.js';

export interface AligningProxy {
  readonly url: string;
  /** Range queries answered, and the number of them that were answered at other steps than requested. */
  readonly ranges: { received: number; moved: number };
}

/** Moves start and end of every `query_range` back to a multiple of the step. Other requests pass unchanged. */
export async function startAligningProxy(t: Teardown, origin: string): Promise<AligningProxy> {
  const ranges = { received: 0, moved: 0 };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { pathname, searchParams } = new URL(request.url ?? '/', origin);
      const contentType = request.headers['content-type'] ?? '';
      const isForm = contentType.startsWith('application/x-www-form-urlencoded');
      const body = Buffer.concat(chunks);
      const parameters = new URLSearchParams([
        ...(isForm ? new URLSearchParams(body.toString()) : []),
        ...searchParams,
      ]);
      if (pathname.endsWith('/query_range')) {
        ranges.received++;
        if (align(parameters)) ranges.moved++;
      }
      const isQuery = isForm || request.method === 'GET';
      forward(
        `${origin}${pathname}${isQuery ? `?${parameters.toString()}` : ''}`,
        isQuery
          ? {}
          : { method: 'POST', body, headers: { 'content-type': contentType, 'content-encoding': 'snappy' } },
        response,
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ranges };
}

/** Returns true when a time was moved. */
function align(parameters: URLSearchParams): boolean {
  const step = Number(parameters.get('step'));
  let isMoved = false;
  for (const name of ['start', 'end']) {
    const time = Number(parameters.get(name));
    const aligned = Math.floor(time / step) * step;
    if (name === 'start' && aligned !== time) isMoved = true;
    parameters.set(name, String(aligned));
  }
  return isMoved;
}
