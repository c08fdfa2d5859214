// A dashboard: forty mixed queries, eight at a time, compared with the requests to regions that they depend on.

import { api } from '../../test/helpers/promfed/promfed.js';
import {
  importIntoVictoriaMetrics,
  startVictoriaMetrics,
} from '../../test/helpers/real-servers/real-servers.js';
import { seriesSet, withLabels, type TestSeries } from '../../test/helpers/series/series-set.js';
import { createBenchmark } from '../benchmark.js';
import { interleave, WARM_UP_RUNS } from '../measure.js';
import { assertSame, readAnswer, type Answer } from './answer.js';
import { baselineRequests, type RegionRequest } from './baseline-requests.js';
import { cpuMs } from './process-usage.js';
import { panelsOf, runPanels, type Panel } from './panels.js';
import { createReader } from './read-answer.js';
import { groupOf, regionLabel, startPromfed, startRegions } from './two-regions-testbed.js';
import { recentTimes } from './times.js';
import { exactParameters } from './with-promfed.js';

const clients = 8;
const runs = 7;
const points = 241;

const benchmark = createBenchmark('dashboard');
const { t } = benchmark;
await benchmark.run(measure);

async function measure(): Promise<void> {
  const { range, data } = recentTimes(points);
  const seriesOf = (region: string): TestSeries[] => seriesSet({ ...data, region, namespaces: 4, pods: 25 });
  const regions = await startRegions(t, { perRegion: 0, ...data, more: seriesOf });
  const union = await startVictoriaMetrics(t);
  for (const { name } of regions)
    await importIntoVictoriaMetrics(union.url, withLabels(seriesOf(name), { [regionLabel]: name }));
  const panels = [0, 1, 2, 3].flatMap((n) => panelsOf(`ns-${n}`, range));

  const { endpoint, server } = await startPromfed(
    t,
    regions.map((region) => groupOf(region)),
  );
  const promfed = createReader(endpoint, clients);
  const direct = regions.map((region) => createReader(region.endpoint, 4 * clients));
  const baseline = new Map<Panel, readonly RegionRequest[]>();
  for (const panel of panels) {
    const expected = await api(union.url, panel.path, exactParameters(panel));
    assertSame(
      withoutNames(readAnswer(await promfed.json(panel.path, panel.parameters))),
      withoutNames(readAnswer(expected)),
      1e-9,
    );
    baseline.set(panel, await baselineRequests(promfed, panel.parameters, regions));
  }

  const cpuBefore = cpuMs(server.pid()!);
  const { baselineMs, promfedMs } = await interleave(
    runs,
    () =>
      runPanels(panels, clients, (panel) =>
        Promise.all(
          baseline
            .get(panel)!
            .map(({ region, expression }) =>
              direct[region]!.drain(panel.path, { ...exactParameters(panel), query: expression }),
            ),
        ),
      ),
    () => runPanels(panels, clients, (panel) => promfed.drain(panel.path, panel.parameters)),
  );
  const cpu = (cpuMs(server.pid()!) - cpuBefore) / (runs + WARM_UP_RUNS);
  const add = benchmark.figuresOf(`${panels.length} mixed queries, ${clients} clients`);
  add('direct', baselineMs, 'ms');
  add('promfed', promfedMs, 'ms');
  add('promfed / direct', promfedMs / baselineMs, '×', 1.3);
  add('CPU of all queries', cpu, 'ms');
  await Promise.all([promfed, ...direct].map((reader) => reader.close()));
}

/** Drops metric names: VictoriaMetrics drops some that PromQL keeps, and vice versa. */
function withoutNames(answer: Answer): Answer {
  const entries = [...answer].map(([key, samples]) => {
    const labels = (JSON.parse(key) as [string, string][]).filter(([name]) => name !== '__name__');
    return [JSON.stringify(labels), samples] as const;
  });
  return new Map(entries);
}
