// Binds the HTTP application to its address.

import type { AddressInfo } from 'node:net';

import type { FastifyInstance } from 'fastify';

import { PromfedError } from '../model/index.js';

export interface BindAddress {
  /** Empty for every interface. */
  readonly host: string;
  readonly port: number;
}

/**
 * Listens on every interface, IPv6 included where the machine has it, when no host is named.
 *
 * @returns the URL of the application on this machine.
 * @throws PromfedError `unavailable` when the address cannot be bound.
 */
export async function listen(
  app: FastifyInstance,
  { host, port }: BindAddress,
  routePrefix: string,
): Promise<string> {
  try {
    await app.listen({ host: host === '' ? '::' : host, port });
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    if (host !== '' || (code !== 'EAFNOSUPPORT' && code !== 'EADDRNOTAVAIL')) {
      const reason = code === 'EADDRINUSE' ? 'the address is already in use' : (thrown as Error).message;
      throw new PromfedError('unavailable', `cannot listen on ${host}:${port}: ${reason}`);
    }
    await app.listen({ host: '0.0.0.0', port });
  }
  const address = app.server.address() as AddressInfo;
  const name = host === '' || host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${address.port}${routePrefix}/`;
}
