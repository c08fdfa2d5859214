// The two regions of the demo: what runs where.

/** A workload: so many pods, serving so many requests a second each. */
export interface Workload {
  readonly namespace: string;
  readonly name: string;
  readonly pods: number;
  readonly requestsPerSecond: number;
  /** Middle latency of an ordinary request, in seconds. */
  readonly latencyS: number;
  /** How long a pod lives, in seconds; its counters begin anew then. */
  readonly lifeS: number;
}

export interface RegionSpec {
  readonly name: string;
  readonly nodes: readonly string[];
  readonly workloads: readonly Workload[];
  /** Whether its kubelets report `container_network_receive_bytes_total`. */
  readonly hasContainerNetwork: boolean;
  /** Under which path its API is served; empty or `/…`. */
  readonly pathPrefix: string;
}

const HOUR_S = 3600;

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
