// The series of a demo region, derived from its nodes and workloads.

import type { DemoSeries, Metric, RegionContents } from './metric.js';
import type { RegionSpec, Workload } from './region-spec.js';
import { TargetSeries } from './target-series.js';
import { bornAt, chance, createWave, rateAt, seedOf, type Wave } from './wave.js';

const METRICS: readonly Metric[] = [
  { name: 'up', type: 'gauge', help: 'Whether the last scrape of the target succeeded.' },
  { name: 'http_requests_total', type: 'counter', help: 'HTTP requests served.' },
  { name: 'http_requests_in_flight', type: 'gauge', help: 'HTTP requests being served.' },
  { name: 'request_duration_seconds', type: 'histogram', help: 'Duration of HTTP requests.' },
  {
    name: 'process_start_time_seconds',
    type: 'gauge',
    help: 'Start time of the process, in seconds since the epoch.',
  },
  { name: 'container_cpu_usage_seconds_total', type: 'counter', help: 'CPU time consumed.' },
  {
    name: 'container_memory_working_set_bytes',
    type: 'gauge',
    help: 'Memory in use that cannot be reclaimed.',
  },
  { name: 'container_network_receive_bytes_total', type: 'counter', help: 'Bytes received.' },
  { name: 'kube_pod_info', type: 'gauge', help: 'Information about a pod, as labels.' },
  { name: 'node_cpu_seconds_total', type: 'counter', help: 'Seconds the CPUs spent in each mode.' },
  { name: 'node_memory_MemTotal_bytes', type: 'gauge', help: 'Memory of the node.' },
  { name: 'node_memory_MemAvailable_bytes', type: 'gauge', help: 'Memory that is available.' },
  { name: 'node_filesystem_size_bytes', type: 'gauge', help: 'Size of the file system.' },
  { name: 'node_filesystem_avail_bytes', type: 'gauge', help: 'Space left on the file system.' },
  { name: 'node_load1', type: 'gauge', help: 'Load average of one minute.' },
];

const GIB = 2 ** 30;

/** Status codes of requests. The shares add up to 1. */
const CODES: readonly (readonly [code: string, share: number])[] = [
  ['200', 0.94],
  ['404', 0.045],
  ['500', 0.015],
];

/** Methods of requests. The shares add up to 1. */
const METHODS: readonly (readonly [method: string, share: number])[] = [
  ['GET', 0.8],
  ['POST', 0.2],
];

const BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, Infinity];

/** Mean share of slow requests. Their rate follows a wave of its own. */
const SLOW_SHARE = 0.08;

/** Duration of a slow request, as a multiple of an ordinary one. */
const SLOWNESS = 8;

/**
 * Creates the series and metrics of a region.
 *
 * @param seed equal seeds give equal values.
 * @param intervalMs scrape interval.
 */
export function createRegionContents(spec: RegionSpec, seed: number, intervalMs: number): RegionContents {
  const series = [
    ...spec.nodes.flatMap((node, i) => nodeSeries(spec, node, i, seed, intervalMs)),
    ...spec.workloads.flatMap((workload) => workloadSeries(spec, workload, seed, intervalMs)),
  ];
  const names = new Set(series.map(({ labels }) => labels.metricName.replace(/_(bucket|sum|count)$/, '')));
  return { series, metrics: METRICS.filter(({ name }) => names.has(name)) };
}

/** The node exporter of one node. */
function nodeSeries(
  spec: RegionSpec,
  node: string,
  index: number,
  seed: number,
  intervalMs: number,
): DemoSeries[] {
  const nodeSeed = seedOf(`${seed}/${node}`);
  const phaseMs = Math.floor(chance(nodeSeed, 9) * intervalMs);
  // The exporter of the last node fails for three minutes out of every fifty.
  const isFlaky = index === spec.nodes.length - 1;
  const isDown = (timeMs: number): boolean => isFlaky && (timeMs + nodeSeed) % 3_000_000 < 180_000;
  const target = new TargetSeries(
    { phaseMs, isDown },
    { job: 'node-exporter', instance: `${node}:9100` },
    intervalMs,
    (timeS) => bornAt(timeS, 45 * 86_400, nodeSeed),
  );
  const busy = createWave(0.35, nodeSeed);
  for (const cpu of ['0', '1']) {
    const mode = (name: string, share: number): void => {
      target.counter('node_cpu_seconds_total', { cpu, mode: name }, [[busy, share]], false);
    };
    mode('user', 0.7);
    mode('system', 0.25);
    mode('iowait', 0.05);
    target.counter('node_cpu_seconds_total', { cpu, mode: 'idle' }, [[complement(busy), 1]], false);
  }
  target.gauge(
    'node_load1',
    {},
    (timeMs) => 2 * rateAt(busy, timeMs / 1000) + 0.2 * chance(nodeSeed, timeMs / 60_000),
  );
  target.gauge('node_memory_MemTotal_bytes', {}, () => 16 * GIB);
  target.gauge('node_memory_MemAvailable_bytes', {}, (timeMs) =>
    Math.round(16 * GIB * (0.8 - rateAt(busy, timeMs / 1000))),
  );
  const disk = { device: '/dev/vda1', mountpoint: '/' };
  target.gauge('node_filesystem_size_bytes', disk, () => 80 * GIB);
  target.gauge('node_filesystem_avail_bytes', disk, (timeMs) => {
    // The disk fills up within a week and is then cleaned.
    const filled = ((timeMs / 1000 + nodeSeed) % 604_800) / 604_800;
    return Math.round(80 * GIB * (0.75 - 0.6 * filled));
  });
  return target.series;
}

