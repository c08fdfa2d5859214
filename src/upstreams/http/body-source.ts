// The bytes of a response body, pushed to one listener.

import { Readable } from 'node:stream';

/** Receives the chunks of a body and then its end, once. */
export interface BodyListener {
  data(chunk: Uint8Array): void;
  /** @param end its `error` is undefined when the body is complete. */
  end(end: BodyEnd): void;
}

export interface BodyEnd {
  readonly error: unknown;
}

/** A body that has begun to arrive. Its holder listens until its end or destroys it. */
export interface BodySource {
  /** Passes on the body, beginning with what has arrived already. Called once. */
  listen(listener: BodyListener): void;
  /** Chunks that are in transit may still arrive. */
  pause(): void;
  resume(): void;
  /** Drops the rest of the body, and its connection unless the body has ended. The listener is not called any more. */
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
  let listener: BodyListener | undefined;
  let ended: BodyEnd | undefined;
  const end = (reason: BodyEnd): void => {
    if (ended !== undefined) return;
    ended = reason;
    listener?.end(reason);
  };
  // An error event without a listener would end the process.
  readable.on('error', (error) => {
    end({ error });
  });
  return {
    listen(next) {
      listener = next;
      if (readable.destroyed) end({ error: readable.errored ?? prematureClose() });
      else if (ended === undefined) begin(next);
      else next.end(ended);
    },
    pause: () => void readable.pause(),
    resume: () => void readable.resume(),
    destroy() {
      listener = undefined;
      ended ??= { error: undefined };
      readable.destroy();
    },
  };

  function begin(next: BodyListener): void {
    readable
      .on('end', () => {
        end({ error: undefined });
      })
      .on('close', () => {
        // Most streams close after their end: the error is created only when it is needed.
        if (ended === undefined) end({ error: prematureClose() });
      })
      .on('data', (chunk: Uint8Array) => {
        if (ended === undefined) next.data(chunk);
      });
  }
}

function prematureClose(): Error {
  return Object.assign(new Error('premature close'), { code: 'ERR_STREAM_PREMATURE_CLOSE' });
}
