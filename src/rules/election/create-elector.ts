// Creates the election of a configuration.

import { randomBytes } from 'node:crypto';

import type { ElectionSettings } from '../../config/index.js';
import type { ElectionStore } from './election-store.js';
import { Elector } from './elector.js';
import { KubernetesStore, type KubernetesStoreOptions } from './kubernetes-store.js';
import { SystemLeaseClock } from './lease-clock.js';
import type { ElectionMetrics } from './metrics.js';
import { RedisStore } from './redis-store.js';

export interface CreateElectorOptions extends KubernetesStoreOptions {
  /** Beginning of the identity: the name of the machine or pod. */
  readonly hostname: string;
  readonly metrics: ElectionMetrics;
}

/** @throws PromfedError `bad_data` when the settings are invalid or a file of the service account cannot be read. */
export function createElector(settings: ElectionSettings, options: CreateElectorOptions): Elector {
  const { hostname, background, metrics } = options;
  return new Elector({
    ...background,
    store: storeOf(settings, options),
    // A process that starts again is another member, because it does not have the state of its groups.
    id: `${hostname}_${randomBytes(4).toString('hex')}`,
    evaluatesWithoutStore: settings.evaluatesWithoutStore,
    clock: new SystemLeaseClock(),
    metrics,
  });
}

/** @throws PromfedError `bad_data`. */
function storeOf({ store }: ElectionSettings, options: CreateElectorOptions): ElectionStore {
  return store.kind === 'redis'
    ? new RedisStore(store, options.background.timers)
    : new KubernetesStore(store, options);
}
