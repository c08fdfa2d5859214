// This build of promfed beside an earlier one: `PROMFED_BENCH_BASE` is the path of its dist/main.js. Every round measures
// several processes of each build, because equal processes differ by several percent for as long as they live: the
// difference between both halves of the earlier build's processes shows the noise of the figures. All run with the same
// settings. `PROMFED_BENCH_ROUNDS` sets the number of rounds, `PROMFED_BENCH_PROCESSES` that of processes of a build;
// `PROMFED_BENCH_CASE`, a part of a name, selects cases.

import { createBenchmark, type Benchmark } from '../benchmark.js';
import { median } from '../measure.js';
import { cpuMs } from './process-usage.js';
import {
  createReader,
  LOAD_QUERIES,
  load,
  type Endpoint,
  type Parameters,
  type Reader,
} from './read-answer.js';
import { recentTimes, type BenchmarkTimes } from './times.js';
import { groupOf, startPromfed, startRegions } from './two-regions-testbed.js';

const base = process.env['PROMFED_BENCH_BASE'];
const rounds = Number(process.env['PROMFED_BENCH_ROUNDS'] ?? 15);
const processes = Number(process.env['PROMFED_BENCH_PROCESSES'] ?? 2);
const selected = process.env['PROMFED_BENCH_CASE'] ?? '';
const warmUpRounds = 4;

interface Candidate {
  readonly endpoint: Endpoint;
  readonly reader: Reader;
  readonly pid: number;
}

interface Case {
  readonly name: string;
  readonly run: (candidate: Candidate) => Promise<unknown>;
}

/** Wall and CPU time in milliseconds. */
interface Usage {
  readonly wall: number;
  readonly cpu: number;
}

if (base === undefined) {
  console.log('skipped: PROMFED_BENCH_BASE is not set');
} else {
  const benchmark = createBenchmark('builds');
  await benchmark.run(() => measure(benchmark, base));
}

async function measure(benchmark: Benchmark, main: string): Promise<void> {
  const { t } = benchmark;
  const times = recentTimes(241);
  const regions = await startRegions(t, { perRegion: 2_000, ...times.data });
  const start = async (path: string): Promise<Candidate> => {
    const { endpoint, server } = await startPromfed(
      t,
      regions.map((region) => groupOf(region)),
      ['--workers=1'],
      {},
      { main: path },
    );
    return { endpoint, reader: createReader(endpoint), pid: server.pid()! };
  };
  const candidates: Candidate[] = [];
  for (let i = 0; i < processes; i++) candidates.push(await start(main), await start('dist/main.js'));
  for (const one of casesOf(times).filter(({ name }) => name.includes(selected))) {
    const usages = candidates.map((): Usage[] => []);
    for (let round = -warmUpRounds; round < rounds; round++) {
      for (let i = 0; i < candidates.length; i++) {
        const at = (i + round + warmUpRounds) % candidates.length;
        const usage = await usageOf(candidates[at]!, one);
        if (round >= 0) usages[at]!.push(usage);
      }
    }
    const add = benchmark.figuresOf(one.name);
    const ofBase = usages.filter((_, i) => i % 2 === 0);
    const ofThis = usages.filter((_, i) => i % 2 === 1);
    const half = Math.floor(processes / 2);
    for (const unit of ['wall', 'cpu'] as const) {
      add(`${unit}, base`, meanOf(ofBase, unit), 'ms');
      const noise = meanOf(ofBase.slice(half), unit) / meanOf(ofBase.slice(0, half), unit);
      if (half > 0) add(`${unit}, half of the base / other half`, noise, '×');
      add(`${unit}, this build / base`, meanOf(ofThis, unit) / meanOf(ofBase, unit), '×', 1.02);
    }
  }
  await Promise.all(candidates.map(({ reader }) => reader.close()));
}

function casesOf({ endMs, range }: BenchmarkTimes): readonly Case[] {
  const path = '/api/v1/query_range';
  const small = { query: 'small_total', time: String(endMs / 1000) };
  const wide = { query: 'wide_total', ...range };
  const join = { query: 'wide_total - (wide_total offset 5m)', ...range };
  return [
    repeated('wide: 4,000 series × 241 points', 8, path, wide),
    repeated('join: 4,000 series × 241 points', 8, path, join),
    repeated('small, 1 client', 600, '/api/v1/query', small),
    {
      name: `small: ${LOAD_QUERIES} queries, 32 clients`,
      run: ({ endpoint }) => load(endpoint, '/api/v1/query', small),
    },
  ];
}

/** The CPU time of a process has a resolution of 10 ms, so that requests are measured together. */
function repeated(name: string, times: number, path: string, parameters: Parameters): Case {
  return {
    name: `${name}, ${times} times`,
    run: async ({ reader }) => {
      for (let i = 0; i < times; i++) await reader.drain(path, parameters);
    },
  };
}

async function usageOf(candidate: Candidate, { run }: Case): Promise<Usage> {
  const cpu = cpuMs(candidate.pid);
  const start = performance.now();
  await run(candidate);
  return { wall: performance.now() - start, cpu: cpuMs(candidate.pid) - cpu };
}

/** Returns the mean of the processes' medians. */
function meanOf(usagesOfProcesses: readonly (readonly Usage[])[], unit: keyof Usage): number {
  const medians = usagesOfProcesses.map((usages) => median(usages.map((usage) => usage[unit])));
  return medians.reduce((sum, one) => sum + one, 0) / medians.length;
}
