// Hostile clients.

import { setTimeout as sleep } from 'node:timers/promises';

import type { HostileCase } from '../../helpers/hostile/hostile-case.js';
import { listText, sendPieces } from '../../helpers/hostile/hostile-regions.js';
import { openRaw, readRaw, send, whenClosed, type Answered } from '../../helpers/hostile/requests.js';

const WIDE_POINTS = Array.from(
  { length: 961 },
  (_, i) => `[${1_700_000_000 + 15 * i},"${1000 + i}.25"]`,
).join(',');
const WIDE_PATH = '/api/v1/query_range?query=wide_series&start=1700000000&end=1700014400&step=15';

function prepareWide(regions: Parameters<NonNullable<HostileCase['prepare']>>[0]): void {
  regions.serve('wide_series', (response) => {
    const head = '{"status":"success","data":{"resultType":"matrix","result":[';
    const item = (i: number): string =>
      `{"metric":{"__name__":"wide_series","n":"${i}"},"values":[${WIDE_POINTS}]}`;
    sendPieces(response, listText(head, 500, item, ']}}'));
  });
}

function get(path: string, connection = 'close'): string {
  return `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: ${connection}\r\n\r\n`;
}

/** A case of clients that send a request and never read its answer, while another client expects one. */
function unreadCase(name: string, clients: number, path: string): HostileCase {
  return {
    name,
    fast: false,
    attack: async ({ server }) => {
      const sockets = Array.from({ length: clients }, () => openRaw(server.host, server.port, get(path)));
      await sleep(2_000);
      const answer = await send(server.url, '/api/v1/query', { query: 'vector(1)' });
      await Promise.all(sockets.map(whenClosed));
      return answer;
    },
    problem: (result) =>
      (result as Answered).status === 200 ? undefined : `vector(1): ${(result as Answered).text}`,
  };
}

/** Returns the cases. */
export function clientCases(): readonly HostileCase[] {
  return [
    {
      ...unreadCase('90 clients that do not read a wide answer', 90, WIDE_PATH),
      prepare: prepareWide,
    },
    {
      ...unreadCase('clients that do not read label values', 6, '/api/v1/label/unread/values'),
      prepare: (regions) => {
        regions.serve('/label/unread/values', (response) => {
          const item = (i: number): string => `"value-${String(i).padStart(40, '0')}"`;
          sendPieces(response, listText('{"status":"success","data":[', 100_000, item, ']}'));
        });
      },
    },
    ...['/-/reload', '/api/v1/query', '/api/v1/series', '/-/healthy', '/nowhere'].map(
      (path): HostileCase => ({
        name: `40 bodies of 9 MB that never end, to ${path}`,
        fast: false,
        attack: async ({ server }) => {
          const head =
            `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n` +
            'Content-Length: 9500000\r\n\r\n';
          const body = Buffer.alloc(9_000_000, 'a');
          const sockets = Array.from({ length: 40 }, () => {
            const socket = openRaw(server.host, server.port, head);
            socket.write(body);
            socket.resume();
            return socket;
          });
          await sleep(3_000);
          for (const socket of sockets) socket.destroy();
        },
      }),
    ),
    {
      name: '600 silent connections',
      fast: true,
      attack: async ({ server }) => {
        const sockets = Array.from({ length: 600 }, () => openRaw(server.host, server.port, ''));
        await sleep(1_000);
        for (const socket of sockets) socket.destroy();
      },
    },
    ...[
      { count: 400, kilobytes: 250 },
      { count: 500, kilobytes: 60 },
    ].map(({ count, kilobytes }): HostileCase => ({
      name: `${count} connections with ${kilobytes} KB of half-sent headers`,
      fast: false,
      attack: async ({ server }) => {
        const value = 'a'.repeat(kilobytes * 1000);
        const head = `GET /api/v1/query?query=1 HTTP/1.1\r\nHost: x\r\nX-Long: ${value}`;
        const sockets = Array.from({ length: count }, () => openRaw(server.host, server.port, head));
        await sleep(3_000);
        for (const socket of sockets) socket.destroy();
      },
    })),
    {
      name: '50 connections with 16 pipelined requests of 60 KB',
      fast: true,
      prepare: (regions) => {
        regions.serve('never_answered', () => undefined);
      },
      attack: async ({ server }) => {
        const first = get('/api/v1/query?query=never_answered', 'keep-alive');
        const others = get(`/-/healthy?${'a'.repeat(60_000)}`, 'keep-alive').repeat(16);
        const sockets = Array.from({ length: 50 }, () => openRaw(server.host, server.port, first + others));
        await sleep(2_000);
        for (const socket of sockets) socket.destroy();
      },
    },
    {
      name: '50,000 pipelined requests on connections that are not read',
      fast: false,
      attack: async ({ server }) => {
        const requests = get('/api/v1/query?query=vector(1)', 'keep-alive').repeat(5_000);
        const sockets = Array.from({ length: 10 }, () => openRaw(server.host, server.port, requests));
        await sleep(3_000);
        const answer = await send(server.url, '/api/v1/query', { query: 'vector(1)' });
        for (const socket of sockets) socket.destroy();
        return answer;
      },
      problem: (result) => ((result as Answered).status === 200 ? undefined : 'vector(1) is not answered'),
    },
    {
      name: 'two Host headers',
      fast: false,
      attack: ({ server }) =>
        readRaw(
          openRaw(
            server.host,
            server.port,
            'GET /-/healthy HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n',
          ).resume(),
        ),
      problem: (result) =>
        String(result).startsWith('HTTP/1.1 400 ') ? undefined : String(result).slice(0, 200),
    },
  ];
}
