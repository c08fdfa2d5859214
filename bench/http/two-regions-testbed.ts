// Two real VictoriaMetrics regions behind vmauth, and promfed as a real process in front of them.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import {
  importIntoVictoriaMetrics,
  startVictoriaMetrics,
  startVmauth,
} from '../../test/helpers/real-servers/real-servers.js';
import { type TestSeries, wideCounters } from '../../test/helpers/series/series-set.js';
import {
  type RealServer,
  startServer,
  type Teardown,
} from '../../test/helpers/real-servers/server-process.js';
import type { Endpoint } from './read-answer.js';

export interface Region {
  readonly name: string;
  readonly endpoint: Endpoint;
}

const credentials = { username: 'bench', password: 'bench' };
/** The group label that tells the regions apart, as KOF names it. */
export const regionLabel = 'promxyCluster';

export async function startRegions(
  t: Teardown,
  options: {
    readonly perRegion: number;
    readonly startMs: number;
    readonly endMs: number;
    readonly intervalMs: number;
    /** Default `east` and `west`. */
    readonly names?: readonly string[];
    /** What each holds beside the wide and the small counters. */
    readonly more?: (region: string) => readonly TestSeries[];
  },
): Promise<readonly Region[]> {
  const { perRegion, startMs, endMs, intervalMs, names = ['east', 'west'], more } = options;
  const regions: Region[] = [];
  for (const name of names) {
    // The queries of a crowd are to be limited by promfed, not by its regions.
    const storage = await startVictoriaMetrics(t, {
      args: ['-memory.allowedBytes=4GiB', '-search.maxConcurrentRequests=64', '-search.maxQueueDuration=2m'],
    });
    const times = { startMs, endMs, intervalMs, decimals: 2 };
    const series: TestSeries[] = [
      ...wideCounters({ ...times, name: 'wide_total', region: name, count: perRegion }),
      ...wideCounters({ ...times, name: 'small_total', region: name, count: 10 }),
      ...(more?.(name) ?? []),
    ];
    await importIntoVictoriaMetrics(storage.url, series);
    const vmauth = await startVmauth(t, { backends: [storage.url], basicAuth: credentials });
    const authorization = `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
    regions.push({
      name,
      endpoint: { origin: vmauth.url, pathPrefix: vmauth.pathPrefix, headers: { authorization } },
    });
  }
  return regions;
}

/** A server group of the configuration, with more keys or others. */
export function groupOf(
  { name, endpoint }: Region,
  keys: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    name,
    static_configs: [{ targets: [new URL(endpoint.origin).host] }],
    path_prefix: endpoint.pathPrefix,
    labels: { [regionLabel]: name },
    http_client: { dial_timeout: '5s', basic_auth: credentials },
    ...keys,
  };
}

/** A fresh process of dist/main.js, so that its peak memory is that of one case. */
export async function startPromfed(
  t: Teardown,
  groups: readonly Readonly<Record<string, unknown>>[],
  flags: readonly string[] = [],
): Promise<{ readonly endpoint: Endpoint; readonly server: RealServer }> {
  const server = await startServer(t, {
    binary: process.execPath,
    readyPath: '/-/ready',
    args: (port, directory) => {
      const config = join(directory, 'config.yaml');
      writeFileSync(config, JSON.stringify({ promxy: { server_groups: groups } }));
      // As the image and `npm start` have it.
      const heap = '--max-semi-space-size=4';
      return [
        heap,
        'dist/main.js',
        `--config=${config}`,
        `--bind-addr=127.0.0.1:${port}`,
        '--log-level=warn',
        ...flags,
      ];
    },
  });
  return { endpoint: { origin: server.url, pathPrefix: '', headers: {} }, server };
}
