// Settings of the process side by side: the young generation, the number of workers, the version of Node.js. Every round
// measures all of them, so that disturbances of the machine affect all alike. `PROMFED_BENCH_NODES` lists further binaries
// of Node.js, separated by colons; `PROMFED_BENCH_ROUNDS` sets the number of rounds.

import { writeFileSync } from 'node:fs';

import { seriesSet } from '../../test/helpers/series/series-set.js';
import { createBenchmark } from '../benchmark.js';
import { median } from '../measure.js';
import { panelsOf, runPanels } from './panels.js';
import { cpuMs, peakRssBytesOfAll, processTree } from './process-usage.js';
import { createReader, load, type Endpoint, type Parameters, type Reader } from './read-answer.js';
import { rangeParameters, recentTimes } from './times.js';
import { groupOf, startPromfed, startRegions, type Region } from './two-regions-testbed.js';
import { exactParameters } from './with-promfed.js';

const rounds = Number(process.env['PROMFED_BENCH_ROUNDS'] ?? 7);
const warmUpRounds = 2;
const dashboardClients = 8;
const MB = 1e6;

interface Settings {
  readonly name: string;
  readonly node: string;
  readonly youngMB: number;
  readonly workers: number;
}

interface Candidate extends Settings {
  readonly endpoint: Endpoint;
  readonly reader: Reader;
  readonly pid: number;
  readonly samples: Map<string, number[]>;
}

const benchmark = createBenchmark('settings');
const { t } = benchmark;
await benchmark.run(measure);

function allSettings(): Settings[] {
  const others = (process.env['PROMFED_BENCH_NODES'] ?? '').split(':').filter((path) => path !== '');
  return [process.execPath, ...others].flatMap((node, n) =>
    [1, 2].flatMap((workers) =>
      [4, 16, 32, 64].map((youngMB) => ({
        name: `node ${n}, ${workers} workers, ${youngMB} MB`,
        node,
        youngMB,
        workers,
      })),
    ),
  );
}

async function measure(): Promise<void> {
  const points = 961;
  const { endMs, stepMs, data, range } = recentTimes(points);
  const regions = await startRegions(t, {
    perRegion: 2_000,
    ...data,
    more: (region) => seriesSet({ ...data, region, namespaces: 4, pods: 25 }),
  });
  const candidates: Candidate[] = [];
  for (const settings of allSettings()) candidates.push(await start(settings, regions));

  const narrow = rangeParameters(endMs - 240 * stepMs, endMs, stepMs);
  const small = { query: 'small_total', time: String(endMs / 1000) };
  const panels = [0, 1, 2, 3].flatMap((n) => panelsOf(`ns-${n}`, narrow));
  const wide = (times: Parameters): Parameters => ({ query: 'wide_total', ...times });
  const direct = regions.map((region) => createReader(region.endpoint));
  const floor: number[] = [];
  for (let round = -warmUpRounds; round < rounds; round++) {
    const directMs = await elapsed(() =>
      Promise.all(
        direct.map((one) => one.drain('/api/v1/query_range', exactParameters({ parameters: wide(narrow) }))),
      ),
    );
    if (round >= 0) floor.push(directMs);
    for (const candidate of rotate(candidates, round)) {
      const { reader } = candidate;
      const record = (name: string, values: Readonly<Record<string, number>>): void => {
        if (round < 0) return;
        for (const [unit, value] of Object.entries(values)) {
          const key = `${name}|${unit}`;
          candidate.samples.set(key, [...(candidate.samples.get(key) ?? []), value]);
        }
      };
      const use = async (name: string, count: number, work: () => Promise<unknown>): Promise<void> => {
        const before = cpuMs(candidate.pid);
        const ms = await elapsed(work);
        record(name, { 'ms wall': ms / count, 'ms CPU': (cpuMs(candidate.pid) - before) / count });
      };
      await use('small, 1 client', 300, async () => {
        for (let i = 0; i < 300; i++) await reader.drain('/api/v1/query', small);
      });
      await use('small, 32 clients', 3000, () => load(candidate.endpoint, '/api/v1/query', small));
      await use('dashboard', 1, () =>
        runPanels(panels, dashboardClients, (panel) => reader.drain(panel.path, panel.parameters)),
      );
      await use('wide 22 MB', 1, () => reader.drain('/api/v1/query_range', wide(narrow)));
      resetPeak(candidate.pid);
      await use('wide 85 MB', 1, () => reader.drain('/api/v1/query_range', wide(range)));
      record('wide 85 MB', { 'MB peak': peakRssBytesOfAll(candidate.pid) / MB });
    }
  }
  benchmark.figuresOf('regions, direct')('wide 22 MB', median(floor), 'ms');
  for (const { name, samples } of candidates) {
    const add = benchmark.figuresOf(name);
    for (const [key, values] of samples) {
      const [metric = '', unit = ''] = key.split('|');
      add(metric, median(values), unit);
    }
  }
  await Promise.all([...direct, ...candidates.map(({ reader }) => reader)].map((reader) => reader.close()));
}

async function start(settings: Settings, regions: readonly Region[]): Promise<Candidate> {
  const { endpoint, server } = await startPromfed(
    t,
    regions.map((region) => groupOf(region)),
    [`--workers=${settings.workers}`],
    {},
    { node: settings.node, nodeFlags: [`--max-semi-space-size=${settings.youngMB}`] },
  );
  const reader = createReader(endpoint, dashboardClients);
  return { ...settings, endpoint, reader, pid: server.pid()!, samples: new Map() };
}

async function elapsed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Returns the items in another order each round, so that none is always measured after the same other one. */
function rotate<T>(items: readonly T[], by: number): T[] {
  const first = ((by % items.length) + items.length) % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}

/** Resets the peak RSS that Linux reports. Workers are children, so the peak is reset for them too. */
function resetPeak(pid: number): void {
  for (const one of processTree(pid)) writeFileSync(`/proc/${one}/clear_refs`, '5');
}
