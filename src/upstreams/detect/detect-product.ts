// Detection of the product that a target runs.

import { hasClosedLookback, parseDuration, type Product } from '../../model/index.js';
import { recordOf } from '../api/metadata-answer.js';
import type { FetchContext } from '../server-group.js';
import { parseBuildInfo } from './build-info.js';
import type { StatusPages } from './status-pages.js';

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
