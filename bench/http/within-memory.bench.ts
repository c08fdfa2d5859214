// Clients that ask at once for far more than the memory there is: each is answered right or refused, and promfed stays
// within its limit.

import { Pool } from 'undici';

import { createBenchmark } from '../benchmark.js';
import { cpuMs, peakRssBytesOfAll } from './process-usage.js';
import { groupOf, startPromfed, startRegions, type Region } from './two-regions-testbed.js';

const stepMs = 15_000;
const points = 961;
const perRegion = 2_000;
const clients = 10;
const limitsMB = [512, 256];
const MB = 1e6;

const benchmark = createBenchmark('within-memory');
const { t, figures } = benchmark;
await benchmark.run(async () => {
  const endMs = Math.floor(Date.now() / 60_000) * 60_000 - 10 * 60_000;
  const startMs = endMs - (points - 1) * stepMs;
  const times = { startMs: startMs - 10 * 60_000, endMs, intervalMs: stepMs };
  const regions = await startRegions(t, { perRegion, ...times });
  const range = { start: String(startMs / 1000), end: String(endMs / 1000), step: String(stepMs / 1000) };
  const wide = { path: '/api/v1/query_range', parameters: { query: 'wide_total', ...range } };
  const quantile = {
    path: '/api/v1/query_range',
    parameters: { query: 'quantile(0.9, rate(wide_total[5m]))', ...range },
  };
  const series = { path: '/api/v1/series', parameters: { 'match[]': 'wide_total' } };
  for (const limitMB of limitsMB) {
    await crowd(regions, limitMB, 'wide', [wide]);
    await crowd(regions, limitMB, 'quantile', [quantile]);
    await crowd(regions, limitMB, 'all kinds', [wide, quantile, series]);
  }
});

interface Question {
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** So many clients for each of the questions, all at once, of a fresh promfed. */
async function crowd(
  regions: readonly Region[],
  limitMB: number,
  name: string,
  questions: readonly Question[],
): Promise<void> {
  const flags = [`--memory=${limitMB}MB`, '--query.timeout=10m'];
  const { endpoint, server } = await startPromfed(
    t,
    regions.map((region) => groupOf(region)),
    flags,
  );
  const pool = new Pool(endpoint.origin, {
    connections: clients * questions.length,
    bodyTimeout: 0,
    headersTimeout: 0,
  });
  try {
    // What one client alone is answered is what each must be.
    const alone: number[] = [];
    for (const question of questions) alone.push((await ask(pool, question)).bytes);
    const pid = server.pid()!;
    const [idleMB, cpuBefore] = [peakRssBytesOfAll(pid) / MB, cpuMs(pid)];
    const began = performance.now();
    const asked = questions.flatMap((question) => Array.from({ length: clients }, () => ask(pool, question)));
    const answers = await Promise.all(asked);
    const tookMs = performance.now() - began;
    if (server.pid() !== pid) throw new Error('promfed was killed');
    for (const [i, { outcome, bytes }] of answers.entries()) {
      const expected = alone[Math.floor(i / clients)]!;
      if (outcome === 'answered' && expected > 0 && bytes !== expected) {
        throw new Error(`${name}: ${bytes} bytes, alone it were ${expected}`);
      }
    }
    const count = (wanted: Outcome): number => answers.filter(({ outcome }) => outcome === wanted).length;
    const title = `${asked.length} clients, ${name}, within ${limitMB} MB`;
    const add = (what: string, value: number, unit: string, atMost?: number): void => {
      figures.push({ case: title, what, value, unit, ...(atMost === undefined ? {} : { atMost }) });
    };
    add('answered', count('answered'), '');
    add('refused by the budget', count('refused'), '');
    add('broken off by the budget', count('broken'), '');
    add('took', tookMs, 'ms');
    add('CPU', cpuMs(pid) - cpuBefore, 'ms');
    add('peak RSS after one of each', idleMB, 'MB');
    add('peak RSS of all processes', peakRssBytesOfAll(pid) / MB, 'MB', (limitMB * 2 ** 20) / MB);
    const held = await heldBytes(endpoint.origin);
    add('held by the budget afterwards', held, 'bytes', 0);
  } finally {
    await pool.destroy();
    await server.kill();
  }
}

type Outcome = 'answered' | 'refused' | 'broken';

interface Answer {
  readonly outcome: Outcome;
  readonly bytes: number;
}

/** @throws Error when the answer is neither one nor a refusal that names the limit. */
async function ask(pool: Pool, { path, parameters }: Question): Promise<Answer> {
  const url = `${path}?${new URLSearchParams(parameters).toString()}`;
  const { statusCode, headers, body } = await pool.request({ method: 'GET', path: url });
  if (statusCode !== 200) {
    const text = await body.text();
    const isRefusal = (statusCode === 503 && headers['retry-after'] !== undefined) || statusCode === 422;
    if (isRefusal && /--(?:memory|query\.max-memory)/.test(text)) return { outcome: 'refused', bytes: 0 };
    throw new Error(`${url}: ${statusCode} ${text.slice(0, 500)}`);
  }
  let bytes = 0;
  try {
    for await (const chunk of body) bytes += (chunk as Buffer).length;
  } catch {
    return { outcome: 'broken', bytes };
  }
  return { outcome: 'answered', bytes };
}

async function heldBytes(origin: string): Promise<number> {
  const text = await (await fetch(`${origin}/metrics`)).text();
  return Number(/^promfed_memory_held_bytes (\S+)$/m.exec(text)?.[1] ?? NaN);
}
