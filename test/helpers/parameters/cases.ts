// Requests whose parameters are written in unusual ways.

import { FORM_CASES } from './form-cases.js';
import type { RawRequest } from './raw-request.js';
import { ALL_TIME, DURATIONS, INTEGERS, SELECTORS, TIMES } from './values.js';

/** Names a request in a few words. */
export function nameOf({ method = 'GET', path, contentType, body }: RawRequest): string {
  return [method, path, contentType, body?.slice(0, 120)].filter((part) => part !== undefined).join(' ');
}

function get(endpoint: string, parameters: Readonly<Record<string, string>>): RawRequest {
  const query = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return { path: `/api/v1/${endpoint}?${query.join('&')}` };
}

/** Time-outs within which a query may end or not. */
const SHORT = new Set(['1e-4', '1ms', '0.001', '0.0015', '0.29']);

const QUERIES: readonly RawRequest[] = [
  ...TIMES.map((time) => get('query', { query: 'vector(1)', time })),
  ...TIMES.map((time) => get('query', { query: 'time()', time })),
  ...TIMES.map((start) => get('query_range', { query: 'time()', start, end: start, step: '15' })),
  ...TIMES.map((time) => get('query', { query: 'x', time })),
  ...TIMES.map((end) => get('query_range', { query: 'time()', start: '0', end, step: '1y' })),
  ...TIMES.map((start) => get('query_range', { query: 'time()', start, end: '1750003000', step: '1y' })),
  ...DURATIONS.map((step) => get('query_range', { query: 'time()', start: '0', end: '20', step })),
  ...DURATIONS.filter((timeout) => !SHORT.has(timeout)).map((timeout) =>
    get('query', { query: '1', time: '5', timeout }),
  ),
  ...DURATIONS.map((lookback_delta) => get('query', { query: 'x', time: '1750003000', lookback_delta })),
  ...INTEGERS.map((limit) => get('query', { query: 'x', time: '1750003000', limit })),
  ...INTEGERS.map((limit) =>
    get('query_range', { query: 'x', start: '1750003000', end: '1750003000', step: '1', limit }),
  ),
  ...['0.5', '59.9', '60', '60.001'].map((lookback_delta) =>
    get('query', { query: 'x', time: '1750003059.9', lookback_delta }),
  ),
  ...(
    [
      [...ALL_TIME, '1y'],
      [...ALL_TIME, '1d'],
      ['1e13', '10000000000060', '30'],
      ['9223372036', '9223372037', '1'],
      ['-1e30', '0', '1'],
      ['0', 'Inf', '1'],
      ['-9223372040', '-9223372030', '1'],
      ['0', '11000.9', '1'],
      ['0', '11001', '1'],
      ['0', '11001', '1.0000001'],
      ['0', '1', '0.00009'],
      ['0.0005', '1', '0.5'],
      ['-1.0005', '1', '0.5'],
      ['10', '5', '1'],
      ['10', '5', '0'],
      ['1970-01-01T00:00:00.0005Z', '1970-01-01T00:00:00.0001Z', '1'],
      ['1970-01-01T00:00:00.0005Z', '1970-01-01T00:00:00.0006Z', '1'],
      ['1750002900', '1750003000.0005', '0.5'],
    ] as const
  ).flatMap(([start, end, step]) =>
    ['time()', 'sum(x)', 'x', 'x @ end()'].map((query) => get('query_range', { query, start, end, step })),
  ),
];

