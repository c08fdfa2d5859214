// Answers of real servers, packed on the way from an address of this machine that is not loopback, and to one.

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
  .find((one) => one?.family === 'IPv4' && !one.internal)?.address;
const obstacle = withoutRealServers();
const skip = obstacle !== false ? obstacle : address === undefined && 'this machine has loopback alone';

/** What `forward` saw of what a server sent. */
interface Forwarded {
  readonly target: string;
  /** Everything the server sent, as latin1. */
  sent: string;
}

/** Reaches the server at `url` under the machine's other address, as bytes. */
async function forward(t: Teardown, url: string): Promise<Forwarded> {
  const { hostname, port } = new URL(url);
  const server = createServer((socket) => {
    const onward = connect(Number(port), hostname);
    onward.on('data', (chunk) => (forwarded.sent += chunk.toString('latin1')));
    socket.pipe(onward).pipe(socket);
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
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
  'answers of Prometheus and VictoriaMetrics come and go packed, and say the same',
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
      const packed = await get(`${far.url.replace(/\/$/, '')}/api/v1/${path}`);
      const plain = await get(`${near.url.replace(/\/$/, '')}/api/v1/${path}`);
      t.equal(plain.headers['content-encoding'], undefined);
      t.equal(packed.headers['content-encoding'], 'gzip');
      t.ok(packed.bytes.length < plain.bytes.length / 2, `${path}: ${packed.bytes.length} bytes`);
      t.ok(plain.bytes.length > 10_000, `${path}: ${plain.bytes.length} bytes`);
      t.same(JSON.parse(gunzipSync(packed.bytes).toString()), JSON.parse(plain.bytes.toString()), path);
      for (const region of regions) {
        t.match(region.sent.toLowerCase(), /content-encoding: (gzip|zstd)/, `${path}: packed`);
        t.ok(region.sent.length < plain.bytes.length / 2, `${region.sent.length} bytes on the way`);
      }
    }
  },
);
