// The bytes of a response body, pushed to one listener.

import { Readable } from 'node:stream';

/** Receives the chunks of a body and then its end, once. */
export interface BodyListener {
  data(chunk: Uint8Array): void;
  end(end: BodyEnd): void;
}

/** The end of a body. */
export interface BodyEnd {
  /** The cause of an incomplete body. Undefined when the body is complete. */
  readonly error: unknown;
}

/** A body that has begun to arrive. The holder listens until the end or destroys the body. */
export interface BodySource {
  /** Passes the body to the listener, beginning with the chunks that have already arrived. Called once. */
  listen(listener: BodyListener): void;
  /** Pauses the sender. Chunks that are already in transit are still passed on. */
  pause(): void;
  resume(): void;
  /** Drops the rest of the body, and closes the connection unless the body has ended. The listener is not called again. */
  destroy(): void;
}

/** Converts a body to a stream, which then owns it. */
export function readableOf(source: BodySource): Readable {
  const readable = new Readable({
    read() {
      source.resume();
    },
    destroy(error, done) {
      source.destroy();
      done(error);
    },
  });
  source.listen({
    data(chunk) {
      if (!readable.push(chunk)) source.pause();
    },
    end({ error }) {
      if (error === undefined) readable.push(null);
      else readable.destroy(error instanceof Error ? error : new Error('incomplete body', { cause: error }));
    },
  });
  return readable;
}

/** Converts a stream to a body, which then owns it. */
export function sourceOf(readable: Readable): BodySource {
  return new ReadableSource(readable);
}

class ReadableSource implements BodySource {
  readonly #readable: Readable;
  #listener: BodyListener | undefined;
  #end: BodyEnd | undefined;

  constructor(readable: Readable) {
    this.#readable = readable;
    // An error event without a listener would end the process.
    readable.on('error', (error) => {
      this.#finish({ error });
    });
  }

  listen(listener: BodyListener): void {
    this.#listener = listener;
    if (this.#end !== undefined) {
      listener.end(this.#end);
      return;
    }
    if (this.#readable.destroyed) {
      this.#finish({ error: this.#readable.errored ?? prematureClose() });
      return;
    }
    this.#readable
      .on('end', () => {
        this.#finish({ error: undefined });
      })
      .on('close', () => {
        // Most streams close after their end: the error is created only when it is needed.
        if (this.#end === undefined) this.#finish({ error: prematureClose() });
      })
      .on('data', (chunk: Uint8Array) => {
        if (this.#end === undefined) listener.data(chunk);
      });
  }

  pause(): void {
    this.#readable.pause();
  }

  resume(): void {
    this.#readable.resume();
  }

  destroy(): void {
    this.#listener = undefined;
    this.#end ??= { error: undefined };
    this.#readable.destroy();
  }

  #finish(end: BodyEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#listener?.end(end);
  }
}

function prematureClose(): Error {
  return Object.assign(new Error('premature close'), { code: 'ERR_STREAM_PREMATURE_CLOSE' });
}
