// Errors of real regions: faults of the query fail it as one Prometheus would, limits of a region are its own failure.

import t, { type Test } from 'tap';

import { api, startPromfed, type ApiAnswer } from '../helpers/promfed/promfed.js';
import {
  importIntoPrometheus,
  importIntoVictoriaMetrics,
  startPrometheus,
  startVictoriaMetrics,
  withoutRealServers,
  type RealServer,
} from '../helpers/real-servers/real-servers.js';
import type { TestSeries } from '../helpers/series/series-set.js';
import { refuses, startFaultServer } from '../helpers/upstreams/fault-server.js';

const skip = withoutRealServers();
const START_S = 1_750_000_000;
const AT_S = START_S + 600;

/** A series with a sample a minute. */
function series(labels: Record<string, string>, value: number): TestSeries {
  const timestamps = Array.from({ length: 20 }, (_, i) => (START_S + i * 60) * 1000);
  return { labels, timestamps, values: timestamps.map((_, i) => value + i) };
}

/** `raid` has a duplicate in `eu` only; `up` has several series in both. */
function seriesOf(region: string): TestSeries[] {
  return [
    ...['active', 'failed'].map((state, i) => series({ __name__: 'disks', device: 'md0', state }, 2 + i)),
    ...(region === 'eu' ? ['a', 'b'] : ['a']).map((state) =>
      series({ __name__: 'raid', device: 'md0', state }, 1),
    ),
    ...['1', '2'].map((instance) => series({ __name__: 'up', instance }, 1)),
    ...['1', '2'].map((instance) => series({ __name__: 'temp', instance }, Number(instance))),
    series({ __name__: 'temp2', instance: '1' }, 5),
  ];
}

function group(region: string, { url }: RealServer, extra = ''): string {
  return `
    - static_configs: [{ targets: ['${new URL(url).host}'] }]
      name: ${region}
      labels: { region: ${region} }
      ${extra}`;
}

function config(groups: readonly string[]): string {
  return `promxy:\n  server_groups:${groups.join('')}\n`;
}

type Start = (t: Test, region: string, args?: readonly string[]) => Promise<RealServer>;

const startVm: Start = async (t, region, args = []) => {
  const server = await startVictoriaMetrics(t, { args });
  await importIntoVictoriaMetrics(server.url, seriesOf(region));
  return server;
};

const startProm: Start = async (t, region, args = []) => {
  const server = await startPrometheus(t, { args });
  await importIntoPrometheus(server.url, seriesOf(region));
  return server;
};

/** One Prometheus with the series of all regions. */
async function startUnion(t: Test, regions: readonly string[]): Promise<string> {
  const { url } = await startPrometheus(t);
  const all = regions.flatMap((region) =>
    seriesOf(region).map((one) => ({ ...one, labels: { ...one.labels, region } })),
  );
  await importIntoPrometheus(url, all);
  return url;
}

const INSTANT = (query: string): Record<string, string> => ({ query, time: String(AT_S) });

/** The series that an error names may be in another order: Prometheus 3.5 names them in the order of its storage. */
function comparable({ httpStatus, errorType, error }: ApiAnswer): unknown {
  const [, left = '', pair = '', right = ''] = /^(.*: \[)(.*)(\];.*)$/.exec(error ?? '') ?? [];
  const text =
    pair === ''
      ? error
      : left +
        pair
          .split(/(?<=\}), /)
          .sort()
          .join(', ') +
        right;
  return { httpStatus, errorType, error: text };
}

const FAULTS = [
  'disks - ignoring (state) raid > 0',
  'disks{state="failed"} - ignoring (state) raid > 0',
  'temp / on (region) up',
  'up / on (region) group_right () temp',
  'sum by (region) (disks - ignoring (state) raid)',
  'sum(temp / on (region) up)',
  'temp * on (region, instance) group_left () {__name__=~"temp|up"}',
  'max_over_time((temp / on (region) up)[5m:1m])',
  'temp == on (region) group_left () up',
];

for (const [name, start] of [
  ['VictoriaMetrics', startVm],
  ['Prometheus', startProm],
] as const) {
  t.test(`${name}: duplicates in a region fail the query as in one Prometheus`, { skip }, async (t) => {
    const [eu, us, union] = await Promise.all([start(t, 'eu'), start(t, 'us'), startUnion(t, ['eu', 'us'])]);
    const promfed = await startPromfed(
      t,
      config([group('eu', eu, 'ignore_error: true'), group('us', us, 'ignore_error: true')]),
    );
    for (const query of FAULTS) {
      for (const path of ['query', 'query_range']) {
        const times =
          path === 'query'
            ? INSTANT(query)
            : { query, start: String(START_S), end: String(AT_S), step: '60' };
        const [actual, expected] = await Promise.all([
          api(promfed.url, `/api/v1/${path}`, times),
          api(union, `/api/v1/${path}`, times),
        ]);
        t.equal(expected.errorType, 'execution', `${path} ${query}`);
        if (name === 'VictoriaMetrics')
          t.strictSame(comparable(actual), comparable(expected), `${path} ${query}`);
        else t.match(actual, { httpStatus: 422, errorType: 'execution' }, `${path} ${query}`);
      }
    }
  });
}

