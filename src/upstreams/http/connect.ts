// Connections to a target: TCP or TLS, within the dial timeout.

import { X509Certificate } from 'node:crypto';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';

import type { buildConnector } from 'undici';

import type { ServerGroupSettings, TlsSettings } from '../../config/index.js';
import { PromfedError } from '../../model/index.js';
import { requestFailure } from './failure.js';

/** Minimum time for one of several addresses of a host, within the dial timeout. */
const MIN_ATTEMPT_MS = 10;

/**
 * Creates a connector for undici's pool.
 *
 * undici's own connector measures time in half seconds, which is too coarse for a dial timeout of 200 ms, and takes the
 * TLS server name from a Host header, which Prometheus' clients do not.
 *
 * @throws PromfedError `bad_data` when a certificate or key cannot be read.
 */
export function createConnector(settings: ServerGroupSettings): buildConnector.connector {
  const { dialTimeoutMs, tls } = settings.httpClient;
  const tcp = {
    noDelay: true,
    keepAlive: true,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: Math.max(MIN_ATTEMPT_MS, Math.floor(dialTimeoutMs / 2)),
  };
  const secureContext = settings.scheme === 'https' ? createContext(settings.name, tls) : undefined;
  let session: Buffer | undefined;

  const openTls = (host: string, port: number): TLSSocket => {
    const servername = tls.serverName ?? (isAddress(host) ? undefined : host);
    const socket = connectTls({
      ...tcp,
      ...(secureContext === undefined ? {} : { secureContext }),
      rejectUnauthorized: !tls.insecureSkipVerify,
      ALPNProtocols: ['http/1.1'],
      host,
      port,
      ...(servername === undefined ? {} : { servername }),
      ...(session === undefined ? {} : { session }),
    });
    socket.on('session', (ticket) => {
      session = ticket;
    });
    return socket;
  };

  return ({ hostname, protocol, port }, callback) => {
    // URLs have IPv6 addresses in brackets, sockets do not.
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    const isTls = protocol === 'https:';
    const portNumber = port === '' ? (isTls ? 443 : 80) : Number(port);
    const socket: Socket = isTls ? openTls(host, portNumber) : connectTcp({ ...tcp, host, port: portNumber });

    const timer = setTimeout(() => {
      // The event loop may be late: a connection that is ready wins.
      setImmediate(() => {
        finish(new PromfedError('upstream', `no connection within ${dialTimeoutMs} ms (dial_timeout)`));
      });
    }, dialTimeoutMs);

    let isFinished = false;
    const finish = (error: Error | null): void => {
      if (isFinished) return;
      isFinished = true;
      clearTimeout(timer);
      if (error === null) {
        callback(null, socket);
      } else {
        socket.destroy();
        callback(error, null);
      }
    };
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      finish(null);
    });
    // The listener stays: undici handles errors of an open connection, and errors after the timeout are ignored.
    socket.on('error', (error) => {
      session = undefined;
      finish(error);
    });
  };
}

/** Created once, so that invalid certificates are reported when the group is created. */
function createContext(groupName: string, tls: TlsSettings): SecureContext {
  try {
    // A context accepts any text as an authority and then trusts no certificate.
    if (tls.ca !== undefined) new X509Certificate(tls.ca);
    return createSecureContext({
      ...(tls.ca === undefined ? {} : { ca: tls.ca }),
      ...(tls.cert === undefined ? {} : { cert: tls.cert }),
      ...(tls.key === undefined ? {} : { key: tls.key }),
      ...(tls.minVersion === undefined ? {} : { minVersion: tls.minVersion }),
      ...(tls.maxVersion === undefined ? {} : { maxVersion: tls.maxVersion }),
    });
  } catch (cause) {
    const reason = requestFailure(cause, 'headers').message;
    throw new PromfedError('bad_data', `server group "${groupName}": tls_config: ${reason}`, { cause });
  }
}

function isAddress(host: string): boolean {
  return host.includes(':') || /^[0-9.]+$/.test(host);
}
