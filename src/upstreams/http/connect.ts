// Opens TCP and TLS connections to a target within the dial timeout.

import { X509Certificate } from 'node:crypto';
import { connect as connectTcp, type Socket } from 'node:net';
import {
  connect as connectTls,
  createSecureContext,
  type ConnectionOptions,
  type SecureContext,
} from 'node:tls';

import type { buildConnector } from 'undici';

import type { HttpClientSettings, ServerGroupSettings, TlsSettings } from '../../config/index.js';
import { PromfedError } from '../../model/index.js';
import { startTimer } from '../../runtime/index.js';
import { requestFailure } from './failure.js';
import type { Owner } from './owner.js';

/** Bounds on the time, in milliseconds, for an attempt at one of several addresses of a host. */
const MIN_ATTEMPT_MS = 10;
const MAX_ATTEMPT_MS = 60_000;

export interface ConnectorOptions {
  readonly owner: Owner;
  readonly scheme: ServerGroupSettings['scheme'];
  readonly httpClient: Pick<HttpClientSettings, 'dialTimeoutMs' | 'tls'>;
}

/**
 * Creates a connector for undici's pool.
 *
 * undici's own connector measures time in half seconds, which is too coarse for a dial timeout of 200 ms, and takes the
 * TLS server name from a Host header, which Prometheus' clients do not.
 *
 * @throws PromfedError `bad_data` when a certificate or key cannot be read.
 */
export function createConnector(options: ConnectorOptions): buildConnector.connector {
  const dialer = new Dialer(options);
  return (target, callback) => {
    dialer.dial(target, callback);
  };
}

/** Opens connections. TLS connections resume the latest session. */
class Dialer {
  readonly #timeoutMs: number;
  readonly #tls: TlsSettings;
  /** Undefined for connections without TLS. */
  readonly #secureContext: SecureContext | undefined;
  #session: Buffer | undefined;

  constructor({ owner, scheme, httpClient: { dialTimeoutMs, tls } }: ConnectorOptions) {
    this.#timeoutMs = dialTimeoutMs;
    this.#tls = tls;
    this.#secureContext = scheme === 'https' ? createContext(owner, tls) : undefined;
  }

  dial({ hostname, port }: buildConnector.Options, callback: buildConnector.Callback): void {
    const tcp = {
      noDelay: true,
      keepAlive: true,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: Math.min(
        MAX_ATTEMPT_MS,
        Math.max(MIN_ATTEMPT_MS, Math.floor(this.#timeoutMs / 2)),
      ),
      // URLs have IPv6 addresses in brackets, sockets do not.
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
    };
    if (this.#secureContext === undefined) {
      const socket = connectTcp({ ...tcp, port: port === '' ? 80 : Number(port) });
      this.#whenOpen(socket, 'connect', callback);
    } else {
      const socket = connectTls({
        ...tcp,
        ...this.#tlsOptions(tcp.host, this.#secureContext),
        port: port === '' ? 443 : Number(port),
      });
      socket.on('session', (ticket) => {
        this.#session = ticket;
      });
      this.#whenOpen(socket, 'secureConnect', callback);
    }
  }

  #tlsOptions(host: string, secureContext: SecureContext): ConnectionOptions {
    const { serverName, insecureSkipVerify } = this.#tls;
    const servername = serverName ?? (isAddress(host) ? undefined : host);
    return {
      secureContext,
      rejectUnauthorized: !insecureSkipVerify,
      ALPNProtocols: ['http/1.1'],
      ...(servername === undefined ? {} : { servername }),
      ...(this.#session === undefined ? {} : { session: this.#session }),
    };
  }

  /** Calls back once: when the socket is open, when it fails, or when the dial timeout has passed. */
  #whenOpen(socket: Socket, openEvent: string, callback: buildConnector.Callback): void {
    let isFinished = false;
    const finish = (error: Error | null): void => {
      if (isFinished) return;
      isFinished = true;
      cancel();
      if (error === null) {
        callback(null, socket);
      } else {
        socket.destroy();
        callback(error, null);
      }
    };
    const cancel = startTimer(this.#timeoutMs, () => {
      // After a blocked event loop, both the timer and the connection may be ready: the connection wins.
      setImmediate(() => {
        finish(new PromfedError('upstream', `no connection within ${this.#timeoutMs} ms (dial_timeout)`));
      });
    });
    socket.once(openEvent, () => {
      finish(null);
    });
    // The listener stays: undici handles errors of an open connection, and errors after the timeout are ignored.
    socket.on('error', (error) => {
      this.#session = undefined;
      finish(error);
    });
  }
}

/** Creates the TLS context. @throws PromfedError `bad_data` when a certificate or key is invalid. */
function createContext(owner: Owner, tls: TlsSettings): SecureContext {
  try {
    // createSecureContext accepts any text as an authority and would then trust no certificate.
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
    throw new PromfedError('bad_data', `${owner.title}: tls_config: ${reason}`, { cause });
  }
}

function isAddress(host: string): boolean {
  return host.includes(':') || /^[0-9.]+$/.test(host);
}
