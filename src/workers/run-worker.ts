// The worker's side: a server that receives its configuration from the supervisor, and calls it for reloads, metrics and rules.

import cluster from 'node:cluster';

import type { LoadedConfig } from '../config/index.js';
import { asPromfedError, PromfedError } from '../model/index.js';
import type { RulesApi } from '../rules/index.js';
import type { MetricsReport } from '../telemetry/index.js';
import {
  fromClone,
  type ClonedConfig,
  type MetricsText,
  type RunningRequest,
  type SupervisorFunctions,
  type WorkerFunctions,
} from './calls.js';
import { channelOf } from './channel.js';
import { createPeer } from './peer.js';

/** The supervisor as the server of a worker uses it. Reloads and metrics are those of all workers. */
export interface Supervisor {
  readonly reload: () => Promise<void>;
  readonly metrics: () => Promise<MetricsText>;
  /** Remembers requests that run, and the bytes that all of them hold, for the log. */
  readonly running: (requests: readonly RunningRequest[], heldBytes: number) => void;
  /** The rules of the worker that evaluates them. */
  readonly rules: RulesApi;
}

/** The server of one worker. */
export interface WorkerServer {
  readonly url: string;
  reload(): Promise<void>;
  report(): Promise<MetricsReport>;
  evaluateRules(): Promise<void>;
  /** The rules that this worker evaluates. */
  readonly rules: RulesApi;
  stop(): Promise<void>;
}

/** Maximum wait for the metrics of all workers. The supervisor waits less for each worker. */
const METRICS_LIMIT_MS = 5_000;

/** Maximum wait for the rules of the worker that evaluates them. */
const RULES_LIMIT_MS = 10_000;

/**
 * Runs a server until the supervisor stops it or ends. The process then exits.
 *
 * @param start called once with the server's options; `loadConfig` is called at the start and at every reload.
 */
export async function runWorker(
  start: (
    options: unknown,
    loadConfig: () => Promise<LoadedConfig>,
    supervisor: Supervisor,
  ) => Promise<WorkerServer>,
): Promise<void> {
  const { worker } = cluster;
  if (worker === undefined) throw new PromfedError('internal', 'a worker runs below a supervisor only');
  // The supervisor may end during a write to it.
  worker.on('error', () => process.exit(1));
  let config!: ClonedConfig;
  let resolveServer!: (server: WorkerServer) => void;
  const server = new Promise<WorkerServer>((resolve) => {
    resolveServer = resolve;
  });

  const functions: WorkerFunctions = {
    async switchConfig(next) {
      const running = await server;
      const previous = config;
      config = next;
      try {
        await running.reload();
      } catch (thrown) {
        config = previous;
        throw thrown;
      }
    },
    report: async () => (await server).report(),
    evaluateRules: async () => (await server).evaluateRules(),
    ruleGroups: async () => (await server).rules.groups(),
    alertmanagers: async () => (await server).rules.alertmanagers(),
    async stop() {
      await (await server).stop();
      process.exit(0);
    },
  };
  const supervisor = createPeer<SupervisorFunctions<unknown>, WorkerFunctions>(
    channelOf(process),
    'the supervisor',
    functions,
  );

  try {
    const { options, config: first } = await supervisor.call('begin', undefined);
    config = first;
    const running = await start(options, () => Promise.resolve(fromClone(config)), {
      reload: () => supervisor.call('reload', undefined),
      metrics: () => supervisor.call('metrics', undefined, METRICS_LIMIT_MS),
      running: (requests, heldBytes) => {
        supervisor.notify('running', { requests, heldBytes });
      },
      rules: {
        groups: () => supervisor.call('ruleGroups', undefined, RULES_LIMIT_MS),
        alertmanagers: () => supervisor.call('alertmanagers', undefined, RULES_LIMIT_MS),
      },
    });
    await supervisor.call('ready', running.url);
    resolveServer(running);
  } catch (thrown) {
    await supervisor.call('failed', asPromfedError(thrown).message).catch(() => undefined); // it has ended
    process.exit(1);
  }
}
