// Concurrent requests for far more than the available memory: each is answered correctly or rejected, and promfed stays
// within its limit.

import { Pool } from 'undici';

import { createBenchmark } from '../benchmark.js';
import { cpuMs, peakRssBytesOfAll } from './process-usage.js';
import { groupOf, startPromfed, startRegions, type Region } from './two-regions-testbed.js';
import { recentTimes } from './times.js';

const points = 961;
const perRegion = 2_000;
const clients = 10;
const limitsMB = [512, 256];
const MB = 1e6;

const benchmark = createBenchmark('within-memory');
const { t } = benchmark;
await benchmark.run(async () => {
  const { range, data } = recentTimes(points);
  const regions = await startRegions(t, { perRegion, ...data });
  const wide = { path: '/api/v1/query_range', parameters: { query: 'wide_total', ...range } };
  const quantile = {
    path: '/api/v1/query_range',
    parameters: { query: 'quantile(0.9, rate(wide_total[5m]))', ...range },
  };
  const series = { path: '/api/v1/series', parameters: { 'match[]': 'wide_total' } };
  for (const limitMB of limitsMB) {
    await measure(regions, limitMB, 'wide', [wide]);
    await measure(regions, limitMB, 'quantile', [quantile]);
    await measure(regions, limitMB, 'all kinds', [wide, quantile, series]);
  }
});

interface ApiRequest {
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Sends each of the requests from ten clients, all at once, to a new promfed. */
async function measure(
  regions: readonly Region[],
  limitMB: number,
  name: string,
  requests: readonly ApiRequest[],
): Promise<void> {
  const flags = [`--memory=${limitMB}MB`, '--query.timeout=10m'];
  const { endpoint, server } = await startPromfed(
    t,
    regions.map((region) => groupOf(region)),
    flags,
  );
  const pool = new Pool(endpoint.origin, {
    connections: clients * requests.length,
    bodyTimeout: 0,
    headersTimeout: 0,
  });
  try {
    // Every response must have the size of the response to a single client.
    const expectedBytes: number[] = [];
    for (const request of requests) expectedBytes.push((await send(pool, request)).bytes);
    const pid = server.pid()!;
    const [firstMB, cpuBefore] = [peakRssBytesOfAll(pid) / MB, cpuMs(pid)];
    const startedAt = performance.now();
    const pending = requests.flatMap((request) => Array.from({ length: clients }, () => send(pool, request)));
    const answers = await Promise.all(pending);
    const wallMs = performance.now() - startedAt;
    if (server.pid() !== pid) throw new Error('promfed was killed');
    for (const [i, { outcome, bytes }] of answers.entries()) {
      const expected = expectedBytes[Math.floor(i / clients)]!;
      if (outcome === 'answered' && expected > 0 && bytes !== expected) {
        throw new Error(`${name}: ${bytes} bytes, expected ${expected}`);
      }
    }
    const count = (wanted: Outcome): number => answers.filter(({ outcome }) => outcome === wanted).length;
    const title = `${pending.length} clients, ${name}, within ${limitMB} MB`;
    const add = benchmark.figuresOf(title);
    add('answered', count('answered'), '');
    add('rejected by the budget', count('rejected'), '');
    add('aborted by the budget', count('aborted'), '');
    add('wall time', wallMs, 'ms');
    add('CPU', cpuMs(pid) - cpuBefore, 'ms');
    add('peak RSS after one request of each kind', firstMB, 'MB');
    add('peak RSS of all processes', peakRssBytesOfAll(pid) / MB, 'MB', (limitMB * 2 ** 20) / MB);
    const held = await heldBytes(endpoint.origin);
    add('held by the budget afterwards', held, 'bytes', 0);
  } finally {
    await pool.destroy();
    await server.kill();
  }
}

/** `aborted`: the connection was closed within the body. */
type Outcome = 'answered' | 'rejected' | 'aborted';

interface Answer {
  readonly outcome: Outcome;
  readonly bytes: number;
}

/** Sends a request. Throws an Error when the response is neither successful nor a rejection that names the limit. */
async function send(pool: Pool, { path, parameters }: ApiRequest): Promise<Answer> {
  const url = `${path}?${new URLSearchParams(parameters).toString()}`;
  const { statusCode, headers, body } = await pool.request({ method: 'GET', path: url });
  if (statusCode !== 200) {
    const text = await body.text();
    const isRejection = (statusCode === 503 && headers['retry-after'] !== undefined) || statusCode === 422;
    if (isRejection && /--(?:memory|query\.max-memory)/.test(text)) return { outcome: 'rejected', bytes: 0 };
    throw new Error(`${url}: ${statusCode} ${text.slice(0, 500)}`);
  }
  let bytes = 0;
  try {
    for await (const chunk of body) bytes += (chunk as Buffer).length;
  } catch {
    return { outcome: 'aborted', bytes };
  }
  return { outcome: 'answered', bytes };
}

async function heldBytes(origin: string): Promise<number> {
  const text = await (await fetch(`${origin}/metrics`)).text();
  return Number(/^promfed_memory_held_bytes (\S+)$/m.exec(text)?.[1] ?? NaN);
}
