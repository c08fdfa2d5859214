// A client below HTTP: it writes bytes, and reads only when the test says so.

import { connect, type Socket } from 'node:net';

import type { Teardown } from '../real-servers/server-process.js';
import { until } from '../until.js';

export class RawClient {
  readonly socket: Socket;
  #received = '';
  #isClosed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('close', () => (this.#isClosed = true));
  }

  /** Connects. The connection is destroyed at the teardown of `t`. */
  static async connect(t: Teardown, url: string): Promise<RawClient> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    const client = new RawClient(socket);
    t.teardown(() => {
      socket.destroy();
    });
    await new Promise((resolve) => socket.once('connect', resolve));
    return client;
  }

  /** Reads from now on. Until then the client reads nothing, and does not learn that the connection was closed. */
  read(): this {
    this.socket.on('data', (chunk: Buffer) => (this.#received += chunk.toString('latin1')));
    return this;
  }

  write(text: string): this {
    if (!this.socket.destroyed) this.socket.write(text);
    return this;
  }

  get received(): string {
    return this.#received;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Status of the first response; undefined before it has arrived. */
  get status(): number | undefined {
    const match = /^HTTP\/1\.1 (\d+)/.exec(this.#received);
    return match === null ? undefined : Number(match[1]);
  }

  untilStatus(status: number): Promise<void> {
    return until(() => {
      if (this.status !== undefined && this.status !== status) throw new Error(this.#received);
      return this.status === status;
    }, `the status ${status}`);
  }

  untilClosed(): Promise<void> {
    return until(() => this.#isClosed, 'the connection to be closed');
  }
}

/** The bytes of a request without a body. */
export function getRequest(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: promfed\r\n\r\n`;
}
/** The beginning of a request whose body is a form of `length` bytes. */
export function postRequest(path: string, length: number, headers = ''): string {
  return (
    `POST ${path} HTTP/1.1\r\nHost: promfed\r\nContent-Type: application/x-www-form-urlencoded\r\n` +
    `Content-Length: ${length}\r\n${headers}\r\n`
  );
}
