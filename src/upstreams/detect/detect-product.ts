// Detection of the product that a target runs.

import { hasClosedLookback, parseDuration, type Product } from '../../model/index.js';
import type { Clock } from '../../runtime/index.js';
import { statusCall } from '../api/api-call.js';
import { recordOf } from '../api/metadata-answer.js';
import { readTargetMetadata } from '../group/metadata-query.js';
import { RequestScope } from '../http/request-scope.js';
import type { Target } from '../http/target.js';
import type { FetchContext } from '../server-group.js';
import { parseBuildInfo } from './build-info.js';

/** Size limit of the answers. All flags of Prometheus have less than 10 KiB. */
const MAX_BYTES = 256 << 10;

/** Status pages of one target. */
export class StatusPages {
  readonly #target: Target;
  readonly #group: string;
  readonly #clock: Clock;

  /** @param group name in errors after the deadline. */
  constructor(target: Target, group: string, clock: Clock) {
    this.#target = target;
    this.#group = group;
    this.#clock = clock;
  }

  /** @throws PromfedError when the target does not answer with JSON, or `parse` throws it. */
  async read<T>(
    name: Parameters<typeof statusCall>[0],
    context: FetchContext,
    parse: (data: unknown) => T,
  ): Promise<T> {
    const scope = RequestScope.open(this.#group, context, this.#clock);
    const { data } = await readTargetMetadata(this.#target, scope, statusCall(name), MAX_BYTES, { parse });
    return data;
  }
}

/** @throws PromfedError when the target does not describe itself. */
export async function detectProduct(pages: StatusPages, context: FetchContext): Promise<Product> {
  const product = await pages.read('buildinfo', context, parseBuildInfo);
  if (!hasClosedLookback(product)) return product;
  try {
    const lookbackMs = await pages.read('flags', context, parseLookback);
    return { ...product, lookbackMs };
  } catch {
    return product;
  }
}

/** Source: Prometheus, cmd/prometheus/main.go (`query.lookback-delta`). */
function parseLookback(data: unknown): number | undefined {
  const text = recordOf(data, 'data')['query.lookback-delta'];
  return typeof text === 'string' ? parseDuration(text) : undefined;
}
