// An upstream that misbehaves on purpose: a real HTTP server on loopback, with answers written by the test.

import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { pipeline, Readable } from 'node:stream';
import { createGzip, gzipSync } from 'node:zlib';
import { until } from '../until.js';

/** A request that the server received. */
export interface ReceivedRequest {
  readonly method: string;
  /** Without the query string, still percent-encoded. */
  readonly path: string;
  readonly url: URLSearchParams;
  /** The body as a form. */
  readonly form: URLSearchParams;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
}

/** Answers one request, correctly or not. `socket` is for faults below HTTP. */
export type Fault = (response: ServerResponse, socket: Socket, request: ReceivedRequest) => void;

export interface FaultServer {
  /** `127.0.0.1:PORT`. */
  readonly target: string;
  /** In the order in which their bodies arrived. */
  readonly requests: readonly ReceivedRequest[];
  /** Number of open connections. */
  readonly openSockets: number;
  /** Resolves when `count` requests have arrived in full. */
  untilRequests(count: number): Promise<void>;
  /**
   * Resolves when every connection that has carried a request is closed. An idle connection that the client opened in
   * its place does not count.
   */
  untilHungUp(): Promise<void>;
  /** Changes how requests are answered from now on. */
  behave(fault: Fault): void;
  close(): Promise<void>;
}

export interface FaultServerOptions {
  /**
   * True to pass requests to the pages below `/api/v1/status/` to the fault. Default false: they are answered with 404
   * and not recorded, because promfed sends them in the background.
   */
  readonly receivesStatus?: boolean;
}

/** Starts a server that answers every request with `fault`, until `behave` is called. */
export async function startFaultServer(
  fault: Fault,
  { receivesStatus = false }: FaultServerOptions = {},
): Promise<FaultServer> {
  let current = fault;
  const requests: ReceivedRequest[] = [];
  const sockets = new Set<Socket>();
  const used = new Set<Socket>();
  const server = createServer((request, response) => {
    if (!receivesStatus && request.url?.includes('/api/v1/status/') === true) {
      response.writeHead(404).end();
      return;
    }
    used.add(request.socket);
    void receive(request).then((received) => {
      requests.push(received);
      current(response, request.socket, received);
    });
  });
  server.keepAliveTimeout = 30_000;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      used.delete(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    target: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get openSockets() {
      return sockets.size;
    },
    untilRequests: (count) => until(() => requests.length >= count, `${count} requests`),
    untilHungUp: () => until(() => used.size === 0, 'the client to hang up'),
    behave(next) {
      current = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Returns a target at which no server listens. */
export async function unusedTarget(): Promise<string> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}

async function receive(request: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch {
    // A request counts although its client left in the middle.
  }
  const body = Buffer.concat(chunks).toString('utf8');
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  return {
    method: request.method ?? '',
    path,
    url: new URLSearchParams(query),
    form: new URLSearchParams(body),
    body,
    headers: request.headers,
  };
}

const JSON_HEADERS = { 'content-type': 'application/json' };

/** A valid answer: `value` as JSON. */
export function answers(value: unknown, headers: Record<string, string> = {}): Fault {
  return (response) => {
    response.writeHead(200, { ...JSON_HEADERS, ...headers }).end(JSON.stringify(value));
  };
}

/** A good answer, compressed. */
export function answersGzipped(value: unknown): Fault {
  return (response) => {
    response
      .writeHead(200, { ...JSON_HEADERS, 'content-encoding': 'gzip' })
      .end(gzipSync(Buffer.from(JSON.stringify(value))));
  };
}

/** Any status, headers and body. */
export function answersWith(status: number, headers: Record<string, string>, body: string | Buffer): Fault {
  return (response) => {
    response.writeHead(status, headers).end(body);
  };
}

/** Prometheus' error shape. */
export function refuses(
  status: number,
  errorType: string,
  error: string,
  headers: Record<string, string> = {},
): Fault {
  return answersWith(
    status,
    { ...JSON_HEADERS, ...headers },
    JSON.stringify({ status: 'error', errorType, error }),
  );
}

/** Accepts the request and never answers. */
export const staysSilent: Fault = () => undefined;

/** Answers after a delay. */
export function answersAfter(delayMs: number, fault: Fault): Fault {
  return (response, socket, request) => {
    const timer = setTimeout(() => {
      fault(response, socket, request);
    }, delayMs);
    response.once('close', () => {
      clearTimeout(timer);
    });
  };
}

/** Sends the beginning of an answer, and then white space byte by byte, forever. */
export function trickles(beginning: string, everyMs = 20): Fault {
  return (response) => {
    response.writeHead(200, JSON_HEADERS).write(beginning);
    const timer = setInterval(() => response.write(' '), everyMs);
    response.once('close', () => {
      clearInterval(timer);
    });
  };
}

/** Promises more bytes than it sends and ends the connection. */
export function cutsByLength(beginning: string): Fault {
  return (_response, socket) => {
    const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${beginning.length + 1000}\r\n\r\n`;
    socket.end(head + beginning);
  };
}

/** Ends the connection in the middle of a chunked answer. */
export function cutsChunks(beginning: string): Fault {
  return (response, socket) => {
    response.writeHead(200, JSON_HEADERS).write(beginning, () => {
      // The pieces must arrive as two events, so that the client has read the beginning.
      setTimeout(() => socket.end(), 30);
    });
  };
}

/** Resets the connection instead of answering. */
export const resets: Fault = (_response, socket) => {
  socket.resetAndDestroy();
};

/** Ends the connection instead of answering. */
export const hangsUp: Fault = (_response, socket) => {
  socket.end();
};

/** Sends bytes that are not HTTP. */
export const speaksNoHttp: Fault = (_response, socket) => {
  socket.end('220 mail.example.com ESMTP\r\n');
};

/** Declares gzip and sends other bytes. */
export const answersGzipGarbage: Fault = answersWith(
  200,
  { ...JSON_HEADERS, 'content-encoding': 'gzip' },
  'this is not gzip at all',
);

/** Sends `beginning`, then `piece(0)`, `piece(1)`, … without end, as fast as the client reads. */
export function neverEnds(beginning: string, piece: (index: number) => string, status = 200): Fault {
  return (response) => {
    response.writeHead(status, JSON_HEADERS).write(beginning);
    let index = 0;
    const pump = (): void => {
      for (let more = true; more && !response.destroyed;) {
        more = response.write(Array.from({ length: 500 }, () => piece(index++)).join(''));
      }
    };
    response.on('drain', pump);
    pump();
  };
}

/** Like `neverEnds`, compressed. */
export function neverEndsGzipped(beginning: string, piece: (index: number) => string): Fault {
  return (response) => {
    response.writeHead(200, { ...JSON_HEADERS, 'content-encoding': 'gzip' });
    const pieces = function* (): Generator<string> {
      yield beginning;
      for (let index = 0; ; index += 500) {
        yield Array.from({ length: 500 }, (_, i) => piece(index + i)).join('');
      }
    };
    pipeline(Readable.from(pieces()), createGzip({ level: 1 }), response, () => undefined);
  };
}

/** Sends a header of the given size. */
export function sendsHugeHeader(bytes: number): Fault {
  return answersWith(200, { ...JSON_HEADERS, 'x-huge': 'h'.repeat(bytes) }, '{}');
}
