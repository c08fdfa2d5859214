// The regions of a scenario in real servers.

import { parseConfig } from '../../../../src/config/index.js';
import { systemClock } from '../../../../src/runtime/index.js';
import { createServerGroup, type ServerGroup } from '../../../../src/upstreams/index.js';
import {
  importIntoPrometheus,
  importIntoVictoriaMetrics,
  startPrometheus,
  startVictoriaMetrics,
} from '../../real-servers/real-servers.js';
import type { Teardown } from '../../real-servers/server-process.js';
import type { TestSeries } from '../../series/series-set.js';
import type { Scenario, ScenarioRegion } from './scenario.js';

const DAY_MS = 24 * 3_600_000;

export interface RealRegions {
  /** In the order of the scenario. Closed at the teardown. */
  readonly regions: readonly ServerGroup[];
  /** The time that stands for time 0 of the scenario: a multiple of every step of a subquery. */
  readonly originMs: number;
}

/** @param servers `mixed`: Prometheus and VictoriaMetrics in turn. */
export async function startRealRegions(
  t: Teardown,
  { regions, intervalMs }: Scenario,
  servers: 'mixed' | 'VictoriaMetrics' = 'mixed',
): Promise<RealRegions> {
  const originMs = Math.floor(Date.now() / DAY_MS - 1) * DAY_MS;
  const groups = await Promise.all(
    regions.map(async (region, i) => {
      const isPrometheus = servers === 'mixed' && i % 2 === 0;
      const series = seriesOf(region, originMs, intervalMs);
      const { url } = await (isPrometheus ? startPrometheus(t) : startVictoriaMetrics(t));
      await (isPrometheus ? importIntoPrometheus : importIntoVictoriaMetrics)(url, series);
      return {
        name: region.name,
        labels: region.labels,
        static_configs: [{ targets: [new URL(url).host] }],
        ...(isPrometheus ? { remote_read: true } : { semantics: 'exact' }),
      };
    }),
  );
  const yaml = JSON.stringify({ promxy: { server_groups: groups } });
  const { settings } = parseConfig(yaml, 'regions.yaml');
  const created = settings.serverGroups.map((group) =>
    createServerGroup(group, { clock: systemClock, version: '0.0.0-test' }),
  );
  t.teardown(async () => {
    await Promise.all(created.map((group) => group.close()));
  });
  return { regions: created, originMs };
}

function seriesOf({ series }: ScenarioRegion, originMs: number, intervalMs: number): TestSeries[] {
  return series.map(({ labels, samples }) => {
    const present = samples.flatMap((value, i) =>
      value === undefined ? [] : [{ value, timeMs: originMs + i * intervalMs }],
    );
    return {
      labels,
      timestamps: present.map(({ timeMs }) => timeMs),
      values: present.map(({ value }) => value),
    };
  });
}
