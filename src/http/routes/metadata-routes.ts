// The routes of series, labels, label values and metric metadata.

import type { FastifyInstance, FastifyReply } from 'fastify';

import type { MetadataRequest, MetadataResult } from '../../federation/index.js';
import { LABELS_ITEMS, STRING_ITEMS, textItems, type ItemWriter } from '../../json/index.js';
import { PromfedError } from '../../model/index.js';
import type { AppContext } from '../app-context.js';
import { selectorsOf } from '../parameters/match.js';
import { parseInteger, type Parameters } from '../parameters/parameters.js';
import { listOf, sendData, sendResult } from '../reply/send-data.js';
import { addRoute, type ApiRequest } from './route.js';

export function addMetadataRoutes(app: FastifyInstance, context: AppContext): void {
  addRoute(app, ['GET', 'POST'], '/api/v1/series', async (request, reply) => {
    request.parameters.checkForm();
    if (request.parameters.all('match[]').length === 0) {
      throw new PromfedError('bad_data', 'no match[] parameter provided');
    }
    const { metadata } = context.engineFor(request);
    return sendList(request, reply, await metadata.series(metadataRequest(request, true)), LABELS_ITEMS);
  });

  addRoute(app, ['GET', 'POST'], '/api/v1/labels', async (request, reply) => {
    const { metadata } = context.engineFor(request);
    return sendList(request, reply, await metadata.labelNames(metadataRequest(request)), STRING_ITEMS);
  });

  addRoute(app, ['GET'], '/api/v1/label/:name/values', async (request, reply) => {
    const name = unescapeLabelName(request.path['name'] ?? '');
    const { metadata } = context.engineFor(request);
    return sendList(request, reply, await metadata.labelValues(name, metadataRequest(request)), STRING_ITEMS);
  });

  addRoute(app, ['GET'], '/api/v1/metadata', async (request, reply) => {
    const { parameters, signal } = request;
    const limit = metadataLimit(parameters, 'limit');
    const perMetric = metadataLimit(parameters, 'limit_per_metric');
    if (limit === 0) return sendData(reply, {});
    const metric = parameters.get('metric');
    const query = { startMs: undefined, endMs: undefined, limit };
    const { metadata } = context.engineFor(request);
    const result = await metadata.metrics(metric === '' ? undefined : metric, {
      query,
      parseSelectors: () => ({ selectors: [], nodes: 0 }),
      timeoutMs: context.queryTimeoutMs,
      routing: parameters.routing(),
      signal,
    });
    const maxEntries = perMetric === 0 ? undefined : perMetric;
    const writer = textItems(
      ([name, entries]: readonly [string, readonly unknown[]]) =>
        `${JSON.stringify(name)}:${JSON.stringify(entries.slice(0, maxEntries))}`,
    );
    const { log } = context;
    return sendResult(reply, result, result.data, { writer, open: '{', close: '}' }, { signal, log });
  });

  function sendList<T>(
    { signal }: ApiRequest,
    reply: FastifyReply,
    result: MetadataResult<readonly T[]>,
    writer: ItemWriter<T>,
  ): Promise<FastifyReply> {
    return sendResult(reply, result, result.data, listOf(writer), { signal, log: context.log });
  }

  /** A start after the end is valid. Stores answer such a request with what they index by time, often nothing. */
  function metadataRequest({ parameters, signal }: ApiRequest, isSeries = false): MetadataRequest {
    const limit = parameters.limit();
    const startMs = parameters.time('start')?.unixMs;
    const endMs = parameters.time('end')?.unixMs;
    const parseSelectors = selectorsOf(parameters, context.limits, isSeries);
    const query = { startMs, endMs, limit };
    const routing = parameters.routing();
    return { query, parseSelectors, timeoutMs: context.queryTimeoutMs, routing, signal };
  }
}

/**
 * A limit of /api/v1/metadata; undefined when it is missing or negative.
 *
 * Source: Prometheus, web/api/v1/api.go (`metricMetadata`).
 */
function metadataLimit(parameters: Parameters, name: string): number | undefined {
  const text = parameters.get(name);
  if (text === '') return undefined;
  const limit = parseInteger(text, 'Atoi', () => new PromfedError('bad_data', `${name} must be a number`));
  return limit < 0 ? undefined : Math.min(limit, Number.MAX_SAFE_INTEGER);
}

/**
 * Unescapes a label name of a path. Names with other characters than letters, digits and underscores begin with `U__` and
 * have `_HEX_` for each of these characters and `__` for an underscore.
 *
 * Source: prometheus/common, model/metric.go (`UnescapeName`, `ValueEncodingEscaping`).
 */
function unescapeLabelName(name: string): string {
  if (name === '') throw new PromfedError('bad_data', 'invalid label name: ""');
  if (!name.startsWith('U__')) return name;
  return name
    .slice(3)
    .replace(/__|_([0-9a-fA-F]{1,6})_/g, (_, hex: string | undefined) =>
      hex === undefined ? '_' : codePoint(parseInt(hex, 16)),
    );
}

function codePoint(code: number): string {
  return code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : '\ufffd';
}
