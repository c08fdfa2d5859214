// The server groups of a configuration, each behind an engine of its own.

import type { LoadedConfig } from '../config/index.js';
import type { QueryEngine } from '../federation/index.js';
import { targetSets, type Labels } from '../model/index.js';
import { Runtime, type RuntimeOptions } from './runtime.js';

/** One server group, and an engine that queries it alone. The caller closes it. */
export interface OpenGroup {
  readonly name: string;
  /** The labels of each set of replicas. */
  readonly labels: readonly Labels[];
  readonly engine: QueryEngine;
  close(): Promise<void>;
}

/** Opens no connection. @throws PromfedError when a group cannot be created from its settings. */
export function openGroups(config: LoadedConfig, options: RuntimeOptions): readonly OpenGroup[] {
  const { settings } = config;
  return settings.serverGroups.map((group) => {
    const runtime = new Runtime({ ...config, settings: { ...settings, serverGroups: [group] } }, options);
    return {
      name: group.name,
      labels: targetSets(group.name, group.labels, group.targets).map(({ labels }) => labels),
      engine: runtime.engine,
      close: () => runtime.close(),
    };
  });
}