interface LimitCase {
  readonly name: string;
  readonly start: Start;
  readonly args: readonly string[];
  readonly query: string;
  readonly text: RegExp;
}

const LIMITS: readonly LimitCase[] = [
  {
    name: 'VictoriaMetrics, samples of a query',
    start: startVm,
    args: ['-search.maxSamplesPerQuery=50'],
    query: 'sum by (region) (last_over_time({__name__=~".+"}[20m]))',
    text: /maxSamplesPerQuery=50/,
  },
  {
    name: 'VictoriaMetrics, series of a query',
    start: startVm,
    args: ['-search.maxUniqueTimeseries=3'],
    query: '{__name__=~"temp|up"}',
    text: /timeseries exceeds 3/,
  },
  {
    name: 'VictoriaMetrics, series of a query, in an operation of promfed',
    start: startVm,
    args: ['-search.maxUniqueTimeseries=3'],
    query: 'sum by (instance) ({__name__=~"temp|up"}) / sum by (instance) (temp2)',
    text: /timeseries exceeds 3/,
  },
  {
    name: 'VictoriaMetrics, series of an answer',
    start: startVm,
    args: ['-search.maxResponseSeries=1'],
    query: 'temp',
    text: /maxResponseSeries=1/,
  },
  {
    name: 'VictoriaMetrics, memory',
    start: startVm,
    args: ['-search.maxMemoryPerQuery=6000'],
    query: 'last_over_time({__name__=~".+"}[20m])',
    text: /not enough memory/,
  },
  {
    name: 'VictoriaMetrics, length of the query',
    start: startVm,
    args: ['-search.maxQueryLen=100'],
    query: `sum by (region) (temp) > -1${' + 0'.repeat(50)}`,
    text: /maxQueryLen=100/,
  },
  {
    name: 'Prometheus, samples of a query',
    start: startProm,
    args: ['--query.max-samples=24'],
    query: 'sum by (region) (sum_over_time(temp[20m:1s]))',
    text: /too many samples/,
  },
];

for (const { name, start, args, query, text } of LIMITS) {
  t.test(`a limit of a region is a failure of the region: ${name}`, { skip }, async (t) => {
    const [eu, us] = await Promise.all([start(t, 'eu', args), startVm(t, 'us')]);
    const optional = await startPromfed(t, config([group('eu', eu, 'ignore_error: true'), group('us', us)]));
    const answer = await api(optional.url, '/api/v1/query', INSTANT(query));
    t.equal(answer.status, 'success', JSON.stringify(answer));
    t.ok(answer.data!.result.length > 0, 'the other region is present');
    t.equal(answer.warnings?.length, 1);
    t.match(answer.warnings?.[0], /^server group "eu" is missing from this answer: target /);
    t.match(answer.warnings?.[0], text);

    const required = await startPromfed(t, config([group('eu', eu), group('us', us)]));
    const failed = await api(required.url, '/api/v1/query', INSTANT(query));
    t.match(failed, { httpStatus: 422, errorType: 'execution', error: text });
    t.match(failed.error, /^server group "eu": target .*limit of the region exceeded: /);
  });
}

t.test(
  'a query that every optional region rejects fails, and a metadata request with 400',
  { skip },
  async (t) => {
    const [eu, us] = await Promise.all([startVm(t, 'eu'), startVm(t, 'us')]);
    const proxy = await startFaultServer(refuses(400, 'bad_data', 'invalid parameter "match[]": no'));
    t.teardown(() => proxy.close());
    const rejecting = { url: `http://${proxy.target}` } as RealServer;
    const partly = await startPromfed(
      t,
      config([group('eu', rejecting, 'ignore_error: true'), group('us', us)]),
    );
    const wholly = await startPromfed(t, config([group('eu', rejecting, 'ignore_error: true')]));
    const required = await startPromfed(t, config([group('eu', rejecting), group('us', eu)]));

    for (const [path, parameters] of [
      ['query', INSTANT('sum(temp)')],
      ['query', INSTANT('temp')],
      ['query', INSTANT('timestamp(temp)')],
      ['series', { 'match[]': 'temp', start: String(START_S), end: String(AT_S) }],
      ['labels', { start: String(START_S), end: String(AT_S) }],
      ['label/instance/values', { start: String(START_S), end: String(AT_S) }],
      ['metadata', {}],
    ] as const) {
      const answer = await api(partly.url, `/api/v1/${path}`, parameters);
      t.equal(answer.httpStatus, 200, path);
      t.match(
        answer.warnings?.[0],
        /^server group "eu" is missing .*: rejected the (?:expression|request): /,
        path,
      );
      const expected =
        path === 'query'
          ? { httpStatus: 422, errorType: 'execution', error: /rejected the expression: .*: no$/ }
          : { httpStatus: 400, errorType: 'bad_data', error: /rejected the request: .*: no$/ };
      for (const { url } of [wholly, required])
        t.match(await api(url, `/api/v1/${path}`, parameters), expected, path);
    }
  },
);
