// One connection of a client: the request that it sends or waits for, and its progress.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** A request whose headers have arrived. */
export interface ClientRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** When its headers had arrived. */
  readonly startedMs: number;
  /** When its response must have been delivered, on the monotonic clock. */
  deadlineMs: number;
  /** Bytes charged to the memory budget. */
  chargedBytes: number;
  /** True when the response has ended: nothing more is charged. */
  isReleased: boolean;
  /** Ends the reading of the body with 408. Undefined when no body is being read. */
  expireBody: (() => void) | undefined;
}

/**
 * The state of a connection: `new` before its first byte, `headers` within the headers of a request, `body` while the
 * body is read, `answering` until the response is delivered, `rest` when it was delivered before the request had ended, and
 * `idle`.
 */
export type Phase = 'new' | 'headers' | 'body' | 'answering' | 'rest' | 'idle';

/** Times are those of the clock of `Connections`. */
export class Connection {
  readonly socket: Socket;
  /** True for a connection beyond the limit. */
  isExtra = false;
  /** The request that is being answered. */
  current: ClientRequest | undefined;
  /** Requests that wait for the answer to an earlier one. */
  readonly waiting: ClientRequest[] = [];
  /** When the connection was opened, or its latest response ended. */
  #sinceMs: number;
  #answered = 0;
  /** The latest answered request, when it had not ended. */
  #unfinished: IncomingMessage | undefined;
  /** Bytes that had been read when the latest response ended. */
  #readBytes = 0;
  #deliveredBytes = 0;
  #stalledSinceMs: number | undefined;

  constructor(socket: Socket, nowMs: number) {
    this.socket = socket;
    this.#sinceMs = nowMs;
  }

  get phase(): Phase {
    if (this.current !== undefined) return this.current.expireBody === undefined ? 'answering' : 'body';
    if (this.#unfinished?.complete === false) return 'rest';
    if (this.socket.bytesRead > this.#readBytes) return 'headers';
    return this.#answered === 0 ? 'new' : 'idle';
  }

  /** Start of the phase. Headers count from the end of the phase before: at most a check too early. */
  get sinceMs(): number {
    return this.current?.startedMs ?? this.#sinceMs;
  }

  /** Bytes of incomplete headers. */
  get headerBytes(): number {
    return this.phase === 'headers' ? this.socket.bytesRead - this.#readBytes : 0;
  }

  /** When the client last accepted a part of what is ready to be sent. Undefined when it has accepted everything. */
  get stalledSinceMs(): number | undefined {
    return this.#stalledSinceMs;
  }

  /** Since when the client makes no use of what is held for it; infinite for one that does. */
  get holdsUpSinceMs(): number {
    if (this.phase === 'body') return this.sinceMs;
    return this.#stalledSinceMs ?? Infinity;
  }

  /** Updates `stalledSinceMs`. Bytes count as accepted when the kernel has taken the whole chunk. */
  checkProgress(nowMs: number): void {
    const { writableLength, bytesWritten } = this.socket;
    const deliveredBytes = bytesWritten - writableLength;
    if (writableLength === 0) this.#stalledSinceMs = undefined;
    else if (this.#stalledSinceMs === undefined || deliveredBytes !== this.#deliveredBytes) {
      this.#stalledSinceMs = nowMs;
    }
    this.#deliveredBytes = deliveredBytes;
  }

  /** Ends the current request. */
  answered(nowMs: number): void {
    const request = this.current?.request;
    this.#unfinished = request?.complete === false ? request : undefined;
    this.current = undefined;
    this.#answered++;
    this.#sinceMs = nowMs;
    this.#readBytes = this.socket.bytesRead;
  }
}
