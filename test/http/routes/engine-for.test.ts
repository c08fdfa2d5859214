// Routes reach an engine through `engineFor` only, so that no endpoint misses a decorator.

import t from 'tap';

import type { QueryEngine } from '../../../src/federation/index.js';
import { Connections, createApp } from '../../../src/http/index.js';
import { REQUEST_LIMITS } from '../../helpers/parameters/request-limits.js';
import { NO_RULES } from '../../../src/rules/index.js';
import { PromfedError } from '../../../src/model/index.js';
import { NO_LOG, systemClock } from '../../../src/runtime/index.js';

const ROUTES = [
  '/api/v1/query?query=x',
  '/api/v1/query_range?query=x&start=0&end=60&step=15',
  '/api/v1/explain?query=x',
  '/api/v1/series?match[]=x',
  '/api/v1/labels',
  '/api/v1/label/job/values',
  '/api/v1/metadata',
  '/api/v1/rules?federated=true',
];

t.test(
  'every endpoint reaches its engine with the request, and reports the errors of that engine',
  async (t) => {
    const callers: unknown[] = [];
    const forbidden = (): Promise<never> =>
      Promise.reject(new PromfedError('limit', 'forbidden to this tenant'));
    const engine: QueryEngine = {
      query: forbidden,
      evaluate: forbidden,
      explain: forbidden,
      metadata: {
        series: forbidden,
        labelNames: forbidden,
        labelValues: forbidden,
        metrics: forbidden,
        rules: forbidden,
      },
    };
    const app = createApp({
      engineFor: ({ headers }) => {
        callers.push(headers['x-tenant']);
        return engine;
      },
      rules: NO_RULES,
      features: new Set(),
      limits: REQUEST_LIMITS,
      clock: systemClock,
      queryTimeoutMs: 1000,
      version: 'test',
      lifecycleEnabled: false,
      routePrefix: '',
      flags: {},
      connections: new Connections(),
      isReady: () => true,
      reload: () => Promise.resolve(),
      configYaml: () => '',
      metrics: () => Promise.resolve({ contentType: 'text/plain', text: '' }),
      onAnswered: () => undefined,
      log: NO_LOG,
    });
    t.teardown(() => app.close());
    for (const url of ROUTES) {
      const { statusCode, body } = await app.inject({ url, headers: { 'x-tenant': 'a' } });
      t.same(
        [statusCode, JSON.parse(body)],
        [422, { status: 'error', errorType: 'execution', error: 'forbidden to this tenant' }],
        url,
      );
    }
    t.same(
      callers,
      ROUTES.map(() => 'a'),
    );
  },
);
