// Creates the election of a configuration.

import { randomBytes } from 'node:crypto';

import type { ElectionSettings } from '../../config/index.js';
import { PromfedError } from '../../model/index.js';
import type { Background } from '../../upstreams/index.js';
import type { ElectionStore } from './election-store.js';
import { Elector } from './elector.js';
import { SystemLeaseClock } from './lease-clock.js';
import type { ElectionMetrics } from './metrics.js';
import { RedisStore } from './redis-store.js';

export interface CreateElectorOptions {
  /** Beginning of the identity: the name of the machine or pod. */
  readonly hostname: string;
  readonly background: Background;
  readonly metrics: ElectionMetrics;
}

export function createElector(settings: ElectionSettings, options: CreateElectorOptions): Elector {
  const { hostname, background, metrics } = options;
  return new Elector({
    ...background,
    store: storeOf(settings, background),
    // A process that starts again is another member, because it does not have the state of its groups.
    id: `${hostname}_${randomBytes(4).toString('hex')}`,
    evaluatesWithoutStore: settings.evaluatesWithoutStore,
    clock: new SystemLeaseClock(),
    metrics,
  });
}

function storeOf({ store }: ElectionSettings, { timers }: Background): ElectionStore {
  if (store.kind === 'redis') return new RedisStore(store, timers);
  throw new PromfedError('bad_data', 'rules.election.kubernetes_lease: not supported yet; use redis');
}
