// A proxy that delays the requests to a region, as load or distance would.

import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Teardown } from '../../test/helpers/real-servers/server-process.js';
import type { Region } from './two-regions-testbed.js';

/**
 * Starts a proxy that forwards each request after `delayMs`, and its response at once. Returns the region behind it.
 */
export async function startSlowRegion(t: Teardown, region: Region, delayMs: number): Promise<Region> {
  const server = createServer((incoming, response) => {
    setTimeout(() => {
      const { method, headers, url } = incoming;
      const target = new URL(url ?? '/', region.endpoint.origin);
      const outgoing = request(target, { method, headers }, (upstream) => {
        response.writeHead(upstream.statusCode ?? 502, upstream.headers);
        upstream.pipe(response);
      });
      outgoing.on('error', () => response.destroy());
      incoming.pipe(outgoing);
    }, delayMs);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { ...region, endpoint: { ...region.endpoint, origin: `http://127.0.0.1:${port}` } };
}
