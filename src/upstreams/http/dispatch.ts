// Sends requests over a pool by undici's dispatch, which costs less than its methods with streams and signals.

import type { IncomingHttpHeaders } from 'node:http';

import type { Dispatcher } from 'undici';

import type { BodyEnd, BodyListener, BodySource } from './body-source.js';
import type { Exchange, HttpResponse } from './exchange.js';
import { requestFailure } from './failure.js';

/** Number of bytes buffered before a body has a listener. Then the connection is paused. */
const MAX_WAITING_BYTES = 64 << 10;

/** Creates the innermost exchange, which sends requests over a pool. */
export function createDispatch(pool: Pick<Dispatcher, 'dispatch'>): Exchange {
  return (request, scope) =>
    new Promise((resolve, reject) => {
      if (scope.reason !== undefined) {
        reject(requestFailure(scope.reason, 'headers'));
        return;
      }
      const response = new PendingResponse(resolve, reject);
      scope.run(response);
      const { method, path, headers, body = null } = request;
      pool.dispatch({ method, path, headers: headers as string[], body }, response);
    });
}

/** The response to one request, as undici reports it. */
class PendingResponse implements Dispatcher.DispatchHandler, BodySource {
  readonly #resolve: (response: HttpResponse) => void;
  readonly #reject: (error: Error) => void;
  #controller: Dispatcher.DispatchController | undefined;
  /** Reason of an abort, passed to undici once the request has a connection. */
  #aborted: Error | undefined;
  #listener: BodyListener | undefined;
  /** Chunks that arrived before there was a listener. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #paused = false;
  #begun = false;
  #end: BodyEnd | undefined;

  constructor(resolve: (response: HttpResponse) => void, reject: (error: Error) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Ends the request immediately: undici reports an abort only once there is a connection, which may be never. */
  abort(reason: Error): void {
    this.#finish(reason);
    this.#aborted = reason;
    this.#controller?.abort(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#aborted !== undefined) controller.abort(this.#aborted);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    // Informational responses.
    if (status < 200 || this.#end !== undefined) return;
    this.#begun = true;
    this.#resolve({ status, headers, body: this });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#end !== undefined) return;
    if (this.#listener !== undefined) {
      this.#deliver(chunk);
      return;
    }
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes >= MAX_WAITING_BYTES) this.pause();
  }

  onResponseEnd(): void {
    this.#finish(undefined);
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#finish(error);
  }

  listen(listener: BodyListener): void {
    const wasPaused = this.#paused;
    this.#paused = false;
    this.#listener = listener;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const chunk of waiting) this.#deliver(chunk);
    if (this.#end !== undefined) this.#deliverEnd(this.#end);
    else if (wasPaused && !this.#isPaused()) this.#controller?.resume();
  }

  pause(): void {
    this.#paused = true;
    this.#controller?.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#controller?.resume();
  }

  destroy(): void {
    this.#listener = undefined;
    this.#waiting = [];
    if (this.#end !== undefined) return;
    this.#end = { error: undefined };
    this.#aborted = new Error('the response is not needed');
    this.#controller?.abort(this.#aborted);
  }

  /** Passes a chunk to the listener, unless the listener has destroyed the body. */
  #deliver(chunk: Uint8Array): void {
    this.#listener?.data(chunk);
  }

  #deliverEnd(end: BodyEnd): void {
    this.#listener?.end(end);
  }

  /** Reports whether the listener has paused the body, which it may do while it receives the buffered chunks. */
  #isPaused(): boolean {
    return this.#paused;
  }

  #finish(error: Error | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    if (this.#begun) this.#deliverEnd(this.#end);
    else this.#reject(error ?? new Error('no response'));
  }
}
