export { createElector } from './create-elector.js';
export type { Elector } from './elector.js';
export type { Cluster } from './in-cluster.js';
export { type GroupLease, type GroupOwnership, NO_ELECTION, NOT_HELD, UNSHARED } from './group-lease.js';
export type { ElectionMetrics } from './metrics.js';
