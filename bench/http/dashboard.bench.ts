// A dashboard: forty queries of all kinds, eight at a time, against what the regions have to be asked for them.

import { api } from '../../test/helpers/promfed/promfed.js';
import {
  importIntoVictoriaMetrics,
  startVictoriaMetrics,
} from '../../test/helpers/real-servers/real-servers.js';
import { seriesSet, withLabels, type TestSeries } from '../../test/helpers/series/series-set.js';
import { createBenchmark } from '../benchmark.js';
import { interleave, WARM_UP_RUNS } from '../measure.js';
import { assertSame, readAnswer, type Answer } from './answer.js';
import { askedOfRegions, type Asked } from './asked-of-regions.js';
import { cpuMs } from './process-usage.js';
import { createReader, type Parameters } from './read-answer.js';
import { groupOf, regionLabel, startPromfed, startRegions } from './two-regions-testbed.js';
import { regional } from './with-promfed.js';

const clients = 8;
const runs = 7;
const stepMs = 15_000;
const points = 241;

const benchmark = createBenchmark('dashboard');
const { t, figures } = benchmark;
await benchmark.run(measure);

interface Panel {
  readonly path: string;
  readonly parameters: Parameters;
}

/** Ten panels of a namespace: what dashboards of services have. */
function panelsOf(namespace: string, range: Parameters): Panel[] {
  const where = `namespace="${namespace}"`;
  const ranges = [
    `sum by (pod) (rate(http_requests_total{${where}}[5m]))`,
    `sum(rate(http_requests_total{${where},code="500"}[5m])) / sum(rate(http_requests_total{${where}}[5m]))`,
    `topk(5, sum by (pod) (memory_usage_bytes{${where}}))`,
    `histogram_quantile(0.9, sum by (le) (rate(request_duration_seconds_bucket{${where}}[5m])))`,
    `memory_usage_bytes{${where}}`,
    `max by (${regionLabel}) (memory_usage_bytes{${where}})`,
    `avg(queue_depth{${where}})`,
    `count(queue_depth{${where}} > 0)`,
  ];
  const instants = [`sum by (pod) (memory_usage_bytes{${where}})`, `queue_depth{${where}}`];
  return [
    ...ranges.map((query) => ({ path: '/api/v1/query_range', parameters: { query, ...range } })),
    ...instants.map((query) => ({ path: '/api/v1/query', parameters: { query, time: range['end']! } })),
  ];
}

async function measure(): Promise<void> {
  const endMs = Math.floor(Date.now() / 60_000) * 60_000 - 10 * 60_000;
  const startMs = endMs - (points - 1) * stepMs;
  const times = { startMs: startMs - 10 * 60_000, endMs, intervalMs: stepMs };
  const holds = (region: string): TestSeries[] => seriesSet({ ...times, region, namespaces: 4, pods: 25 });
  const regions = await startRegions(t, { perRegion: 0, ...times, more: holds });
  const union = await startVictoriaMetrics(t);
  for (const { name } of regions)
    await importIntoVictoriaMetrics(union.url, withLabels(holds(name), { [regionLabel]: name }));
  const range = { start: String(startMs / 1000), end: String(endMs / 1000), step: String(stepMs / 1000) };
  const panels = [0, 1, 2, 3].flatMap((n) => panelsOf(`ns-${n}`, range));

  const { endpoint, server } = await startPromfed(
    t,
    regions.map((region) => groupOf(region)),
  );
  const promfed = createReader(endpoint, clients);
  const direct = regions.map((region) => createReader(region.endpoint, 4 * clients));
  const asked = new Map<Panel, readonly Asked[]>();
  for (const panel of panels) {
    const right = await api(union.url, panel.path, regional(panel));
    assertSame(
      nameless(readAnswer(await promfed.json(panel.path, panel.parameters))),
      nameless(readAnswer(right)),
      1e-9,
    );
    asked.set(panel, await askedOfRegions(promfed, panel.parameters, regions));
  }

  const cpuBefore = cpuMs(server.pid()!);
  const { floorMs, subjectMs } = await interleave(
    runs,
    () =>
      eightAtATime(panels, (panel) =>
        Promise.all(
          asked
            .get(panel)!
            .map(({ region, expression }) =>
              direct[region]!.drain(panel.path, { ...regional(panel), query: expression }),
            ),
        ),
      ),
    () => eightAtATime(panels, (panel) => promfed.drain(panel.path, panel.parameters)),
  );
  const cpu = (cpuMs(server.pid()!) - cpuBefore) / (runs + WARM_UP_RUNS);
  const add = (what: string, value: number, unit: string, atMost?: number): void => {
    const name = `${panels.length} mixed queries, ${clients} clients`;
    figures.push({ case: name, what, value, unit, ...(atMost === undefined ? {} : { atMost }) });
  };
  add('the floor', floorMs, 'ms');
  add('promfed', subjectMs, 'ms');
  add('promfed / the floor', subjectMs / floorMs, '×', 1.3);
  add('CPU of all', cpu, 'ms');
  await Promise.all([promfed, ...direct].map((reader) => reader.close()));
}

/** VictoriaMetrics leaves out the names of some series that PromQL keeps, and the other way round. */
function nameless(answer: Answer): Answer {
  const entries = [...answer].map(([key, samples]) => {
    const labels = (JSON.parse(key) as [string, string][]).filter(([name]) => name !== '__name__');
    return [JSON.stringify(labels), samples] as const;
  });
  return new Map(entries);
}

async function eightAtATime(
  panels: readonly Panel[],
  ask: (panel: Panel) => Promise<unknown>,
): Promise<void> {
  const left = panels[Symbol.iterator]();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (const panel of left) await ask(panel);
    }),
  );
}