/** Returns the wave of the idle time: one second per second minus the given wave. */
function complement({ mean, swings }: Wave): Wave {
  const rest = 1 - mean;
  return { mean: rest, swings: swings.map((swing) => ({ ...swing, share: (-swing.share * mean) / rest })) };
}

function workloadSeries(
  spec: RegionSpec,
  workload: Workload,
  seed: number,
  intervalMs: number,
): DemoSeries[] {
  return Array.from({ length: workload.pods }, (_, i) =>
    podSeries(spec, workload, i, seed, intervalMs),
  ).flat();
}

/** One pod: its HTTP metrics, and those of its container. */
function podSeries(
  spec: RegionSpec,
  { namespace, name, requestsPerSecond, latencyS, lifeS }: Workload,
  index: number,
  seed: number,
  intervalMs: number,
): DemoSeries[] {
  const podSeed = seedOf(`${seed}/${spec.name}/${namespace}/${name}/${index}`);
  const pod = `${name}-${(podSeed >>> 8).toString(36).slice(0, 5)}`;
  const node = spec.nodes[index % spec.nodes.length]!;
  const target = new TargetSeries(
    { phaseMs: Math.floor(chance(podSeed, 9) * intervalMs), isDown: () => false },
    {
      job: name,
      namespace,
      pod,
      instance: `10.${podSeed & 255}.${(podSeed >>> 8) & 255}.${10 + index}:8080`,
    },
    intervalMs,
    (timeS) => bornAt(timeS, lifeS, podSeed),
  );
  // The pods of a workload share its load: their rates follow the same wave.
  const requests = createWave(requestsPerSecond, seedOf(`${spec.name}/${name}`));
  const slow = createWave(requestsPerSecond * SLOW_SHARE, podSeed);

  for (const [code, codeShare] of CODES) {
    for (const [method, methodShare] of METHODS) {
      const wave = code === '500' ? slow : requests;
      const share = code === '500' ? (codeShare / SLOW_SHARE) * methodShare : codeShare * methodShare;
      target.counter('http_requests_total', { code, method }, [[wave, share]], true);
    }
  }
  target.gauge('http_requests_in_flight', {}, (timeMs) =>
    Math.round(rateAt(requests, timeMs / 1000) * latencyS * 2 + 2 * chance(podSeed, timeMs / 1000)),
  );
  target.gauge('process_start_time_seconds', {}, (timeMs) =>
    Math.floor(bornAt(timeMs / 1000, lifeS, podSeed)),
  );
  addDurationHistogram(target, requests, slow, latencyS);

  const container = { container: name, node };
  target.counter('container_cpu_usage_seconds_total', container, [[requests, 0.008]], false);
  target.gauge('container_memory_working_set_bytes', container, (timeMs) => {
    const ageS = timeMs / 1000 - bornAt(timeMs / 1000, lifeS, podSeed);
    const leaked = 96 * Math.log1p(ageS / 600);
    return Math.round((120 + leaked + 0.8 * rateAt(requests, timeMs / 1000)) * 2 ** 20);
  });
  if (spec.hasContainerNetwork) {
    target.counter(
      'container_network_receive_bytes_total',
      { node, interface: 'eth0' },
      [[requests, 1800]],
      true,
    );
  }
  target.gauge('kube_pod_info', { node, created_by_kind: 'ReplicaSet', created_by_name: name }, () => 1);
  return target.series;
}

/** Adds the classic histogram of the durations of ordinary and slow requests. */
function addDurationHistogram(target: TargetSeries, requests: Wave, slow: Wave, latencyS: number): void {
  const name = 'request_duration_seconds';
  for (const bound of BUCKETS_S) {
    const le = bound === Infinity ? '+Inf' : String(bound);
    const weights = [
      [requests, shareBelow(bound, latencyS)],
      [slow, shareBelow(bound, latencyS * SLOWNESS)],
    ] as const;
    target.counter(`${name}_bucket`, { le }, weights, true, name);
  }
  target.counter(
    `${name}_count`,
    {},
    [
      [requests, 1],
      [slow, 1],
    ],
    true,
    name,
  );
  target.counter(
    `${name}_sum`,
    {},
    [
      [requests, latencyS],
      [slow, latencyS * SLOWNESS],
    ],
    false,
    name,
  );
}

/**
 * Returns the share of requests that take at most `boundS` seconds: a log-logistic distribution with median `medianS`.
 */
function shareBelow(boundS: number, medianS: number): number {
  return boundS === Infinity ? 1 : 1 / (1 + (boundS / medianS) ** -2.5);
}
