export { openGroups } from './open-groups.js';
export { createRestoreEngine } from './restore-engine.js';
export { Runtime } from './runtime.js';
export { startServer, type Server, type ServerOptions } from './start-server.js';
