// The worker processes: started, replaced when they exit, and stopped.

import cluster, { type Worker } from 'node:cluster';

import type { Logger } from 'pino';

import { PromfedError } from '../model/index.js';
import { startTimer, type Clock } from '../runtime/index.js';
import { totalsOf, type MetricsReport } from '../telemetry/index.js';
import type { RunningRequest, SupervisorFunctions, WorkerFunctions } from './calls.js';
import { channelOf } from './channel.js';
import { createPeer, type Peer } from './peer.js';
import { RestartPolicy } from './restart-policy.js';

export interface PoolOptions<Options> {
  readonly count: number;
  /** The file that a worker runs. */
  readonly file: string;
  /** Node.js' flags for workers. */
  readonly execArgv: readonly string[];
  /** The functions that workers call, except those of the pool itself. */
  readonly functions: Omit<SupervisorFunctions<Options>, 'ready' | 'failed' | 'running'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onReady: (member: Member) => void;
  /** Called when a worker has exited. @param others the workers that still run. */
  readonly onExit: (member: Member, others: readonly Member[]) => void;
  /** Called when a worker was started in place of another. */
  readonly onReplaced: () => void;
  /** Called after the start when workers repeatedly exit before they are ready. No more are started. */
  readonly onGivenUp: (error: PromfedError) => void;
}

/** A running worker. */
export interface Member {
  readonly worker: Worker;
  readonly peer: Peer<WorkerFunctions>;
  readonly startedMs: number;
  isReady: boolean;
  /** The metrics that it reported last. */
  lastReport: MetricsReport;
  /** The requests that it reported last. */
  running: { readonly requests: readonly RunningRequest[]; readonly heldBytes: number };
}

/** A fixed number of workers. */
export class WorkerPool<Options> {
  /** Resolves to the URL when all workers are ready. Rejects with a PromfedError when one cannot serve. */
  readonly started: Promise<string>;
  readonly #options: PoolOptions<Options>;
  readonly #policy = new RestartPolicy();
  readonly #members = new Map<number, Member>();
  readonly #restarts = new Set<() => void>();
  #pastTotals: MetricsReport = [];
  #lastFailure: string | undefined;
  #isStopping = false;
  #hasStarted = false;
  #resolveStarted!: (url: string) => void;
  #rejectStarted!: (error: PromfedError) => void;

  constructor(options: PoolOptions<Options>) {
    this.#options = options;
    this.started = new Promise((resolve, reject) => {
      this.#resolveStarted = resolve;
      this.#rejectStarted = reject;
    });
    this.started.catch(() => undefined); // the caller may wait for it later
    // Workers accept connections from the shared socket themselves. If the supervisor handed connections out in turn,
    // one sent to a worker that has just died would be neither served nor closed, and its client would wait.
    cluster.schedulingPolicy = cluster.SCHED_NONE;
    cluster.setupPrimary({
      exec: options.file,
      args: [],
      execArgv: [...options.execArgv],
      // Keeps infinite numbers, undefined and sets.
      serialization: 'advanced',
    });
    for (let i = 0; i < options.count; i++) this.#startOne();
  }

  /** All running workers, those that are not ready included; the oldest first. */
  members(): readonly Member[] {
    return [...this.#members.values()];
  }

  /** The totals of the workers that exited, up to their last reports. */
  pastTotals(): MetricsReport {
    return this.#pastTotals;
  }

  /**
   * Resolves when every worker has answered the requests that had arrived, and has exited. Workers that run after `limitMs`
   * are killed.
   */
  async stop(limitMs: number): Promise<void> {
    this.#isStopping = true;
    for (const cancel of this.#restarts) cancel();
    await Promise.all(
      this.members().map(async ({ worker, peer }) => {
        const exit = new Promise<void>((resolve) => {
          worker.once('exit', () => {
            resolve();
          });
        });
        const cancel = startTimer(limitMs, () => {
          this.#options.log.error({ pid: worker.process.pid }, 'worker does not stop; killing it');
          worker.process.kill('SIGKILL');
        });
        // The worker exits without an answer.
        await Promise.all([exit, peer.call('stop', undefined).catch(() => undefined)]);
        cancel();
      }),
    );
  }

  #startOne(): void {
    const { clock, log, functions } = this.#options;
    const worker = cluster.fork();
    const local: SupervisorFunctions<Options> = {
      ...functions,
      ready: (url) => {
        this.#onReady(member, url);
      },
      running: (report) => {
        member.running = report;
      },
      failed: (reason) => {
        this.#onFailed(reason);
      },
    };
    const member: Member = {
      worker,
      peer: createPeer<WorkerFunctions, SupervisorFunctions<Options>>(
        channelOf(worker.process),
        'a worker',
        local,
      ),
      startedMs: clock.now(),
      isReady: false,
      lastReport: [],
      running: { requests: [], heldBytes: 0 },
    };
    this.#members.set(worker.id, member);
    worker.once('exit', (code, signal) => {
      this.#onExit(member, code, signal);
    });
    worker.on('error', (error) => {
      log.error({ pid: worker.process.pid, err: error.message }, 'worker cannot be reached');
    });
  }

  #onReady(member: Member, url: string): void {
    member.isReady = true;
    this.#options.onReady(member);
    this.#policy.workerReady();
    if (this.#hasStarted) {
      this.#options.log.info({ pid: member.worker.process.pid }, 'worker is ready');
    } else if (this.members().filter(({ isReady }) => isReady).length === this.#options.count) {
      this.#hasStarted = true;
      this.#resolveStarted(url);
    }
  }

  #onFailed(reason: string): void {
    this.#lastFailure = reason;
    if (this.#hasStarted) this.#options.log.error({ err: reason }, 'worker cannot serve');
    else this.#rejectStarted(new PromfedError('unavailable', reason));
  }

  #onExit(member: Member, code: number | null, signal: string | null): void {
    const { clock, log } = this.#options;
    this.#members.delete(member.worker.id);
    this.#pastTotals = totalsOf([this.#pastTotals, member.lastReport]);
    if (this.#isStopping) return;
    this.#options.onExit(member, this.members());
    this.#logRunning(member);
    const delayMs = this.#policy.workerExited({
      wasReady: member.isReady,
      lifeMs: clock.now() - member.startedMs,
    });
    if (delayMs === undefined) {
      this.#giveUp();
      return;
    }
    const fields = { pid: member.worker.process.pid, ...(signal ? { signal } : { code }) };
    log.error({ ...fields, delay_ms: delayMs }, 'worker exited; restarting');
    const cancel = startTimer(delayMs, () => {
      this.#restarts.delete(cancel);
      this.#startOne();
      this.#options.onReplaced();
    });
    this.#restarts.add(cancel);
  }

  /** Logs the requests of a worker that ended. One of them may be the reason. */
  #logRunning({ worker, running }: Member): void {
    const { clock, log } = this.#options;
    const { requests, heldBytes } = running;
    for (const { route, query, startedMs } of requests) {
      const fields = { route, query, age_ms: clock.now() - startedMs, held_bytes_of_all: heldBytes };
      log.error({ pid: worker.process.pid, ...fields }, 'request that the worker was running');
    }
  }

  #giveUp(): void {
    const reason = this.#lastFailure === undefined ? '' : `: ${this.#lastFailure}`;
    const error = new PromfedError('unavailable', `workers exit before they are ready${reason}`);
    if (this.#hasStarted) this.#options.onGivenUp(error);
    else this.#rejectStarted(error);
  }
}
