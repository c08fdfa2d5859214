// All connections of clients: their number, the requests on them, and the time that they may take.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import { PromfedError } from '../../model/index.js';
import { NO_LOG, startTimer, type Log, type MemoryBudget } from '../../runtime/index.js';
import {
  CLIENT_LIMITS,
  CLOSE_REASONS,
  EXTRA_CONNECTIONS,
  MAX_PIPELINED,
  maxHeaderBytes,
  type ClientLimits,
  type CloseReason,
} from './client-limits.js';
import { Connection, type ClientRequest } from './connection.js';
import { readBody } from './read-body.js';
import {
  headerCharge,
  problemOf,
  rejectRequest,
  replyTo,
  TEXT_COPIES,
  waitingCharge,
} from './request-checks.js';
import { RequestMemory } from './request-memory.js';
import { WorkingClock } from './working-clock.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface ConnectionsOptions {
  readonly limits: ClientLimits;
  /** Charged for requests. Undefined when they are not counted. */
  readonly budget?: MemoryBudget;
  /** Called when memory was returned to the budget. */
  readonly onFreed?: () => void;
  /** Number of requests that wait for memory or a slot, or have been rejected for want of it since the latest call. */
  readonly contention?: () => number;
  /** Time for a response, from the arrival of its request to its last byte, unless `deliverWithin` sets another. */
  readonly deliverMs?: number;
  readonly log: Log;
}

/** Reasons that a client can cause at a high rate. They are counted and not logged. */
const QUIET_REASONS: ReadonlySet<CloseReason> = new Set([
  'connection_limit',
  'incomplete_headers',
  'pipelining',
]);

/** Share of the budget that incomplete headers may take. */
const HEADERS_SHARE = 1 / 8;

/** The connections of one server. */
export class Connections {
  /** Connections that promfed has closed, by reason. */
  readonly closed = Object.fromEntries(CLOSE_REASONS.map((reason) => [reason, 0])) as Record<
    CloseReason,
    number
  >;
  readonly #options: ConnectionsOptions;
  readonly #connections = new Map<Socket, Connection>();
  readonly #clock: WorkingClock;
  readonly #memory: RequestMemory;
  #timer: NodeJS.Timeout | undefined;
  #isDraining = false;
  #onDrained: (() => void) | undefined;

  constructor(options: ConnectionsOptions = { limits: CLIENT_LIMITS, log: NO_LOG }) {
    this.#options = options;
    this.#memory = new RequestMemory(options.budget, () => options.onFreed?.());
    this.#clock = new WorkingClock(2 * options.limits.checkMs);
  }

  get open(): number {
    return this.#connections.size;
  }

