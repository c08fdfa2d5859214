// Real regions, VictoriaMetrics behind vmauth, and a promfed process that federates them.

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

/** A region: vmauth in front of VictoriaMetrics. */
export interface Region {
  readonly name: string;
  readonly endpoint: Endpoint;
}

const credentials = { username: 'bench', password: 'bench' };
/** The label that distinguishes the regions, as in KOF. */
export const regionLabel = 'promxyCluster';

/** Starts regions and imports their samples, one region after the other. */
export async function startRegions(
  t: Teardown,
  options: {
    /** Number of series `wide_total` of each region. Each also has ten series `small_total`. */
    readonly perRegion: number;
    readonly startMs: number;
    readonly endMs: number;
    readonly intervalMs: number;
    /** Default `east` and `west`. */
    readonly names?: readonly string[];
    /** Further series of a region. */
    readonly more?: (region: string) => readonly TestSeries[];
  },
): Promise<readonly Region[]> {
  const { perRegion, startMs, endMs, intervalMs, names = ['east', 'west'], more } = options;
  const regions: Region[] = [];
  for (const name of names) {
    // High limits: concurrent queries should be limited by promfed, not by its regions.
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

/** Returns the configuration of a region's server group. `keys` adds or replaces keys. */
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

/** How a process of promfed is started. */
export interface NodeCommand {
  /** Path of the binary. */
  readonly node?: string;
  readonly nodeFlags?: readonly string[];
  /** Path of another build's main.js. */
  readonly main?: string;
}

/** Starts a new process of dist/main.js. Each case has its own, so that peak memory is that of the case. */
export async function startPromfed(
  t: Teardown,
  groups: readonly Readonly<Record<string, unknown>>[],
  flags: readonly string[] = [],
  /** Further sections of the configuration. */
  sections: Readonly<Record<string, unknown>> = {},
  /** Default: this Node.js, with the flags that promfed gives itself by default, and this build. */
  {
    node = process.execPath,
    nodeFlags = ['--max-semi-space-size=16'],
    main = 'dist/main.js',
  }: NodeCommand = {},
): Promise<{ readonly endpoint: Endpoint; readonly server: RealServer }> {
  const server = await startServer(t, {
    binary: node,
    readyPath: '/-/ready',
    args: (port, directory) => {
      const config = join(directory, 'config.yaml');
      writeFileSync(config, JSON.stringify({ promxy: { server_groups: groups }, ...sections }));
      return [
        ...nodeFlags,
        main,
        `--config=${config}`,
        `--bind-addr=127.0.0.1:${port}`,
        '--log-level=warn',
        ...flags,
      ];
    },
  });
  return { endpoint: { origin: server.url, pathPrefix: '', headers: {} }, server };
}
