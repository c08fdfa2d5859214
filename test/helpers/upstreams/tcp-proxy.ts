// A proxy on loopback that can cut two processes off from each other, as a broken network does.

import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

import type { Teardown } from '../real-servers/server-process.js';

export interface TcpProxy {
  readonly port: number;
  /** From now on no byte passes. Connections stay open and new ones are accepted, so that no client notices. */
  cut(): void;
  /** Bytes pass again. Those that were sent meanwhile are delivered. */
  heal(): void;
}

/** Forwards connections to a port of this machine. */
export async function startTcpProxy(t: Teardown, targetPort: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let isCut = false;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    if (isCut) socket.pause();
  };
  const server = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1');
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      keep(from);
      from.on('data', (data) => to.write(data));
      from.on('close', () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      isCut = true;
      for (const socket of sockets) socket.pause();
    },
    heal() {
      isCut = false;
      for (const socket of sockets) socket.resume();
    },
  };
}
