// Starts the regions that `npm start` runs on.

import { Connections, createApp } from '../http/index.js';
import { NO_RULES } from '../rules/index.js';
import { Labels } from '../model/index.js';
import { type Clock, NO_LOG } from '../runtime/index.js';
import { MemoryStore } from './memory-store.js';
import { createRegionContents } from './region-contents.js';
import { RegionEngine } from './region-engine.js';
import { DEMO_REGIONS, type RegionSpec } from './region-spec.js';

/** A region that is served on loopback. */
export interface DemoRegion {
  readonly name: string;
  /** `127.0.0.1:port`. */
  readonly target: string;
  /** Empty, or a path without a slash at its end. */
  readonly pathPrefix: string;
  /** The labels of its server group, which distinguish the regions. The region's own series do not have them. */
  readonly labels: Labels;
}

/** A suggested query. */
export interface DemoQuery {
  readonly title: string;
  readonly expr: string;
}

/** The running demo. Owned by the caller, who closes it. */
export interface Demo {
  readonly regions: readonly DemoRegion[];
  readonly queries: readonly DemoQuery[];
  /** Stops serving and closes all connections. */
  close(): Promise<void>;
}

export interface DemoOptions {
  /** Samples exist up to its time. It may stand still or jump forward; skipped samples are filled in. */
  readonly clock: Clock;
  /** Equal seeds give equal samples. Default 1. */
  readonly seed?: number;
  /** Scrape interval. Default 15 s. */
  readonly scrapeIntervalMs?: number;
  /** Age up to which samples exist, from the start. Default two hours. */
  readonly retentionMs?: number;
}

/** The label that distinguishes the demo's server groups. */
const REGION_LABEL = 'promxyCluster';

const DEMO_QUERIES: readonly DemoQuery[] = [
  {
    title: 'requests per second by region',
    expr: `sum by (${REGION_LABEL}) (rate(http_requests_total[5m]))`,
  },
  {
    title: '90th percentile of the request duration by region',
    expr: `histogram_quantile(0.9, sum by (le, ${REGION_LABEL}) (rate(request_duration_seconds_bucket[5m])))`,
  },
  {
    title: 'share of failed requests by namespace, over both regions',
    expr: 'sum by (namespace) (rate(http_requests_total{code=~"5.."}[5m])) / sum by (namespace) (rate(http_requests_total[5m]))',
  },
];

/**
 * Serves two small regions, each on its own port of 127.0.0.1: the Prometheus HTTP API over samples that start
 * `retentionMs` ago and continue with the clock.
 */
export async function startDemoRegions(options: DemoOptions): Promise<Demo> {
  const apps: ReturnType<typeof createRegion>[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(apps.map((app) => app.close()));
  };
  try {
    const regions: DemoRegion[] = [];
    for (const spec of DEMO_REGIONS) {
      const app = createRegion(spec, options);
      apps.push(app);
      const url = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
      regions.push({
        name: spec.name,
        target: url.host,
        pathPrefix: spec.pathPrefix,
        labels: Labels.from({ [REGION_LABEL]: spec.name }),
      });
    }
    return { regions, queries: DEMO_QUERIES, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Creates the server of a region: promfed's own HTTP application on an engine over the region's samples. */
function createRegion(
  spec: RegionSpec,
  { clock, seed = 1, scrapeIntervalMs = 15_000, retentionMs = 7_200_000 }: DemoOptions,
): ReturnType<typeof createApp> {
  const { series, metrics } = createRegionContents(spec, seed, scrapeIntervalMs);
  const store = new MemoryStore(series, clock, scrapeIntervalMs, retentionMs);
  store.catchUp();
  const engine = new RegionEngine({ store, metrics });
  return createApp({
    engineFor: () => engine,
    rules: NO_RULES,
    features: new Set(),
    limits: { maxQueryLength: 1 << 20, maxNodes: 10_000, maxSelectors: 1000 },
    clock,
    queryTimeoutMs: 120_000,
    version: '0.0.0-demo',
    lifecycleEnabled: false,
    routePrefix: spec.pathPrefix,
    flags: {},
    connections: new Connections(),
    isReady: () => true,
    reload: () => Promise.resolve(),
    configYaml: () => '',
    metrics: () => Promise.resolve({ contentType: 'text/plain', text: '' }),
    onAnswered: () => undefined,
    log: NO_LOG,
  });
}

/** Returns the configuration, as YAML, of a promfed that federates the regions. */
export function demoConfig(regions: readonly DemoRegion[]): string {
  const groups = regions.map(({ name, target, pathPrefix, labels }) => [
    `    - name: ${JSON.stringify(name)}`,
    `      static_configs:`,
    `        - targets: [${JSON.stringify(target)}]`,
    ...(pathPrefix === '' ? [] : [`      path_prefix: ${JSON.stringify(pathPrefix)}`]),
    `      labels: ${JSON.stringify(labels)}`,
  ]);
  return ['promxy:', '  server_groups:', ...groups.flat(), ''].join('\n');
}
