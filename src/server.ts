// A running promfed: one configuration after another behind one HTTP address.

import type { AddressInfo } from 'node:net';

import type { Logger } from 'pino';

import type { LoadedConfig } from './config/index.js';
import { federate } from './federate.js';
import { Admission, type Federation } from './federation/index.js';
import { createApp } from './http/index.js';
import { asPromfedError, PromfedError } from './model/index.js';
import { createHeapWatch, type ProcessMemory } from './process-memory.js';
import type { FeatureSet } from './promql/language/index.js';
import { createTimers, MemoryBudget, type Clock } from './runtime/index.js';
import { createMetrics, type MetricsReport } from './telemetry/index.js';
import type { Shared } from './workers/index.js';

export interface ServerOptions {
  readonly bindAddr: { readonly host: string; readonly port: number };
  /** The path under which everything is served, without a slash at its end; empty for the root. */
  readonly routePrefix: string;
  readonly lifecycleEnabled: boolean;
  readonly queryTimeoutMs: number;
  readonly maxSamples: number;
  readonly memory: ProcessMemory;
  /** Undefined for as many queries at once as there is memory for. */
  readonly maxConcurrency: number | undefined;
  /** Undefined to leave it to the regions. */
  readonly lookbackDeltaMs: number | undefined;
  /** Whether the regions compute what they can; if not, they are asked for raw samples only. */
  readonly pushdown: boolean;
  readonly features: FeatureSet;
  /** Every flag with its value, as text: what the status API shows. */
  readonly flags: Readonly<Record<string, string>>;
  /** Called at the start and at every reload. */
  readonly loadConfig: () => Promise<LoadedConfig>;
  /** One of several processes: who answers for all of them. Left out when this one is alone. */
  readonly shared?: Shared;
  readonly clock: Clock;
  readonly version: string;
  readonly log: Logger;
}

export interface Server {
  /** Where it can be reached from this machine. */
  readonly url: string;
  /** Loads the configuration anew. Throws, and keeps the old one, when it is not valid. */
  reload(): Promise<void>;
  /** The metrics of this process. */
  report(): Promise<MetricsReport>;
  /** Answers what was asked, then ends every connection. */
  stop(): Promise<void>;
}

/** @throws PromfedError when the configuration is not valid or the address cannot be had. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { log, clock, version } = options;
  const metrics = createMetrics(version);
  const budget = new MemoryBudget(options.memory);
  const { maxConcurrency } = options;
  const admission = new Admission({ budget, maxConcurrency, isHeapFull: createHeapWatch() });
  metrics.watchMemory(() => ({
    limitBytes: options.memory.limitBytes,
    budgetBytes: options.memory.budgetBytes,
    heldBytes: budget.heldBytes,
    inFlight: admission.inFlight,
    queued: admission.queued,
    rejections: budget.rejections,
  }));
  let running = activate(await options.loadConfig());
  metrics.watchLabelIndex(() => running.federation.labelIndex());
  let ready = true;

  function activate(config: LoadedConfig): {
    readonly config: LoadedConfig;
    readonly federation: Federation;
  } {
    for (const warning of config.warnings) log.warn({ config: warning }, 'configuration');
    const federation = federate(config, {
      ...options,
      admission,
      metrics: { observe: metrics.observeUpstream },
      background: { timers: createTimers(clock), log },
    });
    metrics.configLoaded(config.hash, clock.now());
    return { config, federation };
  }

  const retired = new Set<Federation>();

  /** Requests that began with the old configuration end within their deadline; then its connections go. */
  function retire(old: Federation): void {
    retired.add(old);
    const timer = setTimeout(() => {
      retired.delete(old);
      old.close().catch(() => undefined); // nobody asks it any more
    }, options.queryTimeoutMs);
    timer.unref();
  }

  async function reloadNow(): Promise<void> {
    try {
      const config = await options.loadConfig();
      if (config.hash === running.config.hash) {
        log.info('configuration is unchanged');
        metrics.configLoaded(config.hash, clock.now());
        return;
      }
      const old = running.federation;
      running = activate(config);
      retire(old);
      log.info({ hash: config.hash }, 'configuration loaded');
    } catch (thrown) {
      metrics.configFailed();
      log.error({ reason: asPromfedError(thrown).message }, 'configuration not loaded, the old one goes on');
      throw thrown;
    }
  }

  let lastReload: Promise<void> = Promise.resolve();
  const reload = (): Promise<void> => {
    lastReload = lastReload.catch(() => undefined).then(reloadNow);
    return lastReload;
  };

  const app = createApp({
    engineFor: () => running.federation,
    features: options.features,
    clock,
    queryTimeoutMs: options.queryTimeoutMs,
    version,
    lifecycleEnabled: options.lifecycleEnabled,
    routePrefix: options.routePrefix,
    flags: options.flags,
    isReady: () => ready,
    reload: options.shared?.reload ?? reload,
    configYaml: () => running.config.maskedYaml,
    metrics: options.shared?.metrics ?? metrics.render,
    onAnswered: metrics.observeHttp,
    log,
  });
  const url = await listen(app, options.bindAddr, options.routePrefix);
  log.info({ url, server_groups: running.config.settings.serverGroups.length }, 'promfed is ready');

  return {
    url,
    reload,
    report: metrics.report,
    async stop() {
      ready = false;
      log.info('promfed is stopping');
      await app.close();
      await Promise.all([running.federation, ...retired].map((federation) => federation.close()));
    },
  };
}

/** Listens on every interface when no host is named, IPv6 included where the machine has it. */
async function listen(
  app: ReturnType<typeof createApp>,
  { host, port }: ServerOptions['bindAddr'],
  routePrefix: string,
): Promise<string> {
  try {
    await app.listen({ host: host === '' ? '::' : host, port });
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    if (host !== '' || (code !== 'EAFNOSUPPORT' && code !== 'EADDRNOTAVAIL'))
      throw notListening(thrown, host, port);
    await app.listen({ host: '0.0.0.0', port });
  }
  const address = app.server.address() as AddressInfo;
  const name = host === '' || host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${address.port}${routePrefix}/`;
}

function notListening(thrown: unknown, host: string, port: number): PromfedError {
  const code = (thrown as NodeJS.ErrnoException).code;
  const reason = code === 'EADDRINUSE' ? 'the address is already in use' : (thrown as Error).message;
  return new PromfedError('unavailable', `cannot listen on ${host}:${port}: ${reason}`);
}
