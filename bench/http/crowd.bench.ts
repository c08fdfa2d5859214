// Ten clients who ask for a large answer at once, within a limit of memory.

import { createBenchmark } from '../benchmark.js';
import { peakRssBytes, peakRssBytesOfAll } from './process-usage.js';
import type { Parameters } from './read-answer.js';
import { groupOf, startPromfed, startRegions } from './two-regions-testbed.js';

const clients = 10;
const perRegion = 2_000;
const points = 961;
const stepMs = 15_000;
const limitMB = 512;
const MB = 1e6;

const benchmark = createBenchmark('crowd');
const { t, figures } = benchmark;
await benchmark.run(measureAll);

async function measureAll(): Promise<void> {
  const endMs = Math.floor(Date.now() / 60_000) * 60_000 - 10 * 60_000;
  const startMs = endMs - (points - 1) * stepMs;
  const times = { startMs: startMs - 10 * 60_000, endMs, intervalMs: stepMs };
  const regions = await startRegions(t, { perRegion, ...times });
  const range = { start: String(startMs / 1000), end: String(endMs / 1000), step: String(stepMs / 1000) };
  const groups = regions.map((region) => groupOf(region));
  await measure('passed through', groups, { query: 'wide_total', ...range });
  await measure('computed here', groups, { query: 'quantile(0.9, rate(wide_total[5m]))', ...range });
}

/** Reads every answer to its end; one that is refused says why. */
async function measure(
  name: string,
  groups: readonly Readonly<Record<string, unknown>>[],
  parameters: Parameters,
): Promise<void> {
  const { endpoint, server } = await startPromfed(t, groups, [`--memory=${limitMB}MB`]);
  const url = `${endpoint.origin}/api/v1/query_range?${new URLSearchParams(parameters).toString()}`;
  const answers = await Promise.all(
    Array.from({ length: clients }, async () => {
      const response = await fetch(url);
      let bytes = 0;
      let tail = '';
      for await (const chunk of response.body!) {
        bytes += (chunk as Uint8Array).length;
        tail = Buffer.from(chunk as Uint8Array)
          .subarray(-300)
          .toString();
      }
      return { status: response.status, bytes, tail };
    }),
  );
  const answered = answers.filter(({ status, tail }) => status === 200 && tail.endsWith('}'));
  const refused = answers.filter(
    ({ status, tail }) => (status === 422 || status === 503) && tail.includes('--memory'),
  );
  if (answered.length + refused.length !== clients) {
    throw new Error(
      `neither answered nor refused: ${answers.map(({ status, tail }) => `${status} ${tail}`).join('\n')}`,
    );
  }
  if (new Set(answered.map(({ bytes }) => bytes)).size > 1) throw new Error('answers of different lengths');
  const add = (what: string, value: number, unit: string, atMost?: number): void => {
    const full = `${clients} clients at once, ${2 * perRegion} series × ${points} points ${name}, ${limitMB} MB`;
    figures.push({ case: full, what, value, unit, ...(atMost === undefined ? {} : { atMost }) });
  };
  add('answered', answered.length, '');
  add('refused by the budget', refused.length, '');
  add('peak RSS of a process', peakRssBytes(server.pid()!) / MB, 'MB');
  add('peak RSS of all processes', peakRssBytesOfAll(server.pid()!) / MB, 'MB', limitMB);
  await server.kill();
}
