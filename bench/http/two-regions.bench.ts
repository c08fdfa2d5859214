// promfed over two real regions against the floor: the same requests to both regions directly and in parallel.

import autocannon from 'autocannon';

import { createBenchmark } from '../benchmark.js';
import { interleave, median, WARM_UP_RUNS } from '../measure.js';
import { assertSame, readAnswer, sumOf, unionOf } from './answer.js';
import { cpuMs, peakRssBytes } from './process-usage.js';
import { type Region, regionLabel, startRegions } from './two-regions-testbed.js';
import { regional, withPromfed, type Case } from './with-promfed.js';

const stepMs = 15_000;
const points = [241, 961];
const perRegion = 2_000;
const runs = 9;
const smallRuns = 300;
const loadSeconds = 5;
const MB = 1e6;

const benchmark = createBenchmark('two-regions');
const { t, figures } = benchmark;
await benchmark.run(measureAll);

async function measureAll(): Promise<void> {
  const endMs = Math.floor(Date.now() / 60_000) * 60_000 - 10 * 60_000;
  const startMs = endMs - (Math.max(...points) - 1) * stepMs;
  const regions = await startRegions(t, {
    perRegion,
    startMs: startMs - 10 * 60_000,
    endMs,
    intervalMs: stepMs,
  });
  const rangeOf = (count: number): Readonly<Record<string, string>> => ({
    start: String((endMs - (count - 1) * stepMs) / 1000),
    end: String(endMs / 1000),
    step: String(stepMs / 1000),
  });
  for (const count of points) {
    const one: Case = {
      name: `${2 * perRegion} series × ${count} points`,
      path: '/api/v1/query_range',
      parameters: { query: 'wide_total', ...rangeOf(count) },
      check: (answer, direct) => {
        assertSame(readAnswer(answer), unionOf(direct, regions, regionLabel));
      },
    };
    await wide(regions, one, { ratio: 1.1, rssMB: 160, cpuMsPerMB: 3.5, firstByteMs: 15 });
  }
  const summed: Case = {
    name: 'sum by (namespace) (rate(…[5m]))',
    path: '/api/v1/query_range',
    parameters: { query: 'sum by (namespace) (rate(wide_total[5m]))', ...rangeOf(241) },
    check: (answer, direct) => {
      assertSame(readAnswer(answer), sumOf(direct), 1e-9);
    },
  };
  await wide(regions, summed, {});
  await small(regions, {
    name: 'instant query, 20 series',
    path: '/api/v1/query',
    parameters: { query: 'small_total', time: String(endMs / 1000) },
    check: (answer, direct) => {
      assertSame(readAnswer(answer), unionOf(direct, regions, regionLabel));
    },
  });
}

interface Goals {
  readonly ratio?: number;
  readonly rssMB?: number;
  readonly cpuMsPerMB?: number;
  /** Beyond the slower region's own. */
  readonly firstByteMs?: number;
}

/** A range query: wall time against the floor, time to the first byte, CPU, peak memory. */
async function wide(regions: readonly Region[], one: Case, goals: Goals): Promise<void> {
  await withPromfed(t, regions, one, async (promfed, direct, pid) => {
    let bytes = 0;
    const firstBytes: number[] = [];
    const regionsFirstBytes: number[] = [];
    const cpuBefore = cpuMs(pid);
    const { floorMs, subjectMs } = await interleave(
      runs,
      async () => {
        const answers = await Promise.all(direct.map((reader) => reader.drain(one.path, regional(one))));
        regionsFirstBytes.push(Math.max(...answers.map(({ firstByteMs }) => firstByteMs)));
      },
      async () => {
        const answer = await promfed.drain(one.path, one.parameters);
        bytes = answer.bytes;
        firstBytes.push(answer.firstByteMs);
      },
    );
    const cpuPerRun = (cpuMs(pid) - cpuBefore) / (runs + WARM_UP_RUNS);
    const add = adder(one);
    add('body', bytes / MB, 'MB');
    add('the floor', floorMs, 'ms');
    add('promfed', subjectMs, 'ms');
    add('promfed / the floor', subjectMs / floorMs, '×', goals.ratio);
    const regionsOwn = median(regionsFirstBytes);
    const firstByteGoal = goals.firstByteMs === undefined ? undefined : regionsOwn + goals.firstByteMs;
    add("the slower region's first byte", regionsOwn, 'ms');
    add('time to first byte', median(firstBytes), 'ms', firstByteGoal);
    add('CPU a query', cpuPerRun, 'ms');
    add('CPU a MB', cpuPerRun / (bytes / MB), 'ms', goals.cpuMsPerMB);
    add('peak RSS of a process', peakRssBytes(pid) / MB, 'MB', goals.rssMB);
  });
}

/** A small query: latency of one client against the floor, then throughput under load. */
async function small(regions: readonly Region[], one: Case): Promise<void> {
  await withPromfed(t, regions, one, async (promfed, direct, pid, origin) => {
    const { floorMs, subjectMs } = await interleave(
      smallRuns,
      () => Promise.all(direct.map((reader) => reader.drain(one.path, regional(one)))),
      () => promfed.drain(one.path, one.parameters),
    );
    const add = adder(one);
    add('the floor, 1 client', floorMs, 'ms');
    add('promfed, 1 client', subjectMs, 'ms');
    add('promfed − the floor', subjectMs - floorMs, 'ms', 0.4);
    const url = `${origin}${one.path}?${new URLSearchParams(one.parameters).toString()}`;
    for (const connections of [1, 32]) {
      const cpuBefore = cpuMs(pid);
      const load = await autocannon({ url, connections, duration: loadSeconds });
      if (load.non2xx > 0 || load.errors > 0) {
        throw new Error(
          `${one.name}: under load ${load.non2xx} answers were not 2xx, ${load.errors} requests failed`,
        );
      }
      const clients = connections === 1 ? '1 client' : `${connections} clients`;
      add(`queries a second, ${clients}`, load.requests.average, '');
      add(`median latency, ${clients}`, load.latency.p50, 'ms');
      add(`99 % latency, ${clients}`, load.latency.p99, 'ms');
      const cpuPerQuery = (cpuMs(pid) - cpuBefore) / load.requests.total;
      add(`CPU a query, ${clients}`, cpuPerQuery, 'ms', connections === 1 ? undefined : 0.2);
    }
    add('peak RSS of a process', peakRssBytes(pid) / MB, 'MB');
  });
}

function adder(one: Case): (what: string, value: number, unit: string, atMost?: number) => void {
  return (what, value, unit, atMost) => {
    figures.push({ case: one.name, what, value, unit, ...(atMost === undefined ? {} : { atMost }) });
  };
}
