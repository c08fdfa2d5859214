// Regions that answer by metric name: those of well-behaved clients, and whatever a case makes them answer.

import type { ServerResponse } from 'node:http';

import { startFaultServer, type FaultServer, type ReceivedRequest } from '../upstreams/fault-server.js';
import type { Teardown } from '../real-servers/server-process.js';

/** A region's answer to one request. `region` is `r0`, `r1` or `rr`. */
export type RegionAnswer = (response: ServerResponse, request: ReceivedRequest, region: string) => void;

/** Names of the regions. `rr` is read by remote read. */
const REGIONS = ['r0', 'r1', 'rr'] as const;

/** Path of remote read: the key of its answer. */
const READ_PATH = '/api/v1/read';

const JSON_TYPE = { 'content-type': 'application/json' };

/**
 * Three regions. A request is answered by the first answer whose key is in its path, parameters or body; without one
 * with an empty result.
 */
export class HostileRegions {
  readonly servers: readonly FaultServer[];
  readonly #answers = new Map<string, RegionAnswer>();

  private constructor(servers: readonly FaultServer[]) {
    this.servers = servers;
    for (const [i, server] of servers.entries()) {
      server.behave((response, _socket, request) => {
        this.#answer(response, request, REGIONS[i]!);
      });
    }
  }

  static async start(t: Teardown): Promise<HostileRegions> {
    const servers = await Promise.all(REGIONS.map(() => startFaultServer(answerEmpty)));
    t.teardown(async () => {
      await Promise.all(servers.map((server) => server.close()));
    });
    return new HostileRegions(servers);
  }

  /** Answers requests that contain `key`, for example a metric name, from now on. */
  serve(key: string, answer: RegionAnswer): void {
    this.#answers.set(key, answer);
  }

  /** Number of requests that all regions have received. */
  get requestCount(): number {
    return this.servers.reduce((sum, { requests }) => sum + requests.length, 0);
  }

  /** The configuration of promfed over the regions, as JSON, which is YAML. */
  configuration(): string {
    const groups = this.servers.map(({ target }, i) => ({
      name: REGIONS[i],
      static_configs: [{ targets: [target] }],
      labels: { region: REGIONS[i] },
      remote_read: REGIONS[i] === 'rr',
    }));
    return JSON.stringify({ promxy: { server_groups: groups } });
  }

  #answer(response: ServerResponse, request: ReceivedRequest, region: string): void {
    const { path, url, body } = request;
    const text = `${path} ${url.toString()} ${body}`;
    for (const [key, answer] of this.#answers) {
      // Remote read is answered by its own path only.
      if (!text.includes(key) || (path.endsWith(READ_PATH) && key !== READ_PATH)) continue;
      answer(response, request, region);
      return;
    }
    answerEmpty(response, undefined, request);
  }
}

/** An empty result of the shape that the path has. */
function answerEmpty(response: ServerResponse, _socket: unknown, { path }: ReceivedRequest): void {
  if (path.endsWith(READ_PATH)) response.writeHead(404).end();
  else if (path.endsWith('/query')) sendData(response, { resultType: 'vector', result: [] });
  else if (path.endsWith('/query_range')) sendData(response, { resultType: 'matrix', result: [] });
  else sendData(response, []);
}

/** Returns the evaluation time of an instant query, in seconds, as the request has it. */
export function timeOf({ url, form }: ReceivedRequest): string {
  return form.get('time') ?? url.get('time') ?? '0';
}

/** Sends a successful answer of the API. */
export function sendData(response: ServerResponse, data: unknown): void {
  response.writeHead(200, JSON_TYPE).end(JSON.stringify({ status: 'success', data }));
}

/**
 * Sends text that is produced in pieces, as fast as the reader takes it.
 *
 * @param pieces returns the pieces, of some kilobytes each.
 */
export function sendPieces(response: ServerResponse, pieces: Iterable<string>): void {
  const iterator = pieces[Symbol.iterator]();
  const pump = (): void => {
    for (;;) {
      if (response.destroyed) return;
      const next = iterator.next();
      if (next.done === true) {
        response.end();
        return;
      }
      if (!response.write(next.value)) return;
    }
  };
  response.writeHead(200, JSON_TYPE);
  response.on('drain', pump);
  pump();
}

/** The text of `count` items between a head and a tail, in pieces. Items are separated by commas. */
export function* listText(
  head: string,
  count: number,
  item: (index: number) => string,
  tail: string,
): Generator<string> {
  yield head;
  const perPiece = 200;
  for (let first = 0; first < count; first += perPiece) {
    const length = Math.min(perPiece, count - first);
    const items = Array.from({ length }, (_, i) => item(first + i));
    yield `${first === 0 ? '' : ','}${items.join(',')}`;
  }
  yield tail;
}
