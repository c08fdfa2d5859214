// Starts a real Redis for tests.

import { connect } from 'node:net';
import { resolve } from 'node:path';
import { connect as connectTls } from 'node:tls';

import { startServer, type RealServer, type Teardown } from './server-process.js';

export interface RedisOptions {
  /** Default: no password is required. */
  readonly password?: string;
  /** Paths of a certificate and its key: connections need TLS. Default: without TLS. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  readonly args?: readonly string[];
}

/** A Redis without persistence, unless `args` configure one. Its folder is the one of its data. */
export function startRedis(
  t: Teardown,
  { password, tls, args = [] }: RedisOptions = {},
): Promise<RealServer> {
  return startServer(t, {
    binary: resolve('.real-servers/bin/redis-server'),
    readyPath: (port) => answersPing(port, tls !== undefined),
    args: (port, directory) => [
      ...(tls === undefined
        ? ['--port', String(port)]
        : ['--port', '0', '--tls-port', String(port), '--tls-auth-clients', 'no']),
      ...(tls === undefined ? [] : ['--tls-cert-file', tls.certFile, '--tls-key-file', tls.keyFile]),
      ...['--bind', '127.0.0.1', '--dir', directory, '--save', ''],
      ...(password === undefined ? [] : ['--requirepass', password]),
      ...args,
    ],
  });
}

/** An error about a missing password is an answer too. */
function answersPing(port: number, isSecure: boolean): Promise<boolean> {
  return new Promise((done) => {
    const socket = isSecure
      ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
      : connect(port, '127.0.0.1');
    socket.once(isSecure ? 'secureConnect' : 'connect', () => socket.write('PING\r\n'));
    socket.on('data', (data: Buffer) => {
      done(/^(\+PONG|-NOAUTH)/.test(data.toString()));
      socket.destroy();
    });
    socket.on('error', () => {
      done(false);
    });
  });
}
