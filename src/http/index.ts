export { createApp } from './app.js';
export type { RequestLimits } from './app-context.js';
export { CLIENT_LIMITS, type ClientLimits } from './clients/client-limits.js';
export { Connections } from './clients/connections.js';
