// The nodes and workloads of the two demo regions.

/** A workload of equal pods. */
export interface Workload {
  readonly namespace: string;
  readonly name: string;
  readonly pods: number;
  /** Mean rate of requests of each pod. */
  readonly requestsPerSecond: number;
  /** Median duration of an ordinary request, in seconds. */
  readonly latencyS: number;
  /** Lifetime of a pod, in seconds. Its counters are reset afterwards. */
  readonly lifeS: number;
}

/** The description of a region. */
export interface RegionSpec {
  readonly name: string;
  readonly nodes: readonly string[];
  readonly workloads: readonly Workload[];
  /** True when the region has the metric `container_network_receive_bytes_total`. */
  readonly hasContainerNetwork: boolean;
  /** Path prefix of the API; empty, or with a leading slash. */
  readonly pathPrefix: string;
}

const HOUR_S = 3600;

/** The demo regions. They differ in workloads, metrics and path prefix. */
export const DEMO_REGIONS: readonly RegionSpec[] = [
  {
    name: 'eu-central',
    nodes: ['eu-central-a', 'eu-central-b', 'eu-central-c'],
    workloads: [
      {
        namespace: 'shop',
        name: 'frontend',
        pods: 3,
        requestsPerSecond: 42,
        latencyS: 0.04,
        lifeS: 9 * HOUR_S,
      },
      {
        namespace: 'shop',
        name: 'cart',
        pods: 2,
        requestsPerSecond: 18,
        latencyS: 0.02,
        lifeS: 1.3 * HOUR_S,
      },
      {
        namespace: 'payments',
        name: 'gateway',
        pods: 2,
        requestsPerSecond: 7,
        latencyS: 0.12,
        lifeS: 5 * HOUR_S,
      },
      { namespace: 'search', name: 'api', pods: 2, requestsPerSecond: 24, latencyS: 0.08, lifeS: 7 * HOUR_S },
    ],
    hasContainerNetwork: true,
    pathPrefix: '',
  },
  {
    name: 'us-east',
    nodes: ['us-east-a', 'us-east-b'],
    workloads: [
      {
        namespace: 'shop',
        name: 'frontend',
        pods: 2,
        requestsPerSecond: 35,
        latencyS: 0.05,
        lifeS: 8 * HOUR_S,
      },
      { namespace: 'shop', name: 'cart', pods: 2, requestsPerSecond: 14, latencyS: 0.03, lifeS: 6 * HOUR_S },
      {
        namespace: 'payments',
        name: 'gateway',
        pods: 2,
        requestsPerSecond: 9,
        latencyS: 0.1,
        lifeS: 1.7 * HOUR_S,
      },
    ],
    hasContainerNetwork: false,
    pathPrefix: '/prometheus',
  },
];
