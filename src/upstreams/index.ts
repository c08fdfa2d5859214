export { createServerGroup } from './create-server-group.js';
export type { UpstreamMetrics, UpstreamObservation } from './metrics.js';
export type { UpstreamOptions } from './options.js';
export type * from './server-group.js';
