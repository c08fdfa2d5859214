// The connections to one origin.

import { Pool } from 'undici';

import { createConnector, type ConnectorOptions } from './connect.js';

/**
 * Maximum number of connections to one origin. Further requests wait in the pool. The limit is far above the number of
 * open responses of a busy instance: unread responses that filled the pool could wait forever for another request of
 * their query, which would wait for a connection.
 */
const MAX_CONNECTIONS = 512;

/** Maximum idle time of a connection. Go servers close idle connections after a minute or more: promfed is first. */
const KEEP_ALIVE_MS = 50_000;
const KEEP_ALIVE_MAX_MS = 300_000;

/**
 * Creates a pool without connections.
 *
 * @throws PromfedError `bad_data` when a certificate or key cannot be read.
 */
export function createPool(origin: URL, options: ConnectorOptions): Pool {
  return new Pool(origin.origin, {
    connections: MAX_CONNECTIONS,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MAX_MS,
    // Disabled: promfed has its own limits, exact to the millisecond.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: createConnector(options),
  });
}

/** Reports whether the host is this machine. @param hostname of a URL. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}
