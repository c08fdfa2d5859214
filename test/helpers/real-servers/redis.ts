// Starts a real Redis for tests.

import { connect } from 'node:net';
import { resolve } from 'node:path';

import { startServer, type RealServer, type Teardown } from './server-process.js';

export interface RedisOptions {
  /** Default: no password is required. */
  readonly password?: string;
  readonly args?: readonly string[];
}

/** A Redis without persistence, unless `args` configure one. Its folder is the one of its data. */
export function startRedis(t: Teardown, { password, args = [] }: RedisOptions = {}): Promise<RealServer> {
  return startServer(t, {
    binary: resolve('.real-servers/bin/redis-server'),
    readyPath: answersPing,
    args: (port, directory) => [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', ''],
      ...(password === undefined ? [] : ['--requirepass', password]),
      ...args,
    ],
  });
}

/** An error about a missing password is an answer too. */
function answersPing(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.on('data', (data) => {
      done(/^(\+PONG|-NOAUTH)/.test(data.toString()));
      socket.destroy();
    });
    socket.on('error', () => {
      done(false);
    });
  });
}
