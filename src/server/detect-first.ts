// Detection of the targets before the first query, for processes that do nothing in the background.

import type { QueryEngine } from '../federation/index.js';
import type { ServerGroup } from '../upstreams/index.js';

/** Makes queries wait until the targets of all groups are detected, once. Metadata requests do not depend on it. */
export function detectFirst(engine: QueryEngine, groups: readonly ServerGroup[]): QueryEngine {
  let detection: Promise<unknown> | undefined;
  const detected = (): Promise<unknown> =>
    (detection ??= Promise.all(groups.map(async (group) => group.detect?.())));
  return {
    async query(request) {
      await detected();
      return engine.query(request);
    },
    async evaluate(request) {
      await detected();
      return engine.evaluate(request);
    },
    async explain(request) {
      await detected();
      return engine.explain(request);
    },
    metadata: engine.metadata,
  };
}
