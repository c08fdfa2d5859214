// The use of the JavaScript heap, as a reason to admit no more requests.

import { getHeapStatistics } from 'node:v8';

/** Share of the heap limit above which V8 may end the process. */
const FULL_HEAP_SHARE = 0.9;
/** Reading the heap statistics for every request would cost too much. */
const CHECK_INTERVAL_MS = 100;

/** The use of the heap, as measured within the last 100 ms. */
export class HeapUse {
  #measuredAtMs = -Infinity;
  #isNearlyFull = false;

  isNearlyFull(): boolean {
    const nowMs = performance.now();
    if (nowMs - this.#measuredAtMs >= CHECK_INTERVAL_MS) {
      this.#measuredAtMs = nowMs;
      const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
      this.#isNearlyFull = used > limit * FULL_HEAP_SHARE;
    }
    return this.#isNearlyFull;
  }
}
