// promfed in one process: an HTTP server whose configuration can be reloaded.

import type { Logger } from 'pino';

import type { BindAddress, LoadedConfig } from '../config/index.js';
import { Admission } from '../federation/index.js';
import {
  CLIENT_LIMITS,
  Connections,
  createApp,
  type ClientLimits,
  type RequestLimits,
} from '../http/index.js';
import type { FeatureSet } from '../promql/language/index.js';
import type { RulesApi } from '../rules/index.js';
import { createTimers, MemoryBudget, type ProcessMemory, Reloader, type Clock } from '../runtime/index.js';
import { createMetrics, type MetricsReport } from '../telemetry/index.js';
import type { Supervisor } from '../workers/index.js';
import { CurrentRuntime } from './current-runtime.js';
import { RuleService, type RuleServerFlags } from './rule-service.js';
import { listen } from './listen.js';
import { HeapUse } from './heap-use.js';
import { MemoryPressure } from './memory-pressure.js';
import { Runtime } from './runtime.js';

export interface ServerOptions {
  readonly bindAddr: BindAddress;
  /** Prefix of all paths: without a trailing slash, empty for the root. */
  readonly routePrefix: string;
  readonly lifecycleEnabled: boolean;
  readonly queryTimeoutMs: number;
  readonly maxSamples: number;
  readonly maxRequests: number;
  readonly limits: RequestLimits;
  /** Limits on connections of clients. Default of each: `CLIENT_LIMITS`. */
  readonly clientLimits?: Partial<ClientLimits>;
  readonly memory: ProcessMemory;
  /** Maximum number of queries at once; undefined when only memory limits them. */
  readonly maxConcurrency: number | undefined;
  /** Undefined for the default of each region. */
  readonly lookbackDeltaMs: number | undefined;
  /** False when the regions send raw samples only. */
  readonly pushdown: boolean;
  readonly features: FeatureSet;
  readonly rules: RuleServerFlags;
  /** Every flag with its value as text, for the status API. */
  readonly flags: Readonly<Record<string, string>>;
  /** Called at the start and at every reload. */
  readonly loadConfig: () => Promise<LoadedConfig>;
  /** Answers reloads and `/metrics` when this process is one of several workers. */
  readonly supervisor?: Supervisor;
  readonly clock: Clock;
  readonly version: string;
  readonly log: Logger;
  /** Returns the number of lines of the log that were not written. Default: none. */
  readonly droppedLines?: () => number;
}

export interface Server {
  /** The address on this machine. */
  readonly url: string;
  /** Loads the configuration again. @throws PromfedError when it is invalid; the previous one is kept. */
  reload(): Promise<void>;
  /** Starts to evaluate rules in this process. Without a supervisor they are evaluated from the start. */
  evaluateRules(): Promise<void>;
  /** The rules that this process evaluates. */
  readonly rules: RulesApi;
  /** The metrics of this process. */
  report(): Promise<MetricsReport>;
  /** Answers the requests that have arrived, then ends every connection. */
  stop(): Promise<void>;
}

/**
 * Starts a server, and resolves when it accepts requests.
 *
 * @throws PromfedError when the configuration is invalid or the address cannot be bound.
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { clock, log, maxConcurrency, queryTimeoutMs, supervisor } = options;
  const metrics = createMetrics(options.version);
  const budget = new MemoryBudget(options.memory);
  const heap = new HeapUse();
  const pressure = new MemoryPressure(options.memory.limitBytes);
  const admission = new Admission({ budget, maxConcurrency, isHeapFull: () => heap.isNearlyFull() });
  let seenRejections = 0;
  const connections = new Connections({
    limits: { ...CLIENT_LIMITS, ...options.clientLimits },
    budget,
    onFreed: () => {
      admission.admitWaiting();
    },
    contention() {
      const { process_memory: rejections } = budget.rejections;
      const rejected = rejections - seenRejections;
      seenRejections = rejections;
      return admission.queued + rejected;
    },
    deliverMs: queryTimeoutMs,
    log,
  });
  metrics.addLog(options.droppedLines ?? (() => 0));
  metrics.addConnections(() => ({ open: connections.open, closed: connections.closed }));
  metrics.addMemory(() => ({
    limitBytes: options.memory.limitBytes,
    budgetBytes: options.memory.budgetBytes,
    heldBytes: budget.heldBytes,
    inFlight: admission.inFlight,
    queued: admission.queued,
    collections: pressure.collections,
    rejections: budget.rejections,
  }));
  const reloader: Reloader<LoadedConfig> = await Reloader.start<LoadedConfig>({
    load: options.loadConfig,
    async apply(config, adopt) {
      current.replace(config);
      adopt();
      await rules.apply(config.settings);
    },
    clock,
    log,
    metrics,
  });
  const current = new CurrentRuntime(
    reloader.current,
    (config) =>
      new Runtime(config, {
        ...options,
        admission,
        metrics: { observe: metrics.observeUpstream },
        background: { timers: createTimers(clock), log, budget },
      }),
    queryTimeoutMs,
  );
  metrics.addLabelIndex(() => current.get().labelIndex());
  const rules = new RuleService({
    ...options.rules,
    engine: () => current.get().engine,
    features: options.features,
    queryTimeoutMs,
    budget,
    createMetrics: () => metrics.addRules(() => clock.now()),
    version: options.version,
    clock,
    timers: createTimers(clock),
    log,
  });
  const evaluateRules = (): Promise<void> => rules.start(reloader.current.settings);
  if (options.supervisor === undefined) await evaluateRules();

  let isReady = true;
  const reload = (): Promise<void> => reloader.reload();
  const app = createApp({
    ...options,
    engineFor: () => current.get().engine,
    connections,
    rules: options.supervisor?.rules ?? rules.api,
    isReady: () => isReady,
    reload: options.supervisor?.reload ?? reload,
    configYaml: () => reloader.current.maskedYaml,
    metrics: options.supervisor?.metrics ?? metrics.render,
    onAnswered: metrics.observeHttp,
    onRunning:
      supervisor &&
      ((requests) => {
        supervisor.running(requests, budget.heldBytes);
      }),
  });
  const url = await listen(app, options.bindAddr, options.routePrefix);
  pressure.start();
  log.info({ url, server_groups: reloader.current.settings.serverGroups.length }, 'promfed is ready');

  return {
    url,
    reload,
    report: metrics.report,
    evaluateRules,
    rules: rules.api,
    async stop() {
      isReady = false;
      log.info('promfed is stopping');
      await app.close();
      await rules.close();
      await current.close();
      pressure.stop();
    },
  };
}
