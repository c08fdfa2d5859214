// The memory of requests: the URLs, headers and bodies that clients have sent, charged to the budget of the process.

import { PromfedError } from '../../model/index.js';
import type { MemoryBudget } from '../../runtime/index.js';

/** Share of the budget for all requests, so that clients that send slowly leave room for queries. */
const REQUESTS_SHARE = 1 / 4;

/** Bytes of one request that may take any part of the budget: forms of dashboards are small. */
const SMALL_REQUEST_BYTES = 256 << 10;

/** A request and the bytes that are charged for it. */
interface ChargedRequest {
  chargedBytes: number;
  /** True once its bytes were returned for good. */
  isReleased: boolean;
}

/** Charges the budget for the requests of all connections. */
export class RequestMemory {
  readonly #budget: MemoryBudget | undefined;
  readonly #onFreed: () => void;
  #bytes = 0;

  /**
   * @param budget undefined when requests are not counted.
   * @param onFreed called when bytes were returned.
   */
  constructor(budget: MemoryBudget | undefined, onFreed: () => void) {
    this.#budget = budget;
    this.#onFreed = onFreed;
  }

  /**
   * @throws PromfedError `overloaded` when there is no room, `canceled` after `release`. Nothing is charged then.
   */
  charge(request: ChargedRequest, bytes: number): void {
    const budget = this.#budget;
    if (request.isReleased) throw new PromfedError('canceled', 'memory not charged: the request has ended');
    if (budget === undefined || bytes === 0) return;
    const { budgetBytes } = budget.limits;
    const isLarge = request.chargedBytes + bytes > SMALL_REQUEST_BYTES;
    const exceedsShare = isLarge && this.#bytes + bytes > budgetBytes * REQUESTS_SHARE;
    if (exceedsShare || !budget.tryGrow(bytes)) {
      budget.rejections.process_memory++;
      const exceeded = exceedsShare
        ? `URLs and bodies of requests need more than ${REQUESTS_SHARE * 100} % of ${budgetBytes} bytes`
        : `all requests together need more than ${budgetBytes} bytes`;
      throw new PromfedError(
        'overloaded',
        `process memory limit exceeded: ${exceeded}; try again later or raise --memory`,
      );
    }
    this.#bytes += bytes;
    request.chargedBytes += bytes;
  }

  /** Returns the bytes of a request. Further calls do nothing. */
  release(request: ChargedRequest): void {
    const { chargedBytes } = request;
    request.isReleased = true;
    if (chargedBytes === 0) return;
    request.chargedBytes = 0;
    this.#bytes -= chargedBytes;
    this.#budget?.shrink(chargedBytes);
    this.#onFreed();
  }
}
