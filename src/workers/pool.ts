// The worker processes: started, watched, replaced when they end unasked, and ended.

import cluster, { type Worker } from 'node:cluster';

import type { Logger } from 'pino';

import { PromfedError } from '../model/index.js';
import type { Clock } from '../runtime/index.js';
import { totalsOf, type MetricsReport } from '../telemetry/index.js';
import type { SupervisorCalls, WorkerCalls } from './calls.js';
import { createPeer, type Answers, type Channel, type Peer } from './peer.js';
import { createRestartPolicy } from './restart-policy.js';

/** What workers ask that the pool does not answer itself. */
export type PoolAnswers<Options> = Omit<Answers<SupervisorCalls<Options>>, 'ready' | 'failed'>;

export interface PoolOptions<Options> {
  readonly count: number;
  /** The file that a worker runs. */
  readonly file: string;
  readonly answers: PoolAnswers<Options>;
  readonly clock: Clock;
  readonly log: Logger;
  /** A worker was started in place of another. */
  readonly onReplaced: () => void;
  /** Workers end again and again before they are ready, and no more are started. Called after the start only. */
  readonly onGivenUp: (error: PromfedError) => void;
}

/** A worker that runs. */
export interface Member {
  readonly worker: Worker;
  readonly peer: Peer<WorkerCalls>;
  readonly startedMs: number;
  isReady: boolean;
  /** What it last reported of its metrics. */
  lastReport: MetricsReport;
}

export interface Pool {
  /** Resolves to the address when all are ready. @throws PromfedError when one cannot serve. */
  readonly started: Promise<string>;
  /** Those that are not ready yet included; the oldest first. */
  members(): readonly Member[];
  /** The totals of the workers that ended, as far as they were reported. */
  pastTotals(): MetricsReport;
  /** Every worker answers what it was asked, and ends. */
  stop(): Promise<void>;
}

/** What keeps the peak of wide answers low (see the Dockerfile); said here for whoever starts us without it. */
const HEAP_FLAG = '--max-semi-space-size';

export function startPool<Options>(options: PoolOptions<Options>): Pool {
  const { count, clock, log } = options;
  const policy = createRestartPolicy();
  const members = new Map<number, Member>();
  const timers = new Set<NodeJS.Timeout>();
  let pastTotals: MetricsReport = [];
  let lastFailure: string | undefined;
  let isStopping = false;
  let hasStarted = false;
  let onStarted!: (url: string) => void;
  let onFailed!: (error: PromfedError) => void;
  const started = new Promise<string>((resolve, reject) => {
    onStarted = resolve;
    onFailed = reject;
  });
  started.catch(() => undefined); // whoever waits for it is told

  // Workers take connections from the one listening socket themselves. Handed out in turn instead, one that is on its way
  // to a worker that has just died would be neither served nor closed, and its client would wait.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary({
    exec: options.file,
    args: [],
    execArgv: execArgv(),
    // Times beyond a double's text, undefined and sets arrive as they are.
    serialization: 'advanced',
  });
  for (let i = 0; i < count; i++) startOne();

  function startOne(): void {
    const worker = cluster.fork();
    const member: Member = {
      worker,
      peer: createPeer<SupervisorCalls<Options>, WorkerCalls>(channelOf(worker), 'a worker', {
        ...options.answers,
        ready: (url) => {
          becameReady(member, url);
          return undefined;
        },
        failed: (message) => {
          lastFailure = message;
          if (hasStarted) log.error({ reason: message }, 'a worker cannot serve');
          else onFailed(new PromfedError('unavailable', message));
          return undefined;
        },
      }),
      startedMs: clock.now(),
      isReady: false,
      lastReport: [],
    };
    members.set(worker.id, member);
    worker.once('exit', (code, signal) => {
      ended(member, code, signal);
    });
    worker.on('error', (error) => {
      log.error({ reason: error.message }, 'a worker cannot be reached');
    });
  }

  function becameReady(member: Member, url: string): void {
    member.isReady = true;
    policy.started();
    if (hasStarted) {
      log.info({ pid: member.worker.process.pid }, 'a worker is ready');
    } else if ([...members.values()].filter(({ isReady }) => isReady).length === count) {
      hasStarted = true;
      onStarted(url);
    }
  }

  function ended(member: Member, code: number | null, signal: string | null): void {
    members.delete(member.worker.id);
    pastTotals = totalsOf([pastTotals, member.lastReport]);
    if (isStopping) return;
    const delayMs = policy.ended({
      wasReady: member.isReady,
      lifeMs: clock.now() - member.startedMs,
    });
    const how = { pid: member.worker.process.pid, ...(signal ? { signal } : { code }) };
    if (delayMs === undefined) {
      const reason = lastFailure === undefined ? '' : `: ${lastFailure}`;
      const error = new PromfedError('unavailable', `workers end before they are ready${reason}`);
      if (hasStarted) options.onGivenUp(error);
      else onFailed(error);
      return;
    }
    log.error({ ...how, replaced_in_ms: delayMs }, 'a worker ended and is replaced');
    const timer = setTimeout(() => {
      timers.delete(timer);
      startOne();
      options.onReplaced();
    }, delayMs);
    timers.add(timer);
  }

  return {
    started,
    members: () => [...members.values()],
    pastTotals: () => pastTotals,
    async stop() {
      isStopping = true;
      for (const timer of timers) clearTimeout(timer);
      await Promise.all(
        [...members.values()].map(async ({ worker, peer }) => {
          const exit = new Promise<void>((resolve) => {
            worker.once('exit', () => {
              resolve();
            });
          });
          // It ends without an answer, or has ended by itself.
          await Promise.all([exit, peer.call('stop', undefined).catch(() => undefined)]);
        }),
      );
    },
  };
}

/** Node's flags of this process, which workers inherit, and the heap's that fits them. */
function execArgv(): string[] {
  const given = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(' ')];
  const isGiven = given.some((flag) => flag.replaceAll('_', '-').startsWith(HEAP_FLAG));
  return isGiven ? process.execArgv : [...process.execArgv, `${HEAP_FLAG}=4`];
}

function channelOf(worker: Worker): Channel {
  return {
    send: (message, done) => {
      if (worker.isConnected()) worker.process.send(message, done);
      else done(new Error('disconnected'));
    },
    onMessage: (listen) => worker.on('message', listen),
    onClosed: (listen) => worker.once('disconnect', listen),
  };
}
