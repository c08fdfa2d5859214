// The worker's side: a server that has its configuration from the supervising process and asks it for what is one for all.

import cluster, { type Worker } from 'node:cluster';

import type { LoadedConfig } from '../config/index.js';
import { asPromfedError, PromfedError } from '../model/index.js';
import type { MetricsReport } from '../telemetry/index.js';
import {
  fromClone,
  type ClonedConfig,
  type MetricsText,
  type SupervisorCalls,
  type WorkerCalls,
} from './calls.js';
import { createPeer } from './peer.js';

/** What all workers answer alike: the supervising process does. */
export interface Shared {
  readonly reload: () => Promise<void>;
  readonly metrics: () => Promise<MetricsText>;
}

/** The server of one worker. */
export interface WorkerServer {
  readonly url: string;
  reload(): Promise<void>;
  report(): Promise<MetricsReport>;
  stop(): Promise<void>;
}

/** `/metrics` is not kept waiting longer; the supervising process waits for its slowest worker less long. */
const METRICS_LIMIT_MS = 5_000;

/**
 * Runs a server until the supervising process has it stop, or ends. The process then exits.
 *
 * @param start called once, with what a server needs; `loadConfig` is called at the start and at every reload.
 */
export async function runWorker(
  start: (options: unknown, loadConfig: () => Promise<LoadedConfig>, shared: Shared) => Promise<WorkerServer>,
): Promise<void> {
  const own = cluster.worker;
  if (own === undefined) throw new PromfedError('internal', 'a worker runs below a supervising process only');
  // The process above may end while it is written to.
  own.on('error', () => process.exit(1));
  let config: ClonedConfig | undefined;
  let resolveServer!: (server: WorkerServer) => void;
  const server = new Promise<WorkerServer>((resolve) => {
    resolveServer = resolve;
  });

  const supervisor = createPeer<WorkerCalls, SupervisorCalls<unknown>>(
    channelOf(own),
    'the supervising process',
    {
      async switch(next) {
        const running = await server;
        const old = config;
        config = next;
        try {
          await running.reload();
        } catch (thrown) {
          config = old;
          throw thrown;
        }
        return undefined;
      },
      report: async () => (await server).report(),
      async stop() {
        await (await server).stop();
        process.exit(0);
      },
    },
  );

  try {
    const begun = await supervisor.call('begin', undefined);
    config ??= begun.config;
    const started = await start(begun.options, () => Promise.resolve(fromClone(config ?? begun.config)), {
      reload: () => supervisor.call('reload', undefined),
      metrics: () => supervisor.call('metrics', undefined, METRICS_LIMIT_MS),
    });
    await supervisor.call('ready', started.url);
    resolveServer(started);
  } catch (thrown) {
    await supervisor.call('failed', asPromfedError(thrown).message).catch(() => undefined); // it has ended
    process.exit(1);
  }
}

function channelOf(own: Worker): Parameters<typeof createPeer>[0] {
  return {
    send: (message, done) => {
      if (own.isConnected()) own.process.send(message, done);
      else done(new Error('disconnected'));
    },
    onMessage: (listen) => process.on('message', listen),
    onClosed: (listen) => process.once('disconnect', listen),
  };
}
