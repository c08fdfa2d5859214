// Limits on requests: they are answered with `bad_data` before anything large is built.

import t, { type Test } from 'tap';

import type { QueryEngine } from '../../../src/federation/index.js';
import { Connections, createApp } from '../../../src/http/index.js';
import { PromfedError } from '../../../src/model/index.js';
import { NO_RULES } from '../../../src/rules/index.js';
import { NO_LOG, systemClock } from '../../../src/runtime/index.js';
import { REQUEST_LIMITS } from '../../helpers/parameters/request-limits.js';

type App = ReturnType<typeof createApp>;

/** An application whose engine parses requests, and then rejects them. */
function setUp(t: Test): App {
  const parsed = (): Promise<never> =>
    Promise.reject(new PromfedError('internal', 'the request was accepted'));
  const selected = async ({ parseSelectors }: { parseSelectors: () => unknown }): Promise<never> => {
    parseSelectors();
    return parsed();
  };
  const run = async ({ parse }: { parse: () => unknown }): Promise<never> => {
    parse();
    return parsed();
  };
  const engine: QueryEngine = {
    query: run,
    evaluate: run,
    explain: run,
    metadata: {
      series: selected,
      labelNames: selected,
      labelValues: (_name, request) => selected(request),
      metrics: parsed,
      rules: parsed,
    },
  };
  const app = createApp({
    engineFor: () => engine,
    connections: new Connections(),
    rules: NO_RULES,
    features: new Set(),
    limits: REQUEST_LIMITS,
    clock: systemClock,
    queryTimeoutMs: 1000,
    version: 'test',
    lifecycleEnabled: false,
    routePrefix: '',
    flags: {},
    isReady: () => true,
    reload: () => Promise.resolve(),
    configYaml: () => '',
    metrics: () => Promise.resolve({ contentType: 'text/plain', text: '' }),
    onAnswered: () => undefined,
    log: NO_LOG,
  });
  t.teardown(() => app.close());
  return app;
}

const FORM = 'application/x-www-form-urlencoded';

async function post(app: App, path: string, payload: string, type = FORM): Promise<string> {
  const { statusCode, body } = await app.inject({
    method: 'POST',
    url: path,
    payload,
    headers: { 'content-type': type },
  });
  const { errorType, error } = JSON.parse(body) as { errorType: string; error: string };
  return `${statusCode} ${errorType}: ${error}`;
}

const QUERY_PATHS = [
  '/api/v1/query',
  '/api/v1/query_range?start=0&end=1&step=1',
  '/api/v1/explain',
  '/api/v1/format_query',
];

t.test('a query with too many nodes is rejected, naming limit and flag', async (t) => {
  const app = setUp(t);
  const query = (operands: number): string => `query=${Array(operands).fill('1').join('%2B')}`;
  for (const path of QUERY_PATHS) {
    t.match(
      await post(app, path, query(400_000)),
      /^400 bad_data: invalid parameter "query": 1:10001: parse error: more than 10000 expressions, matchers and labels \(--query\.max-nodes\)$/,
      path,
    );
    if (path === '/api/v1/format_query') continue;
    t.match(await post(app, path, query(5_000)), /the request was accepted/, path);
  }
});

t.test('a query that is too long is rejected, naming limit and flag', async (t) => {
  const app = setUp(t);
  for (const path of QUERY_PATHS) {
    t.equal(
      await post(app, path, `query=${'%20'.repeat(1_000_000)}${'1%2B'.repeat(500_000)}1`),
      '400 bad_data: invalid parameter "query": 2000001 characters are too many (limit 1048576, --query.max-length)',
      path,
    );
  }
});

const METADATA_PATHS = ['/api/v1/series', '/api/v1/labels'];

t.test('selectors are limited in their number, their length and their matchers', async (t) => {
  const app = setUp(t);
  for (const path of METADATA_PATHS) {
    t.equal(
      await post(app, path, 'match[]=up&'.repeat(5_000)),
      '400 bad_data: invalid parameter "match[]": 5000 selectors are too many (limit 1000, --query.max-selectors)',
    );
    t.equal(
      await post(app, path, `match[]=${'a'.repeat(2_000_000)}`),
      '400 bad_data: invalid parameter "match[]": 2000000 characters are too many (limit 1048576, --query.max-length)',
    );
    t.match(
      await post(app, path, `match[]={${'a="b",'.repeat(600)}}&`.repeat(20)),
      /more than 10000 expressions, matchers and labels \(--query\.max-nodes\)$/,
    );
    t.match(await post(app, path, 'match[]=up&'.repeat(1000)), /the request was accepted/);
  }
  for (const path of ['/api/v1/label/a/values', '/api/v1/rules']) {
    const { body } = await app.inject({ url: `${path}?${'match[]=up&'.repeat(1001)}` });
    t.match(body, /1001 selectors are too many \(limit 1000, --query.max-selectors\)/);
  }
});

t.test('the parameters of a request are limited in their number', async (t) => {
  const app = setUp(t);
  const part = '--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n\r\n';
  const many = {
    'in a form': { payload: 'a=&'.repeat(3_000_000), type: FORM },
    'that are empty': { payload: '&'.repeat(9_000_000), type: FORM },
    'with different names': {
      payload: Array.from({ length: 300_000 }, (_, i) => `match${i}=`).join('&'),
      type: FORM,
    },
    'in a multipart form': {
      payload: `${part.repeat(100_000)}--b--\r\n`,
      type: 'multipart/form-data; boundary=b',
    },
  };
  for (const [name, { payload, type }] of Object.entries(many)) {
    for (const path of ['/api/v1/query', '/api/v1/labels']) {
      t.equal(await post(app, path, payload, type), '400 bad_data: too many parameters (limit 10000)', name);
    }
  }
  t.match(await post(app, '/api/v1/query', `${'a=&'.repeat(9_999)}query=1`), /the request was accepted/);
});
