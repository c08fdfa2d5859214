// Several processes that serve one address, with one configuration and one set of metrics.

import type { Logger } from 'pino';

import type { LoadedConfig } from '../config/index.js';
import { PromfedError } from '../model/index.js';
import { Reloader, type Clock } from '../runtime/index.js';
import {
  createMetrics,
  createWorkerMetrics,
  renderReports,
  totalsOf,
  withoutConfiguration,
} from '../telemetry/index.js';
import { cloneable, type MetricsText } from './calls.js';
import { NoAnswer } from './peer.js';
import { WorkerPool, type Member } from './pool.js';
import { RuleEvaluator } from './rule-evaluator.js';

export interface WorkersOptions<Options> {
  /** Number of workers: 2 or more. */
  readonly count: number;
  /** The file that a worker runs: it calls runWorker. */
  readonly file: string;
  /** Node.js' flags for workers. */
  readonly execArgv: readonly string[];
  /** The options of a worker's server besides the configuration; cloned to each. */
  readonly options: Options;
  /** Called in this process only, at the start and at every reload. */
  readonly loadConfig: () => Promise<LoadedConfig>;
  readonly clock: Clock;
  readonly version: string;
  readonly log: Logger;
  /** Returns the number of lines of the log of this process that were not written. */
  readonly droppedLines: () => number;
  /** Maximum time of `stop`. Workers that run longer are killed. */
  readonly stopLimitMs: number;
  /** Called when no worker can be kept running. The workers that still run end with this process. */
  readonly onGivenUp: (error: PromfedError) => void;
}

/** Workers that serve one address, like a single server. */
export interface Workers {
  readonly url: string;
  /** Loads the configuration again, for every worker. @throws PromfedError when it is invalid; the previous one is kept. */
  reload(): Promise<void>;
  /** Resolves when every worker has answered the requests that had arrived, or has been killed, and has exited. */
  stop(): Promise<void>;
}

/** Maximum wait for the metrics of a worker. `/metrics` then has its earlier totals only. */
const REPORT_LIMIT_MS = 2_000;

/** Maximum wait for a worker to switch to a configuration. A busy worker switches later. */
const SWITCH_LIMIT_MS = 30_000;

/**
 * Starts the workers, and returns when all are ready. This process answers no requests itself.
 *
 * @throws PromfedError when the configuration is invalid or a worker cannot serve; what was started ends with this process.
 */
export async function startWorkers<Options>(options: WorkersOptions<Options>): Promise<Workers> {
  const { log, clock, count } = options;
  const metrics = createMetrics(options.version);
  metrics.addLog(options.droppedLines);
  const workerMetrics = createWorkerMetrics();
  const evaluator = new RuleEvaluator(log);
  const reloader: Reloader<LoadedConfig> = await Reloader.start<LoadedConfig>({
    load: options.loadConfig,
    apply: (next, adopt) => switchAll(pool, next, adopt),
    clock,
    log,
    metrics,
  });
  const pool: WorkerPool<Options> = new WorkerPool<Options>({
    ...options,
    functions: {
      begin: () => ({ options: options.options, config: cloneable(reloader.current) }),
      reload: () => reloader.reload(),
      metrics: () => renderAll(pool, metrics, workerMetrics),
      ruleGroups: () => evaluator.groups(),
      alertmanagers: () => evaluator.alertmanagers(),
    },
    onReady: (member) => {
      evaluator.memberReady(member);
    },
    onExit: (member, others) => {
      evaluator.memberExited(member, others);
    },
    onReplaced: () => {
      workerMetrics.replaced();
    },
  });
  const url = await pool.started;
  log.info(
    { url, server_groups: reloader.current.settings.serverGroups.length, workers: count },
    'promfed is ready',
  );
  return {
    url,
    reload: () => reloader.reload(),
    stop() {
      log.info('promfed is stopping');
      return pool.stop(options.stopLimitMs);
    },
  };
}

/** Switches one worker before the others: if one rejects the configuration, all would. */
async function switchAll<Options>(
  pool: WorkerPool<Options>,
  config: LoadedConfig,
  adopt: () => void,
): Promise<void> {
  const first = await switchFirst(pool.members(), config);
  // Workers that start from now on begin with the new configuration.
  adopt();
  const others = pool.members().filter((member) => member !== first);
  const switched = await Promise.all(others.map((member) => trySwitch(member, config)));
  const busy = switched.filter((isDone) => !isDone).length;
  if (busy > 0) {
    throw new PromfedError('unavailable', `${busy} workers are busy and switch to the configuration later`);
  }
}

/** Returns the first worker that has switched; undefined when every worker ended or did not answer. */
async function switchFirst(members: readonly Member[], config: LoadedConfig): Promise<Member | undefined> {
  for (const member of members.filter(({ isReady }) => isReady)) {
    try {
      await member.peer.call('switchConfig', cloneable(config), SWITCH_LIMIT_MS);
      return member;
    } catch (thrown) {
      if (!(thrown instanceof NoAnswer)) throw thrown;
    }
  }
  return undefined;
}

/** Returns false when the worker runs but has not switched. A worker that exited is replaced by one that has. */
async function trySwitch(member: Member, config: LoadedConfig): Promise<boolean> {
  try {
    await member.peer.call('switchConfig', cloneable(config), SWITCH_LIMIT_MS);
    return true;
  } catch {
    return !member.worker.isConnected();
  }
}

/** The metrics of this process and of all workers, those that exited included, as one text. */
async function renderAll<Options>(
  pool: WorkerPool<Options>,
  metrics: ReturnType<typeof createMetrics>,
  workerMetrics: ReturnType<typeof createWorkerMetrics>,
): Promise<MetricsText> {
  const silent = new Set<Member>();
  await Promise.all(
    pool.members().map(async (member) => {
      try {
        member.lastReport = await member.peer.call('report', undefined, REPORT_LIMIT_MS);
      } catch {
        silent.add(member);
      }
    }),
  );
  const own = await metrics.report();
  // Members and past totals are read without a wait in between, so that every worker is part of exactly one of them.
  const members = pool.members();
  const running = members.filter(({ isReady }) => isReady);
  const reports = members.map((member) =>
    silent.has(member) ? totalsOf([member.lastReport]) : withoutConfiguration(member.lastReport),
  );
  const past = pool.pastTotals();
  const workers = await workerMetrics.report(
    running.length,
    running.filter((member) => silent.has(member)).length,
  );
  return renderReports([own, ...reports, past, workers]);
}
