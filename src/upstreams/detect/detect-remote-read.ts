// Detection of remote read: whether a target serves it, and which external labels it adds.

import { PromfedError, Labels, type Product } from '../../model/index.js';
import { readCall } from '../api/api-call.js';
import { ExternalLabels, MAX_EXTERNAL_LABELS } from '../api/external-labels.js';
import type { FetchContext } from '../server-group.js';
import { configText, parseExternalLabels } from './external-labels-of.js';
import type { StatusPages } from './status-pages.js';
import type { RemoteRead } from './target-traits.js';

/** Matches no series. */
const NOTHING = [
  [
    { name: '__name__', op: '=', value: '' } as const,
    { name: '__promfed__', op: '=', value: 'none' } as const,
  ],
];

/**
 * @param path of remote read, below the group's prefix.
 * @throws PromfedError `canceled` or `timeout` when the signal of the context aborts.
 */
export async function detectRemoteRead(
  pages: StatusPages,
  product: Product,
  path: string,
  context: FetchContext,
): Promise<RemoteRead> {
  if (product.name !== 'prometheus' && product.name !== 'mimir') {
    const reason =
      product.name === 'unknown' ? 'its product is unknown' : 'its product does not serve remote read';
    return { kind: 'unserved', reason };
  }
  try {
    const [labels] = await Promise.all([
      externalLabels(pages, product, context),
      probe(pages, path, context),
    ]);
    if (labels.size <= MAX_EXTERNAL_LABELS)
      return { kind: 'served', externalLabels: new ExternalLabels(labels) };
    return { kind: 'unserved', reason: `it has more than ${MAX_EXTERNAL_LABELS} external labels` };
  } catch (thrown) {
    if (!(thrown instanceof PromfedError) || thrown.code === 'canceled' || thrown.code === 'timeout')
      throw thrown;
    return { kind: 'unserved', reason: thrown.message };
  }
}

/** @throws PromfedError when the target does not accept a read request. */
async function probe(pages: StatusPages, path: string, context: FetchContext): Promise<void> {
  try {
    await pages.send(readCall(NOTHING, { afterMs: 0, untilMs: 1 }, path), context);
  } catch (thrown) {
    throw withPrefix('remote read failed', thrown);
  }
}

/** Source: Mimir, pkg/querier/remote_read.go, which adds no labels. */
async function externalLabels(pages: StatusPages, product: Product, context: FetchContext): Promise<Labels> {
  if (product.name === 'mimir') return Labels.EMPTY;
  try {
    return await parseExternalLabels(await pages.read('config', context, configText));
  } catch (thrown) {
    throw withPrefix('its external labels are unknown', thrown);
  }
}

/** Returns a failure of the target with a prefix, and any other value unchanged. */
function withPrefix(prefix: string, thrown: unknown): unknown {
  const isFailure = thrown instanceof PromfedError && thrown.code !== 'canceled' && thrown.code !== 'timeout';
  return isFailure ? new PromfedError('upstream', `${prefix}: ${thrown.message}`, { cause: thrown }) : thrown;
}
