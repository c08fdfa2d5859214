// Several processes that serve one address: one configuration, one set of metrics, one end.

import type { Logger } from 'pino';

import type { LoadedConfig } from '../config/index.js';
import { asPromfedError, PromfedError } from '../model/index.js';
import type { Clock } from '../runtime/index.js';
import {
  createMetrics,
  createWorkerMetrics,
  renderReports,
  totalsOf,
  withoutConfiguration,
} from '../telemetry/index.js';
import { cloneable, type MetricsText } from './calls.js';
import { NoAnswer } from './peer.js';
import { startPool, type Member } from './pool.js';

export interface WorkersOptions<Options> {
  /** How many: 2 or more. */
  readonly count: number;
  /** The file that a worker runs: it calls runWorker. */
  readonly file: string;
  /** What a worker's server needs beside the configuration; cloned to each. */
  readonly options: Options;
  /** Called here only, at the start and at every reload. */
  readonly loadConfig: () => Promise<LoadedConfig>;
  readonly clock: Clock;
  readonly version: string;
  readonly log: Logger;
  /** No worker can be kept running. The workers that still run end with this process. */
  readonly onGivenUp: (error: PromfedError) => void;
}

/** Workers that all serve one address; as one process does, seen from outside. */
export interface Workers {
  readonly url: string;
  /** Loads the configuration anew, for every worker. Throws, and keeps the old one, when it is not valid. */
  reload(): Promise<void>;
  /** Every worker answers what it was asked, then ends. */
  stop(): Promise<void>;
}

/** `/metrics` is answered without the workers that take longer. */
const REPORT_LIMIT_MS = 2_000;

/** A worker that takes longer for its part of a reload is busy; it switches when it gets to it. */
const SWITCH_LIMIT_MS = 30_000;

/**
 * Starts the workers, and returns when all are ready. This process answers no request itself.
 *
 * @throws PromfedError when the configuration is not valid or a worker cannot serve; what was started ends with this process.
 */
export async function startWorkers<Options>(options: WorkersOptions<Options>): Promise<Workers> {
  const { log, clock, version } = options;
  const metrics = createMetrics(version);
  const workerMetrics = createWorkerMetrics();
  let config = await options.loadConfig();
  became(config);

  const pool = startPool<Options>({
    ...options,
    answers: {
      begin: () => ({ options: options.options, config: cloneable(config) }),
      reload: async () => {
        await reload();
        return undefined;
      },
      metrics: render,
    },
    onReplaced: () => {
      workerMetrics.replaced();
    },
  });

  function became(loaded: LoadedConfig): void {
    config = loaded;
    for (const warning of config.warnings) log.warn({ config: warning }, 'configuration');
    metrics.configLoaded(config.hash, clock.now());
  }

  async function reloadNow(): Promise<void> {
    try {
      const next = await options.loadConfig();
      if (next.hash === config.hash) {
        log.info('configuration is unchanged');
        metrics.configLoaded(config.hash, clock.now());
        return;
      }
      const members = pool.members();
      const first = await tryOnOne(members, next);
      // Whoever starts from here on begins with the new one.
      became(next);
      const rest = pool.members().filter((member) => member !== first);
      const late = (await Promise.all(rest.map((member) => switchTo(member, next)))).filter(Boolean).length;
      if (late > 0) {
        throw new PromfedError('unavailable', `${late} workers are busy and take it over later`);
      }
      log.info({ hash: next.hash }, 'configuration loaded');
    } catch (thrown) {
      metrics.configFailed();
      const reason = asPromfedError(thrown).message;
      log.error({ reason }, 'configuration not loaded, the old one goes on');
      throw thrown;
    }
  }

  let lastReload: Promise<void> = Promise.resolve();
  const reload = (): Promise<void> => {
    lastReload = lastReload.catch(() => undefined).then(reloadNow);
    return lastReload;
  };

  async function render(): Promise<MetricsText> {
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
    // From here on nothing waits: a worker is either among the members or in the totals of the past.
    const members = pool.members();
    const running = members.filter(({ isReady }) => isReady);
    const theirs = members.map((member) =>
      silent.has(member) ? totalsOf([member.lastReport]) : withoutConfiguration(member.lastReport),
    );
    const past = pool.pastTotals();
    const about = await workerMetrics.report(
      running.length,
      running.filter((member) => silent.has(member)).length,
    );
    return renderReports([own, ...theirs, past, about]);
  }

  const url = await pool.started;
  log.info(
    { url, server_groups: config.settings.serverGroups.length, workers: options.count },
    'promfed is ready',
  );

  return {
    url,
    reload,
    async stop() {
      log.info('promfed is stopping');
      await pool.stop();
    },
  };
}

/**
 * Has one worker take over a configuration before the others are asked to: what one refuses, all would.
 * Resolves to that worker; undefined when none lived to answer.
 */
async function tryOnOne(members: readonly Member[], config: LoadedConfig): Promise<Member | undefined> {
  for (const member of members.filter(({ isReady }) => isReady)) {
    try {
      await member.peer.call('switch', cloneable(config), SWITCH_LIMIT_MS);
      return member;
    } catch (thrown) {
      if (!(thrown instanceof NoAnswer)) throw thrown;
    }
  }
  return undefined;
}

/** Whether the worker runs but has not switched. One that ended needs not: another begins with the configuration. */
async function switchTo(member: Member, config: LoadedConfig): Promise<boolean> {
  try {
    await member.peer.call('switch', cloneable(config), SWITCH_LIMIT_MS);
    return false;
  } catch {
    return member.worker.isConnected();
  }
}
