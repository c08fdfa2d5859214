// The HTTP API of a demo region: the part of Prometheus' that promfed asks of a region.

import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';

import {
  Annotations,
  asPromfedError,
  compareStrings,
  instantGrid,
  PromfedError,
  SampleBudget,
  TRUNCATED,
  type Clock,
  type Grid,
  type Labels,
  type RawSeries,
} from '../model/index.js';
import { createMemorySource, evaluate, type Value } from '../promql/eval/index.js';
import { parseExpr, typeOf } from '../promql/language/index.js';
import { planLocally } from '../promql/plan/index.js';

import { instantData, rangeData, success } from './answer.js';
import type { Metric } from './metric.js';
import { RequestParameters } from './request.js';

/** What a region answers from. */
export interface RegionData {
  /** Every series as of now. */
  readonly store: Iterable<RawSeries>;
  readonly metrics: readonly Metric[];
  readonly clock: Clock;
}

const DEFAULT_TIMEOUT_MS = 120_000;
const DEFAULT_LOOKBACK_MS = 300_000;
const DEFAULT_SUBQUERY_STEP_MS = 60_000;
const MAX_SAMPLES = 5_000_000;
const MAX_BODY_BYTES = 10 * 1024 * 1024;
const MAX_HEADER_BYTES = 256 * 1024;

/** Builds the application of a region under `prefix`; nothing listens yet. */
export function createRegionApp(data: RegionData, prefix: string): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: MAX_BODY_BYTES,
    http: { maxHeaderSize: MAX_HEADER_BYTES },
    routerOptions: { maxParamLength: 4096 },
    forceCloseConnections: true,
  });
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => {
      done(null, body);
    },
  );
  app.setNotFoundHandler(async (_request, reply) =>
    reply.code(404).type('text/plain').send('404 page not found\n'),
  );
  app.setErrorHandler(async (thrown, _request, reply) => {
    const error = asPromfedError(thrown);
    const body = { status: 'error', errorType: error.errorType, error: error.message };
    return reply.code(error.status).type('application/json').send(JSON.stringify(body));
  });

  const answer = (
    methods: readonly ('GET' | 'POST')[],
    path: string,
    handle: (
      parameters: RequestParameters,
      reply: FastifyReply,
      request: FastifyRequest,
    ) => string | Promise<string>,
  ): void => {
    app.route({
      method: [...methods],
      url: `${prefix}/api/v1${path}`,
      handler: async (request, reply) => {
        const json = await handle(new RequestParameters(request.url, request.body), reply, request);
        return reply.type('application/json').send(json);
      },
    });
  };
  for (const path of ['/-/healthy', '/-/ready']) {
    app.get(prefix + path, async (_request, reply) =>
      reply.type('text/plain').send('The demo region is there.\n'),
    );
  }
  answer(['GET', 'POST'], '/query', (parameters, reply) => query(data, parameters, reply));
  answer(['GET', 'POST'], '/query_range', (parameters, reply) => queryRange(data, parameters, reply));
  answer(['GET', 'POST'], '/series', (parameters) => seriesAnswer(data, parameters));
  answer(['GET', 'POST'], '/labels', (parameters) => {
    const names = new Set(selectLabels(data, parameters).flatMap((labels) => labels.names()));
    return limited(sorted(names), parameters);
  });
  answer(['GET'], '/label/:name/values', (parameters, _reply, request) => {
    const { name } = request.params as { readonly name: string };
    const values = new Set(selectLabels(data, parameters).map((labels) => labels.get(name)));
    values.delete('');
    return limited(sorted(values), parameters);
  });
  answer(['GET'], '/metadata', (parameters) => metadata(data, parameters));
  answer(['GET'], '/status/buildinfo', () =>
    success(JSON.stringify({ version: '3.5.0', revision: 'promfed demo' })),
  );
  return app;
}

async function query(data: RegionData, parameters: RequestParameters, reply: FastifyReply): Promise<string> {
  const timeMs = parameters.timeMs('time', data.clock.now());
  const grid = instantGrid(timeMs);
  const { value, annotations } = await run(data, parameters, reply, { kind: 'instant', grid, endMs: timeMs });
  return success(instantData(value, timeMs), annotations);
}

