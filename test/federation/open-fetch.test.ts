import t from 'tap';

import { createDeadline } from '../../src/federation/deadline.js';
import { tolerantFrames } from '../../src/federation/fetch/open-fetch.js';
import { EMPTY_TRAILER, type FrameStream, type ResponseTrailer } from '../../src/json/index.js';
import { Annotations, Labels } from '../../src/model/index.js';
import { systemClock, UNCOUNTED_MEMORY } from '../../src/runtime/index.js';
import type { ServerGroup } from '../../src/upstreams/index.js';

/** A region that never answers: only its stream's `return` is of interest. */
class Stalled implements FrameStream {
  closed = false;

  next(): Promise<never> {
    return new Promise(() => undefined);
  }

  return(): Promise<IteratorReturnResult<ResponseTrailer>> {
    this.closed = true;
    return Promise.resolve({ done: true, value: EMPTY_TRAILER });
  }

  throw(): Promise<never> {
    return Promise.reject(new Error('not thrown into'));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

for (const isRead of [false, true]) {
  const when = isRead ? 'while it is waited for' : 'before it was read';
  t.test(`a region is let go at once when its stream is returned ${when}`, { timeout: 5000 }, async (t) => {
    const region = new Stalled();
    const deadline = createDeadline(new AbortController().signal, 60_000, systemClock);
    t.teardown(() => {
      deadline.release();
    });
    const group = { name: 'eu', ignoreError: true } as ServerGroup;
    const frames = tolerantFrames(
      { group, frames: region, addLabels: Labels.EMPTY },
      { deadline, annotations: new Annotations(), lookbackDeltaMs: undefined, memory: UNCOUNTED_MEMORY },
    );
    const next = isRead ? frames.next() : undefined;
    await frames.return(EMPTY_TRAILER);
    t.equal(region.closed, true);
    t.equal((await (next ?? frames.next())).done, true);
  });
}
