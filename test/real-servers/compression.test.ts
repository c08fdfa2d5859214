// Compression of answers of real servers, from and to an address that is not loopback.

import { connect, createServer, type AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';

import t from 'tap';

import { startPromfed } from '../helpers/promfed/promfed.js';
import {
  importIntoPrometheus,
  importIntoVictoriaMetrics,
  startPrometheus,
  startVictoriaMetrics,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';
import { wideCounters } from '../helpers/series/series-set.js';
import type { Teardown } from '../helpers/real-servers/server-process.js';

const address = Object.values(networkInterfaces())
  .flat()
  .find((info) => info?.family === 'IPv4' && !info.internal)?.address;
const missingServers = withoutRealServers();
const skip =
  missingServers !== false ? missingServers : address === undefined && 'no address other than loopback';

/** A server behind a forwarder. */
interface Forwarded {
  readonly target: string;
  /** All bytes that the server sent, as latin1. */
  sent: string;
}

/** Forwards connections to an address that is not loopback to the server at `url`. */
async function forward(t: Teardown, url: string): Promise<Forwarded> {
  const { hostname, port } = new URL(url);
  const server = createServer((socket) => {
    const upstream = connect(Number(port), hostname);
    upstream.on('data', (chunk) => (forwarded.sent += chunk.toString('latin1')));
    socket.pipe(upstream).pipe(socket);
    for (const [from, to] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      from.on('error', () => to.destroy()).on('close', () => to.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  t.teardown(() => {
    server.close();
  });
  const forwarded = { target: `${address}:${(server.address() as AddressInfo).port}`, sent: '' };
  return forwarded;
}

async function get(url: string): Promise<{ headers: IncomingHttpHeaders; bytes: Buffer }> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { headers: { 'accept-encoding': 'gzip' } }, resolve)
      .on('error', reject)
      .end();
  });
  return { headers: response.headers, bytes: Buffer.concat((await response.toArray()) as Buffer[]) };
}

t.test(
  'compressed answers of Prometheus and VictoriaMetrics equal uncompressed ones',
  { skip },
  async (t) => {
    const endMs = Math.floor(Date.now() / 60_000) * 60_000;
    const times = { startMs: endMs - 600_000, endMs, intervalMs: 15_000, decimals: 2 };
    const series = (region: string) => wideCounters({ ...times, name: 'packed', region, count: 200 });
    const prometheus = await startPrometheus(t);
    const victoria = await startVictoriaMetrics(t);
    await importIntoPrometheus(prometheus.url, series('a'));
    await importIntoVictoriaMetrics(victoria.url, series('b'));
    const regions = [await forward(t, prometheus.url), await forward(t, victoria.url)];
    const config = (targets: readonly string[]): string =>
      JSON.stringify({
        promxy: {
          server_groups: targets.map((target, i) => ({
            static_configs: [{ targets: [target] }],
            labels: { region: String(i) },
          })),
        },
      });
    const far = await startPromfed(t, config(regions.map(({ target }) => target)), { host: address! });
    const near = await startPromfed(t, config([prometheus, victoria].map(({ url }) => new URL(url).host)));
    const range = `start=${endMs / 1000 - 600}&end=${endMs / 1000}&step=15`;
    for (const path of [
      `query_range?query=packed&${range}`,
      `query_range?query=rate(packed[1m])&${range}`,
      `query?query=packed&time=${endMs / 1000}`,
      `series?match[]=packed&${range}`,
    ]) {
      for (const region of regions) region.sent = '';
      const compressed = await get(`${far.url.replace(/\/$/, '')}/api/v1/${path}`);
      const plain = await get(`${near.url.replace(/\/$/, '')}/api/v1/${path}`);
      t.equal(plain.headers['content-encoding'], undefined);
      t.equal(compressed.headers['content-encoding'], 'gzip');
      t.ok(compressed.bytes.length < plain.bytes.length / 2, `${path}: ${compressed.bytes.length} bytes`);
      t.ok(plain.bytes.length > 10_000, `${path}: ${plain.bytes.length} bytes`);
      t.same(JSON.parse(gunzipSync(compressed.bytes).toString()), JSON.parse(plain.bytes.toString()), path);
      for (const region of regions) {
        t.match(region.sent.toLowerCase(), /content-encoding: (gzip|zstd)/, `${path}: compressed`);
        t.ok(
          region.sent.length < plain.bytes.length / 2,
          `${path}: ${region.sent.length} bytes sent by the region`,
        );
      }
    }
  },
);
