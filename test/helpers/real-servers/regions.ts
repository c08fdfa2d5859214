// Two regions of real servers, with a server for the union of their data as the reference.

import { seriesSet, wideCounters, type TestSeries } from '../series/series-set.js';
import {
  importIntoPrometheus,
  importIntoVictoriaMetrics,
  startPrometheus,
  startVictoriaMetrics,
  startVmauth,
} from './real-servers.js';
import type { Teardown } from './server-process.js';

const basicAuth = { username: 'admin', password: 'p:a"s\\s ✓' };
const endMs = Math.floor(Date.now() / 60_000) * 60_000 - 10 * 60_000;
const startMs = endMs - 3_600_000;

/** The names of the regions. */
export const REGIONS = ['eu', 'us'] as const;

/** Parameters of range queries on the data, in seconds. */
export const RANGE = { start: String((startMs + 600_000) / 1000), end: String(endMs / 1000), step: '30' };

/** A running region, as a server group is configured for it. */
export interface Region {
  readonly url: string;
  readonly pathPrefix: string;
  readonly httpClient: Record<string, unknown>;
  stop(): Promise<void>;
}

/** A kind of server for regions and references. */
export interface ServerKind {
  readonly name: string;
  startRegion(t: Teardown, series: readonly TestSeries[]): Promise<Region>;
  /** Starts a server with all series and returns its URL. */
  startUnion(t: Teardown, series: readonly TestSeries[]): Promise<string>;
}

/** VictoriaMetrics behind vmauth, as in KOF. */
export const VICTORIA_METRICS: ServerKind = {
  name: 'VictoriaMetrics behind vmauth',
  async startRegion(t, series) {
    const storage = await startVictoriaMetrics(t);
    await importIntoVictoriaMetrics(storage.url, series);
    const vmauth = await startVmauth(t, { backends: [storage.url], basicAuth });
    return { ...vmauth, httpClient: { dial_timeout: '5s', basic_auth: basicAuth } };
  },
  async startUnion(t, series) {
    const { url } = await startVictoriaMetrics(t);
    await importIntoVictoriaMetrics(url, series);
    return url;
  },
};

/** Prometheus. */
export const PROMETHEUS: ServerKind = {
  name: 'Prometheus',
  async startRegion(t, series) {
    const server = await startPrometheus(t);
    await importIntoPrometheus(server.url, series);
    return { ...server, pathPrefix: '', httpClient: {} };
  },
  async startUnion(t, series) {
    const { url } = await startPrometheus(t);
    await importIntoPrometheus(url, series);
    return url;
  },
};

/** The labels that a server group adds to the series of a region. */
export function regionLabels(region: string): Record<string, string> {
  return { promxyCluster: region, promxyClusterNamespace: 'kcm-system' };
}

/** Series of a region. `us` lacks queue_depth; pods of `eu` end within the range. */
export function churningSeries(region: string): TestSeries[] {
  return seriesSet({ region, startMs, endMs, omit: omittedIn(region), churn: region === 'eu' });
}

/** Series of a region that all last to the end of the range. `us` lacks queue_depth. */
export function lastingSeries(region: string): TestSeries[] {
  return seriesSet({ region, startMs, endMs, omit: omittedIn(region) });
}

function omittedIn(region: string): 'queue_depth'[] {
  return region === 'us' ? ['queue_depth'] : [];
}

/** 2,000 counters named `wide_total`, with a sample every 15 s. */
export function wideSeries(region: string): TestSeries[] {
  return wideCounters({ name: 'wide_total', region, count: 2_000, startMs, endMs, intervalMs: 15_000 });
}

/** Returns the configuration of a server group, with `extra` lines. */
export function groupYaml(region: string, { url, pathPrefix, httpClient }: Region, extra = ''): string {
  return `
    - static_configs: [{ targets: ["${new URL(url).host}"] }]
      path_prefix: "${pathPrefix}"
      http_client: ${JSON.stringify(httpClient)}
      labels: ${JSON.stringify(regionLabels(region))}
      ${extra}`;
}

/** Returns the configuration of promfed with server groups. */
export function configYaml(groups: readonly string[]): string {
  return `promxy:\n  server_groups:${groups.join('')}\n`;
}
