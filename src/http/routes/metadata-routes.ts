// series, labels, label values and metric metadata.

import type { FastifyInstance, FastifyReply } from 'fastify';

import type { MetadataRequest, MetadataResult } from '../../federation/index.js';
import { annotationMembers, SUCCESS } from '../../json/index.js';
import { compileMatcher, PromfedError, type Matcher } from '../../model/index.js';
import { parseSelector } from '../../promql/language/index.js';
import type { AppContext } from '../app-context.js';
import { invalid, parameter, type Parameters } from '../parameters/parameters.js';
import { addRoute, type ApiRequest } from './route.js';

export function addMetadataRoutes(app: FastifyInstance, context: AppContext): void {
  addRoute(app, ['GET', 'POST'], '/api/v1/series', async (request, reply) => {
    if (request.parameters.all('match[]').length === 0) {
      throw new PromfedError('bad_data', 'no match[] parameter provided');
    }
    const asked = context.engineFor(request).metadata.series(metadataRequest(request, true));
    return send(reply, await asked, JSON.stringify);
  });

  addRoute(app, ['GET', 'POST'], '/api/v1/labels', async (request, reply) => {
    const asked = context.engineFor(request).metadata.labelNames(metadataRequest(request));
    return send(reply, await asked, JSON.stringify);
  });

  addRoute(app, ['GET'], '/api/v1/label/:name/values', async (request, reply) => {
    const name = unescapeLabelName(request.path['name'] ?? '');
    const asked = context.engineFor(request).metadata.labelValues(name, metadataRequest(request));
    return send(reply, await asked, JSON.stringify);
  });

  addRoute(app, ['GET'], '/api/v1/metadata', async (request, reply) => {
    const metric = request.parameters.get('metric');
    const perMetric = request.parameters.limit('limit_per_metric');
    const asked = context
      .engineFor(request)
      .metadata.metrics(metric === '' ? undefined : metric, metadataRequest(request));
    return send(reply, await asked, (data) =>
      JSON.stringify(
        Object.fromEntries([...data].map(([name, entries]) => [name, entries.slice(0, perMetric)])),
      ),
    );
  });

  function metadataRequest({ parameters, signal }: ApiRequest, isSeries = false): MetadataRequest {
    const startMs = parameters.timeMs('start');
    const endMs = parameters.timeMs('end');
    if (startMs !== undefined && endMs !== undefined && endMs < startMs) {
      throw invalid('end', 'end timestamp must not be before start time');
    }
    const query = { selectors: selectors(parameters, isSeries), startMs, endMs, limit: parameters.limit() };
    return { query, timeoutMs: context.queryTimeoutMs, routing: parameters.routing(), signal };
  }
}

/**
 * The `match[]` of a request, each a selector that must not match everything.
 *
 * Source: Prometheus, web/api/v1/api.go (`parseMatchersParam`): only /series names the parameter in its errors.
 */
function selectors(parameters: Parameters, namesParameter: boolean): (readonly Matcher[])[] {
  return parameters
    .all('match[]')
    .map((text) => (namesParameter ? parameter('match[]', () => parseMatch(text)) : parseMatch(text)));
}

function parseMatch(text: string): readonly Matcher[] {
  const matchers = parseSelector(text);
  if (matchers.every((matcher) => compileMatcher(matcher)(''))) {
    throw new PromfedError('bad_data', 'match[] must contain at least one non-empty matcher');
  }
  return matchers;
}

/** What is sent is held until the client has it all, or has left. */
function send<T>(
  reply: FastifyReply,
  { data, warnings, release }: MetadataResult<T>,
  print: (data: T) => string,
): FastifyReply {
  if (release !== undefined) {
    if (reply.raw.destroyed) release();
    else reply.raw.once('close', release);
  }
  const members = annotationMembers({ warnings, infos: [] });
  return reply.type('application/json; charset=utf-8').send(`${SUCCESS}${print(data)}${members}}`);
}

/**
 * A label name of a path: names that no path can hold come escaped, `U__` before and `_HEX_` for each odd character,
 * `__` for an underscore.
 *
 * Source: prometheus/common, model/metric.go (`UnescapeName`, `ValueEncodingEscaping`).
 */
function unescapeLabelName(name: string): string {
  if (name === '') throw new PromfedError('bad_data', 'invalid label name: ""');
  if (!name.startsWith('U__')) return name;
  const unescaped = name
    .slice(3)
    .replace(/__|_([0-9a-fA-F]{1,6})_/g, (_, hex: string | undefined) =>
      hex === undefined ? '_' : codePoint(parseInt(hex, 16)),
    );
  return unescaped;
}

function codePoint(code: number): string {
  return code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : '\ufffd';
}
