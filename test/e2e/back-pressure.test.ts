// Back pressure: while a client does not read, promfed buffers little and its regions wait.

import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { resolve, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import t from 'tap';

import { buildPromfed } from '../helpers/promfed/process.js';
import { startFaultServer, type Fault, type FaultServer } from '../helpers/upstreams/fault-server.js';
import { startServer, type RealServer } from '../helpers/real-servers/server-process.js';

const MB = 2 ** 20;
const START = 1_700_000_000;
const STEPS = 961;
const SERIES = 2_000;
const VALUES = Array.from({ length: STEPS }, (_, i) => `[${START + 15 * i},"${1000 + i}.25"]`).join(',');

/** A response of the size of a real region's: 85 MB from two of them. Counts the bytes that were accepted. */
class WideRegion {
  sentBytes = 0;
  readonly answer: Fault = (response) => {
    let next = 0;
    const pump = (): void => {
      while (!response.destroyed && next <= SERIES) {
        const text = this.#piece(next++);
        this.sentBytes += text.length;
        if (!response.write(text)) return;
      }
      if (!response.destroyed) response.end();
    };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"status":"success","data":{"resultType":"matrix","result":[');
    response.on('drain', pump);
    pump();
  };

  #piece(index: number): string {
    if (index === SERIES) return ']}}';
    const n = String(index).padStart(6, '0');
    return `${index === 0 ? '' : ','}{"metric":{"__name__":"wide","n":"${n}"},"values":[${VALUES}]}`;
  }
}

t.before(buildPromfed);

async function startPromfed(regions: readonly FaultServer[], ...flags: string[]): Promise<RealServer> {
  const groups = regions.map(({ target }, i) => ({
    static_configs: [{ targets: [target] }],
    labels: { region: `r${i}` },
  }));
  return startServer(t, {
    binary: process.execPath,
    readyPath: '/-/ready',
    args: (port, directory) => {
      const config = join(directory, 'config.yaml');
      writeFileSync(config, JSON.stringify({ promxy: { server_groups: groups } }));
      const own = [`--config=${config}`, `--bind-addr=127.0.0.1:${port}`, '--log-level=warn'];
      return ['--max-semi-space-size=4', resolve('dist/main.js'), ...own, ...flags];
    },
  });
}

function rssBytes(server: RealServer): number {
  const status = readFileSync(`/proc/${server.pid()!}/status`, 'latin1');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
}

async function send(server: RealServer): Promise<IncomingMessage> {
  const query = new URLSearchParams({
    query: 'wide',
    start: String(START),
    end: String(START + 15 * (STEPS - 1)),
    step: '15',
  });
  const request = get(`${server.url}/api/v1/query_range?${query.toString()}`);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

async function readAll(response: IncomingMessage): Promise<{ bytes: number; series: number; end: string }> {
  let bytes = 0;
  let series = 0;
  let end = '';
  let carry = '';
  for await (const chunk of response) {
    const text = (chunk as Buffer).toString('latin1');
    bytes += text.length;
    series += (carry + text).split('"metric":').length - 1;
    carry = (carry + text).slice(-8);
    if (carry.includes('"metric":')) throw new Error('counted twice');
    end = (end + text).slice(-8);
  }
  return { bytes, series, end };
}

t.test('a client that pauses in the middle of 85 MB pauses its regions, then reads the rest', async (t) => {
  const wide = [new WideRegion(), new WideRegion()];
  const regions = await Promise.all(wide.map(({ answer }) => startFaultServer(answer)));
  t.teardown(() => Promise.all(regions.map((region) => region.close())));
  const server = await startPromfed(regions, '--memory=512MB');
  const whole = await readAll(await send(server));
  t.equal(whole.series, 2 * SERIES);
  t.ok(whole.end.endsWith(']}]}}'), whole.end);
  t.ok(whole.bytes > 80e6, `${whole.bytes} bytes`);

  const clients = 5;
  for (const region of wide) region.sentBytes = 0;
  const rssBefore = rssBytes(server);
  const stopped = await Promise.all(Array.from({ length: clients }, () => send(server)));
  for (const response of stopped) response.pause();
  const sentBytes = (): number => wide.reduce((sum, region) => sum + region.sentBytes, 0);
  let before;
  do {
    before = sentBytes();
    await sleep(1000);
  } while (before !== sentBytes());
  const buffered = sentBytes() / clients;
  const rssDuring = rssBytes(server);
  t.ok(buffered < 32 * MB, `${Math.round(buffered / MB)} MiB of 85 MB a client were sent`);
  t.ok(
    rssDuring - rssBefore < clients * 8 * MB,
    `${Math.round((rssDuring - rssBefore) / MB)} MiB more than before`,
  );
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  t.match(metrics, `promfed_queries_in_flight ${clients}\n`);

  stopped.slice(1).forEach((response) => response.destroy());
  const rest = await readAll(stopped[0]!);
  t.same(rest, whole, 'the answer is complete');
});
