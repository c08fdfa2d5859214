// The requests that run, for the log of a supervisor whose worker ends. Most requests are over before they are reported.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import type { Clock } from '../runtime/index.js';

/** A request that runs. */
export interface RunningRequest {
  /** Pattern of the route. */
  readonly route: string;
  /** Start of the query, or of its matchers. */
  readonly query: string;
  readonly startedMs: number;
}

/** Requests that run longer are reported. */
const REPORT_AFTER_MS = 100;
/** Time between two reports of requests that have just started. The request that blocks the process is often such a one. */
const START_INTERVAL_MS = 50;
/** Bounds on a report: the number of requests, and the characters of each query. */
const MAX_REPORTED = 10;
const MAX_QUERY_LENGTH = 1024;
/** Characters of a form that are searched for its query. A percent-encoded character takes up to twelve of them. */
const MAX_FORM_LENGTH = 12 * MAX_QUERY_LENGTH;

interface Entry {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly startedMs: number;
}

/**
 * Reports the requests that run: those that have run for a while, and now and then one that starts. A small query costs an
 * entry of a set.
 */
export class RunningRequests {
  readonly #clock: Clock;
  readonly #report: (running: readonly RunningRequest[]) => void;
  readonly #entries = new Set<Entry>();
  #isArmed = false;
  #startReportedMs = -Infinity;
  /** Requests of the last sweep. */
  #old: readonly Entry[] = [];
  /** True when the last report has a request that had just started. */
  #hasStart = false;

  /** @param report receives all requests to remember, in place of those of the report before; the oldest first. */
  constructor(clock: Clock, report: (running: readonly RunningRequest[]) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  /** Follows the requests of the API, from when they have been read. */
  follow(app: FastifyInstance): void {
    const entries = new WeakMap<FastifyRequest, Entry>();
    app.addHook('preHandler', (request, reply, done) => {
      if (request.routeOptions.url?.includes('/api/') !== true) {
        done();
        return;
      }
      const entry = { request, reply, startedMs: this.#clock.now() };
      entries.set(request, entry);
      this.#begin(entry);
      done();
    });
    app.addHook('onResponse', (request, _reply, done) => {
      const entry = entries.get(request);
      if (entry !== undefined) this.#entries.delete(entry);
      done();
    });
  }

  #begin(entry: Entry): void {
    this.#entries.add(entry);
    if (entry.startedMs - this.#startReportedMs >= START_INTERVAL_MS) {
      this.#startReportedMs = entry.startedMs;
      this.#hasStart = true;
      this.#report([...this.#old.slice(0, MAX_REPORTED - 1), entry].map(describe));
    }
    if (!this.#isArmed) this.#arm();
  }

  #arm(): void {
    this.#isArmed = true;
    setTimeout(() => {
      this.#sweep();
      this.#isArmed = this.#entries.size > 0;
      if (this.#isArmed) this.#arm();
    }, REPORT_AFTER_MS).unref();
  }

  #sweep(): void {
    const endMs = this.#clock.now() - REPORT_AFTER_MS;
    const old: Entry[] = [];
    for (const entry of this.#entries) {
      // A client that leaves ends a request without a response.
      if (entry.reply.raw.destroyed) this.#entries.delete(entry);
      else if (entry.startedMs <= endMs && old.length < MAX_REPORTED) old.push(entry);
    }
    const isKnown = old.length === this.#old.length && old.every((one, i) => one === this.#old[i]);
    if (!isKnown || this.#hasStart) this.#report(old.map(describe));
    this.#old = old;
    this.#hasStart = false;
  }
}

function describe({ request, startedMs }: Entry): RunningRequest {
  const { body, url } = request;
  const form = Buffer.isBuffer(body) ? body.toString('latin1', 0, MAX_FORM_LENGTH) : '';
  const query = url.slice(url.indexOf('?') + 1, MAX_FORM_LENGTH);
  const parameters = new URLSearchParams(`${form}&${query}`);
  const text = parameters.get('query') ?? parameters.getAll('match[]').join(' ');
  return { route: request.routeOptions.url ?? 'unknown', query: text.slice(0, MAX_QUERY_LENGTH), startedMs };
}
