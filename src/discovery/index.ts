export { createStaticSource } from './static-source.js';
export type { DiscoveredTarget, TargetSource } from './target-source.js';
