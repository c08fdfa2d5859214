export { createServerGroup } from './create-server-group.js';
export type { Learning } from './options.js';
export type { UpstreamObservation } from './metrics.js';
export type * from './server-group.js';