async function queryRange(
  data: RegionData,
  parameters: RequestParameters,
  reply: FastifyReply,
): Promise<string> {
  const grid = parameters.grid();
  const endMs = parameters.timeMs('end');
  const { value, annotations } = await run(data, parameters, reply, { kind: 'range', grid, endMs });
  return success(rangeData(value, grid), annotations);
}

async function run(
  data: RegionData,
  parameters: RequestParameters,
  reply: FastifyReply,
  { kind, grid, endMs }: { readonly kind: 'instant' | 'range'; readonly grid: Grid; readonly endMs: number },
): Promise<{ value: Value; annotations: Annotations }> {
  const queryText = parameters.text('query');
  const timeoutMs = Math.min(DEFAULT_TIMEOUT_MS, parameters.durationMs('timeout', DEFAULT_TIMEOUT_MS));
  const expr = parseQuery(queryText);
  const type = typeOf(expr);
  if (kind === 'range' && type !== 'scalar' && type !== 'vector') {
    const name = type === 'matrix' ? 'range vector' : type;
    throw new PromfedError(
      'bad_data',
      `invalid parameter "query": invalid expression type "${name}" for range query, must be Scalar or instant Vector`,
    );
  }
  const times = {
    startMs: grid.startMs,
    endMs,
    stepMs: kind === 'instant' ? 0 : grid.stepMs,
    defaultStepMs: DEFAULT_SUBQUERY_STEP_MS,
  };
  const left = new AbortController();
  reply.raw.once('close', () => {
    left.abort(new PromfedError('canceled', 'the client left'));
  });
  const annotations = new Annotations();
  const value = await evaluate(planLocally(expr, times), {
    grid,
    fetched: () => Promise.reject(new PromfedError('internal', 'a region fetches nothing')),
    samples: createMemorySource(data.store),
    lookbackDeltaMs: parameters.durationMs('lookback_delta', DEFAULT_LOOKBACK_MS),
    defaultStepMs: DEFAULT_SUBQUERY_STEP_MS,
    budget: new SampleBudget({ maxSamples: MAX_SAMPLES }),
    annotations,
    signal: AbortSignal.any([left.signal, AbortSignal.timeout(Math.max(1, timeoutMs))]),
    queryText,
  });
  return { value, annotations };
}

function parseQuery(text: string): ReturnType<typeof parseExpr> {
  try {
    return parseExpr(text);
  } catch (thrown) {
    const error = asPromfedError(thrown);
    if (error.code !== 'bad_data') throw error;
    throw new PromfedError('bad_data', `invalid parameter "query": ${error.message}`, { cause: error });
  }
}

/** The labels of the series that `match[]` selects, of those with a sample between `start` and `end`. */
function selectLabels({ store }: RegionData, parameters: RequestParameters): Labels[] {
  const startMs = parameters.timeMs('start', -Infinity);
  const endMs = parameters.timeMs('end', Infinity);
  if (endMs < startMs) {
    throw new PromfedError(
      'bad_data',
      'invalid parameter "end": end timestamp must not be before start time',
    );
  }
  const matches = parameters.selectors() ?? (() => true);
  const selected: Labels[] = [];
  for (const { labels, timestamps } of store) {
    if (!matches(labels)) continue;
    if (timestamps.some((timeMs) => timeMs >= startMs && timeMs <= endMs)) selected.push(labels);
  }
  return selected;
}

function seriesAnswer(data: RegionData, parameters: RequestParameters): string {
  if (parameters.all('match[]').length === 0) {
    throw new PromfedError('bad_data', 'no match[] parameter provided');
  }
  return limited(selectLabels(data, parameters), parameters);
}

function metadata({ metrics }: RegionData, parameters: RequestParameters): string {
  const only = parameters.text('metric');
  const entries = metrics
    .filter(({ name }) => only === '' || name === only)
    .map(({ name, type, help }) => [name, [{ type, help, unit: '' }]] as const);
  const limit = parameters.limit() ?? entries.length;
  return success(JSON.stringify(Object.fromEntries(entries.slice(0, limit))));
}

function sorted(texts: Iterable<string>): string[] {
  return [...texts].sort(compareStrings);
}

/** A list, cut at the `limit` parameter with Prometheus' warning. */
function limited(list: readonly unknown[], parameters: RequestParameters): string {
  const limit = parameters.limit();
  if (limit === undefined || list.length <= limit) return success(JSON.stringify(list));
  const annotations = { warnings: [TRUNCATED], infos: [] };
  return success(JSON.stringify(list.slice(0, limit)), annotations);
}
