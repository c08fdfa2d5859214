// promfed over two real regions, compared with the same requests sent to both regions directly and in parallel.

import autocannon from 'autocannon';

import { createBenchmark } from '../benchmark.js';
import { interleave, median, WARM_UP_RUNS } from '../measure.js';
import { assertSame, readAnswer, sumOf, unionOf } from './answer.js';
import { cpuMs, peakRssBytes } from './process-usage.js';
import type { Parameters } from './read-answer.js';
import { rangeParameters, recentTimes } from './times.js';
import { type Region, regionLabel, startRegions } from './two-regions-testbed.js';
import { exactParameters, withPromfed, type Case } from './with-promfed.js';

const points = [241, 961];
const perRegion = 2_000;
const runs = 9;
const smallRuns = 300;
const loadSeconds = 5;
const MB = 1e6;

const benchmark = createBenchmark('two-regions');
const { t } = benchmark;
await benchmark.run(measureAll);

async function measureAll(): Promise<void> {
  const { endMs, stepMs, data } = recentTimes(Math.max(...points));
  const regions = await startRegions(t, { perRegion, ...data });
  const rangeOf = (count: number): Parameters => rangeParameters(endMs - (count - 1) * stepMs, endMs, stepMs);
  for (const count of points) {
    const one: Case = {
      name: `${2 * perRegion} series × ${count} points`,
      path: '/api/v1/query_range',
      parameters: { query: 'wide_total', ...rangeOf(count) },
      check: (answer, direct) => {
        assertSame(readAnswer(answer), unionOf(direct, regions, regionLabel));
      },
    };
    await measureWide(regions, one, { ratio: 1.1, rssMB: 160, cpuMsPerMB: 3.5, firstByteMs: 15 });
  }
  const summed: Case = {
    name: 'sum by (namespace) (rate(…[5m]))',
    path: '/api/v1/query_range',
    parameters: { query: 'sum by (namespace) (rate(wide_total[5m]))', ...rangeOf(241) },
    check: (answer, direct) => {
      assertSame(readAnswer(answer), sumOf(direct), 1e-9);
    },
  };
  await measureWide(regions, summed, {});
  await measureSmall(regions, {
    name: 'instant query, 20 series',
    path: '/api/v1/query',
    parameters: { query: 'small_total', time: String(endMs / 1000) },
    check: (answer, direct) => {
      assertSame(readAnswer(answer), unionOf(direct, regions, regionLabel));
    },
  });
}

/** Upper bounds. */
interface Goals {
  /** Wall time relative to the direct requests. */
  readonly ratio?: number;
  readonly rssMB?: number;
  readonly cpuMsPerMB?: number;
  /** Time to the first byte, beyond that of the slower region. */
  readonly firstByteMs?: number;
}

/** Measures a range query: wall time, time to the first byte, CPU, peak memory. */
async function measureWide(regions: readonly Region[], one: Case, goals: Goals): Promise<void> {
  await withPromfed(t, regions, one, async (promfed, direct, pid) => {
    let bytes = 0;
    const firstBytes: number[] = [];
    const regionsFirstBytes: number[] = [];
    const cpuBefore = cpuMs(pid);
    const { baselineMs, promfedMs } = await interleave(
      runs,
      async () => {
        const answers = await Promise.all(
          direct.map((reader) => reader.drain(one.path, exactParameters(one))),
        );
        regionsFirstBytes.push(Math.max(...answers.map(({ firstByteMs }) => firstByteMs)));
      },
      async () => {
        const answer = await promfed.drain(one.path, one.parameters);
        bytes = answer.bytes;
        firstBytes.push(answer.firstByteMs);
      },
    );
    const cpuPerRun = (cpuMs(pid) - cpuBefore) / (runs + WARM_UP_RUNS);
    const add = benchmark.figuresOf(one.name);
    add('body', bytes / MB, 'MB');
    add('direct', baselineMs, 'ms');
    add('promfed', promfedMs, 'ms');
    add('promfed / direct', promfedMs / baselineMs, '×', goals.ratio);
    const regionFirstByte = median(regionsFirstBytes);
    const firstByteGoal = goals.firstByteMs === undefined ? undefined : regionFirstByte + goals.firstByteMs;
    add('time to first byte, slower region', regionFirstByte, 'ms');
    add('time to first byte', median(firstBytes), 'ms', firstByteGoal);
    add('CPU per query', cpuPerRun, 'ms');
    add('CPU per MB', cpuPerRun / (bytes / MB), 'ms', goals.cpuMsPerMB);
    add('peak RSS of a process', peakRssBytes(pid) / MB, 'MB', goals.rssMB);
  });
}

/** Measures a small query: latency of one client, then throughput under load. */
async function measureSmall(regions: readonly Region[], one: Case): Promise<void> {
  await withPromfed(t, regions, one, async (promfed, direct, pid, origin) => {
    const { baselineMs, promfedMs } = await interleave(
      smallRuns,
      () => Promise.all(direct.map((reader) => reader.drain(one.path, exactParameters(one)))),
      () => promfed.drain(one.path, one.parameters),
    );
    const add = benchmark.figuresOf(one.name);
    add('direct, 1 client', baselineMs, 'ms');
    add('promfed, 1 client', promfedMs, 'ms');
    add('promfed − direct', promfedMs - baselineMs, 'ms', 0.4);
    const url = `${origin}${one.path}?${new URLSearchParams(one.parameters).toString()}`;
    for (const connections of [1, 32]) {
      const cpuBefore = cpuMs(pid);
      const load = await autocannon({ url, connections, duration: loadSeconds });
      if (load.non2xx > 0 || load.errors > 0) {
        throw new Error(
          `${one.name}: under load ${load.non2xx} responses were not 2xx, ${load.errors} requests failed`,
        );
      }
      const clients = connections === 1 ? '1 client' : `${connections} clients`;
      add(`queries per second, ${clients}`, load.requests.average, '');
      add(`median latency, ${clients}`, load.latency.p50, 'ms');
      add(`99th percentile latency, ${clients}`, load.latency.p99, 'ms');
      const cpuPerQuery = (cpuMs(pid) - cpuBefore) / load.requests.total;
      add(`CPU per query, ${clients}`, cpuPerQuery, 'ms', connections === 1 ? undefined : 0.2);
    }
    add('peak RSS of a process', peakRssBytes(pid) / MB, 'MB');
  });
}
