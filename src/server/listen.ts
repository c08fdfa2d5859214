// Binds the HTTP application to its address.

import type { AddressInfo } from 'node:net';

import type { FastifyInstance } from 'fastify';

import type { BindAddress } from '../config/index.js';
import { PromfedError } from '../model/index.js';

/** Codes of a machine without IPv6. */
const NO_IPV6: ReadonlySet<string | undefined> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL']);

/**
 * Listens on the address. Without a host, listens on all interfaces, with IPv6 where the machine supports it.
 *
 * @returns the URL of the application on this machine, with a trailing slash.
 * @throws PromfedError `unavailable` when the address cannot be bound.
 */
export async function listen(
  app: FastifyInstance,
  { host, port }: BindAddress,
  routePrefix: string,
): Promise<string> {
  try {
    if (host === '') await listenOnAll(app, port);
    else await app.listen({ host, port });
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'the address is already in use' : message;
    throw new PromfedError('unavailable', `cannot listen on ${inUrl(host)}:${port}: ${reason}`);
  }
  const address = app.server.address() as AddressInfo;
  const isAny = host === '' || host === '0.0.0.0' || host === '::';
  return `http://${isAny ? 'localhost' : inUrl(host)}:${address.port}${routePrefix}/`;
}

async function listenOnAll(app: FastifyInstance, port: number): Promise<void> {
  try {
    await app.listen({ host: '::', port });
  } catch (thrown) {
    if (!NO_IPV6.has((thrown as NodeJS.ErrnoException).code)) throw thrown;
    await app.listen({ host: '0.0.0.0', port });
  }
}

/** The host as URLs contain it: an IPv6 address is in brackets. */
function inUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