  /**
   * Creates a server. The requests of one connection are handled one after another.
   *
   * @param isProbe true for the path of a health check, which is answered also on connections beyond the limit.
   */
  createServer(handler: Handler, isProbe: (path: string) => boolean): Server {
    const { headersMs, checkMs, idleMs, maxConnections } = this.#options.limits;
    const server = createServer({
      maxHeaderSize: maxHeaderBytes(maxConnections, this.#options.budget?.limits.budgetBytes),
      headersTimeout: headersMs,
      // Bodies have a limit of their own. A request may be answered before its end.
      requestTimeout: 0,
      connectionsCheckingInterval: checkMs,
      keepAliveTimeout: idleMs,
    });
    const handle = (connection: Connection, { request, response }: ClientRequest): void => {
      const error = problemOf(request) ?? this.#overload(connection, request, isProbe);
      if (error === undefined) handler(request, response);
      else rejectRequest(response, error);
    };
    const arrived: Handler = (request, response) => {
      const connection = this.#connections.get(request.socket);
      // The parser reads the rest of its bytes also when the connection has been closed.
      if (connection !== undefined) this.#arrived(connection, request, response, handle);
    };
    server.on('connection', (socket) => {
      this.#add(socket);
    });
    server.on('request', arrived);
    server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      // Removed before `100 Continue` is sent. Without it, the client may or may not send the body.
      response.setHeader('connection', 'close');
      arrived(request, response);
    });
    return server;
  }

  /** The connection of a request; undefined for one that did not arrive on a connection. */
  #requestOf(request: IncomingMessage): ClientRequest | undefined {
    const current = this.#connections.get(request.socket)?.current;
    return current?.request === request ? current : undefined;
  }

  /** Sets the time until which the response of a request must have been delivered. */
  deliverWithin(request: IncomingMessage, timeoutMs: number): void {
    const current = this.#requestOf(request);
    if (current !== undefined) current.deadlineMs = performance.now() + timeoutMs;
  }

  /**
   * Charges what a request holds to the memory budget until its response has ended.
   *
   * @throws PromfedError `overloaded` when there is no room.
   */
  charge(request: IncomingMessage, bytes: number): void {
    const current = this.#requestOf(request);
    if (current !== undefined) this.#memory.charge(current, bytes);
  }

  /**
   * Reads the body of a request, charged to the memory budget until the response has ended.
   *
   * @throws PromfedError see `readBody`.
   */
  readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
    const current = this.#requestOf(request);
    if (current !== undefined && request.headers.expect !== undefined) {
      const isTooLarge = Number(request.headers['content-length'] ?? 0) > maxBytes;
      if (!isTooLarge) {
        current.response.removeHeader('connection');
        current.response.writeContinue();
      }
    }
    return readBody(request, {
      maxBytes,
      charge: (bytes) => {
        if (current !== undefined) this.#memory.charge(current, bytes * TEXT_COPIES);
      },
      onReading: (expire) => {
        if (current !== undefined) current.expireBody = expire;
      },
    });
  }

  /**
   * Replies to a connection whose request is not valid HTTP, has too long headers, or did not arrive in time. Source of
   * the codes: Node.js, http.
   */
  rejectConnection({ code }: { readonly code?: string }, socket: Socket): void {
    const connection = this.#connections.get(socket);
    const isSilent = connection?.phase === 'new' || !socket.writable;
    const isTimeout = code === 'ERR_HTTP_REQUEST_TIMEOUT';
    this.closed[isTimeout ? 'headers_timeout' : 'invalid_request']++;
    // A reply must not follow the beginning of another one.
    if (isSilent || code === 'ECONNRESET' || connection?.current !== undefined) socket.destroy();
    else socket.end(replyTo(code));
  }

  /**
   * Closes connections without a running request at once, the others when their requests have been answered, and the rest
   * after `shutdownMs`. Resolves when no connection is open.
   */
  async drain(): Promise<void> {
    this.#isDraining = true;
    this.#closeUnused();
    for (const { current } of this.#connections.values()) {
      if (current?.response.headersSent === false) current.response.setHeader('connection', 'close');
    }
    if (this.open === 0) return;
    const drained = new Promise<void>((resolve) => {
      this.#onDrained = resolve;
    });
    const cancel = startTimer(this.#options.limits.shutdownMs, () => {
      for (const connection of this.#connections.values()) this.#close(connection, 'shutdown');
    });
    await drained;
    cancel();
  }

  #add(socket: Socket): void {
    const { maxConnections, checkMs } = this.#options.limits;
    if (this.open >= maxConnections) this.#closeLeastUseful();
    const connection = new Connection(socket, this.#clock.now());
    connection.isExtra = this.open >= maxConnections;
    this.#connections.set(socket, connection);
    if (this.open > maxConnections + EXTRA_CONNECTIONS) this.#closeOldestExtra();
    socket.once('close', () => {
      this.#remove(connection);
    });
    // eslint-disable-next-line no-restricted-syntax -- a constant of the limits
    this.#timer ??= setInterval(() => {
      this.#check();
    }, checkMs).unref();
  }

  #remove(connection: Connection): void {
    this.#connections.delete(connection.socket);
    for (const request of [connection.current, ...connection.waiting.splice(0)]) {
      if (request !== undefined) this.#memory.release(request);
    }
    if (this.open > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#onDrained?.();
  }

  #arrived(
    connection: Connection,
    request: IncomingMessage,
    response: ServerResponse,
    handle: (connection: Connection, request: ClientRequest) => void,
  ): void {
    const arrived: ClientRequest = {
      request,
      response,
      startedMs: this.#clock.now(),
      deadlineMs: performance.now() + (this.#options.deliverMs ?? Infinity),
      chargedBytes: 0,
      isReleased: false,
      expireBody: undefined,
    };
    const begin = (next: ClientRequest): void => {
      connection.current = next;
      next.response.once('close', () => {
        this.#memory.release(next);
        if (connection.current !== next) return;
        connection.answered(this.#clock.now());
        const following = connection.waiting.shift();
        // Node.js never sends, nor closes, a response that follows the last one of a connection.
        if (following?.response.socket === null) this.#memory.release(following);
        else if (following !== undefined) begin(following);
        else if (this.#isDraining) connection.socket.destroySoon();
      });
      try {
        if (next.chargedBytes === 0) this.#memory.charge(next, headerCharge(next.request));
      } catch (thrown) {
        rejectRequest(next.response, thrown as PromfedError);
        return;
      }
      handle(connection, next);
    };
    if (connection.current === undefined) begin(arrived);
    else if (!this.#tryWait(connection, arrived)) this.#close(connection, 'pipelining');
  }

  /** Lets a request wait for the answer to an earlier one. Returns false when there is no room for it. */
  #tryWait({ waiting }: Connection, arrived: ClientRequest): boolean {
    const bytes = waitingCharge(arrived.request);
    if (waiting.length >= MAX_PIPELINED || bytes === undefined) return false;
    try {
      this.#memory.charge(arrived, bytes);
    } catch {
      return false;
    }
    waiting.push(arrived);
    return true;
  }

  #overload(
    connection: Connection,
    { url = '' }: IncomingMessage,
    isProbe: (path: string) => boolean,
  ): PromfedError | undefined {
    const { maxConnections } = this.#options.limits;
    if (connection.isExtra && this.open <= maxConnections) connection.isExtra = false;
    if (!connection.isExtra || isProbe(url)) return undefined;
    this.closed.connection_limit++;
    return new PromfedError(
      'overloaded',
      `too many connections: the limit is ${maxConnections} (--web.max-connections); try again later`,
    );
  }

  /** Closes connections whose time is over. */
  #check(): void {
    const nowMs = this.#clock.tick();
    const { stallMs, lingerMs } = this.#options.limits;
    for (const connection of this.#connections.values()) {
      connection.checkProgress(nowMs);
      const { current, stalledSinceMs, sinceMs } = connection;
      if (stalledSinceMs !== undefined && nowMs - stalledSinceMs >= stallMs)
        this.#close(connection, 'no_progress');
      else if (current?.response.headersSent === true && performance.now() >= current.deadlineMs) {
        this.#close(connection, 'deadline');
      } else if (connection.phase === 'rest' && nowMs - sinceMs >= lingerMs)
        this.#close(connection, 'unread_body');
      else if (connection.phase === 'body' && nowMs - sinceMs >= this.#options.limits.bodyMs) {
        this.#expireBody(connection);
      }
    }
    this.#closeIncomplete();
    this.#closeStalled(nowMs);
    if (this.#isDraining) this.#closeUnused();
  }

  /** Closes the clients that hold up others, the one that has waited longest first. */
  #closeStalled(nowMs: number): void {
    const { contention, limits } = this.#options;
    const demand = this.#isDraining ? Infinity : (contention?.() ?? 0);
    if (demand === 0) return;
    const stalled = [...this.#connections.values()]
      .map((connection) => ({ connection, sinceMs: connection.holdsUpSinceMs }))
      .filter(({ sinceMs }) => nowMs - sinceMs >= limits.contendedStallMs)
      .sort((a, b) => a.sinceMs - b.sinceMs);
    for (const { connection } of stalled.slice(0, demand)) {
      if (connection.phase === 'body') this.#expireBody(connection);
      else this.#close(connection, 'contention');
    }
  }

  /** Closes the oldest connections with incomplete headers while these take too much memory. */
  #closeIncomplete(): void {
    const { budget } = this.#options;
    if (budget === undefined) return;
    const incomplete = [...this.#connections.values()].filter(({ headerBytes }) => headerBytes > 0);
    let bytes = incomplete.reduce((sum, { headerBytes }) => sum + headerBytes, 0);
    incomplete.sort((a, b) => a.sinceMs - b.sinceMs);
    for (const connection of incomplete) {
      if (bytes <= budget.limits.budgetBytes * HEADERS_SHARE) return;
      bytes -= connection.headerBytes;
      this.#close(connection, 'incomplete_headers');
    }
  }

  /** Closes the connections without a request that has arrived completely. */
  #closeUnused(): void {
    for (const connection of this.#connections.values()) {
      if (connection.phase !== 'answering') this.#close(connection, 'shutdown');
    }
  }

  /**
   * Makes room for a new connection: closes one that sends no request, is not in use, or holds up others. Connections that
   * were used a moment ago are kept: otherwise a flood of new ones would close those of Grafana.
   */
  #closeLeastUseful(): void {
    const nowMs = this.#clock.now();
    const { contendedStallMs, contendedIdleMs, silentMs } = this.#options.limits;
    let worst: Connection | undefined;
    let worstRank = 0;
    for (const connection of this.#connections.values()) {
      const { phase, sinceMs } = connection;
      let rank = 0;
      if (phase === 'new' || phase === 'headers' || phase === 'rest')
        rank = nowMs - sinceMs >= silentMs ? 3 : 0;
      else if (phase === 'idle') rank = nowMs - sinceMs >= contendedIdleMs ? 2 : 0;
      else if (nowMs - connection.holdsUpSinceMs >= contendedStallMs) rank = 1;
      if (rank === 0 || rank < worstRank) continue;
      if (rank > worstRank || sinceMs < worst!.sinceMs) [worst, worstRank] = [connection, rank];
    }
    if (worst !== undefined) this.#close(worst, 'connection_limit');
  }

  #closeOldestExtra(): void {
    for (const connection of this.#connections.values()) {
      if (!connection.isExtra) continue;
      this.#close(connection, 'connection_limit');
      return;
    }
  }

  #expireBody({ current }: Connection): void {
    this.closed.body_timeout++;
    current?.response.setHeader('connection', 'close');
    current?.expireBody?.();
  }

  #close(connection: Connection, reason: CloseReason): void {
    const { socket, current } = connection;
    this.closed[reason]++;
    if (!QUIET_REASONS.has(reason)) {
      const fields = { client: socket.remoteAddress, reason, path: current?.request.url?.split('?', 1)[0] };
      this.#options.log.info(fields, 'closing a connection');
    }
    socket.destroy();
    this.#connections.delete(socket);
  }
}
