// A region that answers late: what a real one shows only under load, or far away.

import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Teardown } from '../../test/helpers/real-servers/server-process.js';
import type { Region } from './two-regions-testbed.js';

/** The region behind something that hands each request on `delayMs` late, and the answer as it comes. */
export async function startSlowRegion(t: Teardown, region: Region, delayMs: number): Promise<Region> {
  const server = createServer((asked, answer) => {
    setTimeout(() => {
      const { method, headers, url } = asked;
      const onward = request(new URL(url ?? '/', region.endpoint.origin), { method, headers }, (given) => {
        answer.writeHead(given.statusCode ?? 502, given.headers);
        given.pipe(answer);
      });
      onward.on('error', () => answer.destroy());
      asked.pipe(onward);
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
