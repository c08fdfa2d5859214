// Where the bytes of an answer's body come from: pushed to one listener, paused and let go.

import { Readable } from 'node:stream';

/** Told of a body, in order: chunks, then the end, once. */
export interface BodyListener {
  data(chunk: Uint8Array): void;
  /** @param end its `error` is undefined at the good end. */
  end(end: BodyEnd): void;
}

export interface BodyEnd {
  readonly error: unknown;
}

/** A body that has begun to arrive. Whoever holds it listens until its end or destroys it. */
export interface BodySource {
  /** Begins to hand the body on, what has arrived already at once. Called once. */
  listen(listener: BodyListener): void;
  /** What is under way may still come. */
  pause(): void;
  resume(): void;
  /** Ends it at once, and its connection unless the body has ended; the listener is told nothing more. */
  destroy(): void;
}

/** A body as a stream, for who needs one. Takes the source over. */
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
      else
        readable.destroy(error instanceof Error ? error : new Error('the body broke off', { cause: error }));
    },
  });
  return readable;
}

/** A stream as a body. Takes the stream over. */
export function sourceOf(readable: Readable): BodySource {
  let listener: BodyListener | undefined;
  let ended: BodyEnd | undefined;
  const end = (how: BodyEnd): void => {
    if (ended !== undefined) return;
    ended = how;
    listener?.end(how);
  };
  // A stream that is destroyed while nobody reads reports it as an event, and an unheard one ends the process.
  readable.on('error', (error) => {
    end({ error });
  });
  return {
    listen(told) {
      listener = told;
      if (readable.destroyed) end({ error: readable.errored ?? prematureClose() });
      else if (ended === undefined) begin(told);
      else told.end(ended);
    },
    pause: () => void readable.pause(),
    resume: () => void readable.resume(),
    destroy() {
      listener = undefined;
      ended ??= { error: undefined };
      readable.destroy();
    },
  };

  function begin(told: BodyListener): void {
    readable
      .on('end', () => {
        end({ error: undefined });
      })
      .on('close', () => {
        // Nearly every stream closes after its end: the error is not made for nothing.
        if (ended === undefined) end({ error: prematureClose() });
      })
      .on('data', (chunk: Uint8Array) => {
        if (ended === undefined) told.data(chunk);
      });
  }
}

function prematureClose(): Error {
  return Object.assign(new Error('premature close'), { code: 'ERR_STREAM_PREMATURE_CLOSE' });
}
