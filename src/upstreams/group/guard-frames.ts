// A frame stream whose end, whichever it is, is sure to be noticed.

import { EMPTY_TRAILER, type FrameStream, type ResponseTrailer, type SeriesFrame } from '../../json/index.js';

export interface FrameGuard {
  /** The stream threw. Throws what is to be thrown instead, or returns the tail with which the stream ends. */
  fail(thrown: unknown): ResponseTrailer;
  /** The stream was read to its end. Returns the tail that its reader sees. */
  finish(tail: ResponseTrailer): ResponseTrailer;
  /** After `fail` or `finish`, or when the reader left before the end. Once. */
  close(): void;
}

/**
 * The same frames under a guard. Not an async generator function, because `return` on one of those does nothing
 * before the first `next`, and waits for its end while one is under way: the upstream would go on sending.
 */
export function guardFrames(frames: FrameStream, guard: FrameGuard): FrameStream {
  let ended = false;
  const close = (): void => {
    if (ended) return;
    ended = true;
    guard.close();
  };
  const done = (tail: ResponseTrailer): IteratorReturnResult<ResponseTrailer> => ({
    done: true,
    value: tail,
  });

  const guarded: FrameStream = {
    async next(): Promise<IteratorResult<readonly SeriesFrame[], ResponseTrailer>> {
      if (ended) return done(EMPTY_TRAILER);
      try {
        const result = await frames.next();
        if (result.done !== true) return result;
        const tail = guard.finish(result.value);
        close();
        return done(tail);
      } catch (thrown) {
        try {
          return done(guard.fail(thrown));
        } finally {
          close();
        }
      }
    },
    async return(value) {
      close();
      // What the stream still has to say about its end is of no interest to a reader who left.
      frames.return(EMPTY_TRAILER).catch(() => undefined);
      return done(await value);
    },
    async throw(thrown) {
      close();
      frames.return(EMPTY_TRAILER).catch(() => undefined);
      return Promise.reject(thrown instanceof Error ? thrown : new Error(String(thrown)));
    },
    [Symbol.asyncIterator]() {
      return guarded;
    },
  };
  return guarded;
}
