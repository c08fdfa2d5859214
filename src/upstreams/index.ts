export { createServerGroup } from './create-server-group.js';
export type { UpstreamObservation } from './metrics.js';
export type * from './server-group.js';