const METADATA: readonly RawRequest[] = ['series', 'labels', 'label/job/values'].flatMap((endpoint) => [
  ...TIMES.map((start) => get(endpoint, { 'match[]': 'x', start })),
  ...TIMES.map((end) => get(endpoint, { 'match[]': 'x', end })),
  ...SELECTORS.map((selector) => get(endpoint, { 'match[]': selector })),
  ...SELECTORS.map((selector) => ({
    path: `/api/v1/${endpoint}?match[]=y&match[]=${encodeURIComponent(selector)}`,
  })),
  ...INTEGERS.map((limit) => get(endpoint, { 'match[]': 'x', limit })),
  get(endpoint, { 'match[]': 'x', start: ALL_TIME[0], end: ALL_TIME[1] }),
  get(endpoint, { 'match[]': 'x', start: '10', end: '5' }),
  get(endpoint, { 'match[]': 'x', start: '1750003000', end: '5' }),
  get(endpoint, { 'match[]': 'x', start: '1750009000', end: '1750008000' }),
  get(endpoint, { 'match[]': 'x{', start: 'x', end: 'x', limit: 'x' }),
  get(endpoint, { 'match[]': 'x{', start: 'x', end: 'x' }),
  get(endpoint, { 'match[]': 'x{', end: 'x' }),
  { path: `/api/v1/${endpoint}?match=x` },
  { path: `/api/v1/${endpoint}?match[]=x&limit=1&limit=x` },
  { path: `/api/v1/${endpoint}?match%5B%5D=x` },
  { path: `/api/v1/${endpoint}` },
]);

const OTHERS: readonly RawRequest[] = [
  ...INTEGERS.map((limit) => get('metadata', { limit })),
  ...INTEGERS.map((limit_per_metric) => get('metadata', { limit_per_metric })),
  get('metadata', { start: 'x', 'match[]': '{' }),
  ...[
    'label/a-b/values',
    'label/U__a_2D_b/values',
    'label/U__job/values',
    'label/%ff/values',
    'label/j%6Fb/values',
  ].map((path) => ({ path: `/api/v1/${path}` })),
  ...['format_query', 'parse_query'].flatMap((endpoint) => [
    { path: `/api/v1/${endpoint}` },
    get(endpoint, { query: 'x{' }),
  ]),
  get('format_query', { query: 'sum(x)by(a)' }),
  ...['', 'alert', 'ALERT', 'record', 'x', 'alerting'].map((type) => get('rules', { type })),
  ...['', '1', 'true', 'TRUE', 't', 'T', 'x', '0', 'False', 'yes', 'tRuE'].map((exclude_alerts) =>
    get('rules', { exclude_alerts }),
  ),
  ...INTEGERS.map((group_limit) => get('rules', { group_limit })),
  get('rules', { group_next_token: 'x' }),
  get('rules', { 'match[]': 'x{', type: 'x' }),
  get('rules', { 'match[]': '{}' }),
  { path: '/api/v1/rules?x=%zz' },
  { path: '/api/v1/rules?x=1;2' },
];

const ROUTES: readonly RawRequest[] = [
  ...[
    '//api/v1/query?query=1&time=5',
    '/api//v1/query?query=1&time=5',
    '/api/v1/../v1/query?query=1&time=5',
    '/api/v1/./query?query=1&time=5',
    '/..//api/v1/query?query=1&time=5&x=//',
    '/api/v1/label//values',
    '/api/v1/nothing',
    '/api/v2/query',
    '/nothing',
    '/api/v1/',
    '/API/v1/query?query=1',
    '/-/healthy/',
    '/-/ready/?x=y',
    '/metrics/',
    '/api/v1/%71uery?query=1&time=5',
    '/api/v1/query%3Fquery=1',
    '/api%2Fv1/query?query=1',
    '/api/v1/label/a%2Fb/values',
  ].flatMap((path) => [{ path }, { method: 'POST', path }]),
  ...['HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PATCH'].flatMap((method) =>
    [
      'query?query=1',
      'query_range',
      'series',
      'labels',
      'label/a/values',
      'metadata',
      'rules',
      'alerts',
      'nothing',
    ].map((path) => ({ method, path: `/api/v1/${path}` })),
  ),
  ...['label/a/values', 'metadata', 'rules', 'alerts'].map((path) => ({
    method: 'POST',
    path: `/api/v1/${path}`,
  })),
  ...['GET', 'HEAD', 'POST', 'PUT'].flatMap((method) =>
    ['/-/ready?x', '/-/healthy'].map((path) => ({ method, path })),
  ),
];

/** All requests, without repetitions. */
export const PARAMETER_CASES: readonly RawRequest[] = [
  ...new Map(
    [...QUERIES, ...METADATA, ...OTHERS, ...FORM_CASES, ...ROUTES].map((one) => [JSON.stringify(one), one]),
  ).values(),
];
