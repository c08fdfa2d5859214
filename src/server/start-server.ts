// promfed in one process: an HTTP address, and one configuration after another behind it.

import type { Logger } from 'pino';

import type { LoadedConfig } from '../config/index.js';
import { Admission } from '../federation/index.js';
import { createApp } from '../http/index.js';
import type { FeatureSet } from '../promql/language/index.js';
import { createTimers, MemoryBudget, Reloader, type Clock } from '../runtime/index.js';
import { createMetrics, type MetricsReport } from '../telemetry/index.js';
import type { Shared } from '../workers/index.js';
import { listen, type BindAddress } from './listen.js';
import { createHeapWatch, type ProcessMemory } from './process-memory.js';
import { Runtime } from './runtime.js';

export interface ServerOptions {
  readonly bindAddr: BindAddress;
  /** The path prefix of every route, without a slash at its end; empty for the root. */
  readonly routePrefix: string;
  readonly lifecycleEnabled: boolean;
  readonly queryTimeoutMs: number;
  readonly maxSamples: number;
  readonly memory: ProcessMemory;
  /** Maximum number of queries at once; undefined when only memory limits them. */
  readonly maxConcurrency: number | undefined;
  /** Undefined leaves it to the regions. */
  readonly lookbackDeltaMs: number | undefined;
  /** When false, regions send raw samples only. */
  readonly pushdown: boolean;
  readonly features: FeatureSet;
  /** Every flag with its value as text, for the status API. */
  readonly flags: Readonly<Record<string, string>>;
  /** Called at the start and at every reload. */
  readonly loadConfig: () => Promise<LoadedConfig>;
  /** The supervisor's part, when this process is one of several workers. */
  readonly shared?: Shared;
  readonly clock: Clock;
  readonly version: string;
  readonly log: Logger;
}

export interface Server {
  /** The address on this machine. */
  readonly url: string;
  /** Loads the configuration again. @throws PromfedError when it is invalid; the previous one is kept. */
  reload(): Promise<void>;
  /** The metrics of this process. */
  report(): Promise<MetricsReport>;
  /** Answers the requests that have arrived, then ends every connection. */
  stop(): Promise<void>;
}

/** @throws PromfedError when the configuration is invalid or the address cannot be bound. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { clock, log, maxConcurrency, queryTimeoutMs } = options;
  const metrics = createMetrics(options.version);
  const budget = new MemoryBudget(options.memory);
  const admission = new Admission({ budget, maxConcurrency, isHeapFull: createHeapWatch() });
  metrics.watchMemory(() => ({
    limitBytes: options.memory.limitBytes,
    budgetBytes: options.memory.budgetBytes,
    heldBytes: budget.heldBytes,
    inFlight: admission.inFlight,
    queued: admission.queued,
    rejections: budget.rejections,
  }));
  const createRuntime = (config: LoadedConfig): Runtime =>
    new Runtime(config, {
      ...options,
      admission,
      metrics: { observe: metrics.observeUpstream },
      background: { timers: createTimers(clock), log },
    });

  const retiring = new Set<Runtime>();
  const retire = async (runtime: Runtime): Promise<void> => {
    retiring.add(runtime);
    await runtime.retire(queryTimeoutMs);
    retiring.delete(runtime);
  };
  const reloader = await Reloader.start<LoadedConfig>({
    load: options.loadConfig,
    apply(config, adopt) {
      const previous = current;
      current = createRuntime(config);
      current.start();
      adopt();
      retire(previous).catch(() => undefined); // no request waits for it
    },
    clock,
    log,
    metrics,
  });
  let current = createRuntime(reloader.current);
  current.start();
  metrics.watchLabelIndex(() => current.labelIndex());

  let isReady = true;
  const reload = (): Promise<void> => reloader.reload();
  const app = createApp({
    ...options,
    engineFor: () => current.engine,
    isReady: () => isReady,
    reload: options.shared?.reload ?? reload,
    configYaml: () => current.config.maskedYaml,
    metrics: options.shared?.metrics ?? metrics.render,
    onAnswered: metrics.observeHttp,
  });
  const url = await listen(app, options.bindAddr, options.routePrefix);
  log.info({ url, server_groups: current.config.settings.serverGroups.length }, 'promfed is ready');

  return {
    url,
    reload,
    report: metrics.report,
    async stop() {
      isReady = false;
      log.info('promfed is stopping');
      await app.close();
      await Promise.all([current, ...retiring].map((runtime) => runtime.close()));
    },
  };
}
