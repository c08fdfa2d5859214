// Requests of attackers: HTTP requests that are read to their end, and raw ones.

import { Agent, request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';

/** The end of a request. `status` is 0 when the connection was closed before an answer. */
export interface Answered {
  readonly status: number;
  /** The first 64 KiB of the body. */
  readonly text: string;
  readonly bytes: number;
  /** True when the body ended before its end. */
  readonly isCut: boolean;
}

const KEPT_CHARS = 65_536;
const freshConnections = new Agent({ keepAlive: false });

/** Sends a GET request, or a form as POST, and reads the answer. By default each request has a connection of its own. */
export function send(
  base: string,
  path: string,
  parameters: Readonly<Record<string, string>> | string,
  method: 'GET' | 'POST' = 'GET',
  agent = freshConnections,
): Promise<Answered> {
  const query = typeof parameters === 'string' ? parameters : new URLSearchParams(parameters).toString();
  const isPost = method === 'POST';
  return new Promise((resolve) => {
    const headers = isPost ? { 'content-type': 'application/x-www-form-urlencoded' } : {};
    const request = httpRequest(
      `${base}${path}${isPost || query === '' ? '' : `?${query}`}`,
      { method, headers, agent },
      (response) => {
        let text = '';
        let bytes = 0;
        const end = (): void => {
          resolve({ status: response.statusCode ?? 0, text, bytes, isCut: !response.complete });
        };
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (text.length < KEPT_CHARS) text += chunk.toString('latin1');
        });
        response.once('close', end);
        response.once('error', end);
      },
    );
    request.once('error', (error) => {
      resolve({ status: 0, text: error.message, bytes: 0, isCut: true });
    });
    request.end(isPost ? query : undefined);
  });
}

/** Opens a connection, writes bytes and reads nothing until the caller resumes it. Never fails. */
export function openRaw(host: string, port: number, head: string | Buffer): Socket {
  const socket = connect({ host, port });
  socket.on('error', () => undefined);
  socket.pause();
  socket.write(head);
  return socket;
}

/** Resolves when the other side has closed the connection. What it sends is ignored. */
export function whenClosed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) {
      resolve();
      return;
    }
    socket.once('close', () => {
      resolve();
    });
    socket.resume();
  });
}

/** Reads what a raw connection receives until it is closed. */
export function readRaw(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      if (text.length < KEPT_CHARS) text += chunk.toString('latin1');
    });
    socket.once('close', () => {
      resolve(text);
    });
  });
}
