// The parameter `stats` of query and query_range: Prometheus' statistics, on every path of an answer.

import t from 'tap';

import type { QueryAnswer } from '../../../src/federation/index.js';
import { startFaultServer, type Fault, type FaultServer } from '../../helpers/upstreams/fault-server.js';
import { startPromfed } from '../../helpers/promfed/promfed.js';
import type { Teardown } from '../../helpers/real-servers/server-process.js';
import {
  importIntoPrometheus,
  startPrometheus,
  withoutRealServers,
} from '../../helpers/real-servers/real-servers.js';

type Statistics = ReturnType<QueryAnswer['stats']['read']>;

interface Body {
  readonly status: string;
  readonly data: { readonly resultType: string; readonly result: unknown[]; readonly stats?: Statistics };
  readonly warnings?: readonly string[];
}

const START_S = 1000;
const STEPS = 5;

/** Answers with `pods` series, at one time or at every step of a range, with values of `digits` digits. */
function series(pods: number, digits: number): Fault {
  return (response, _socket, { path }) => {
    const isRange = path.endsWith('/query_range');
    const value = `0.${'1'.repeat(digits)}`;
    const points = Array.from({ length: STEPS }, (_, step) => [START_S + step * 10, value]);
    const result = Array.from({ length: pods }, (_, i) => ({
      metric: { __name__: 'x', pod: `pod-${String(i).padStart(6, '0')}` },
      ...(isRange ? { values: points } : { value: points[0] }),
    }));
    const data = { resultType: isRange ? 'matrix' : 'vector', result };
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ status: 'success', data }));
  };
}

async function startRegions(t: Teardown, fault: Fault): Promise<string> {
  const regions: FaultServer[] = [await startFaultServer(fault), await startFaultServer(fault)];
  t.teardown(async () => {
    await Promise.all(regions.map((region) => region.close()));
  });
  const groups = regions.map(
    ({ target }, i) => `
    - { name: region-${i}, static_configs: [{ targets: ["${target}"] }], labels: { region: r${i} } }`,
  );
  return (await startPromfed(t, `promxy:\n  server_groups:${groups.join('')}\n`)).url;
}

async function get(url: string, route: string, parameters: Record<string, string>): Promise<string> {
  const response = await fetch(`${url}api/v1/${route}?${new URLSearchParams(parameters).toString()}`);
  return response.text();
}

const RANGE = { start: String(START_S), end: String(START_S + 40), step: '10' };

interface Case {
  readonly name: string;
  readonly pods: number;
  readonly query: string;
  readonly parameters: Record<string, string>;
  /** Samples that both regions send for a step, and steps. */
  readonly perStep: number;
  readonly steps: number;
  readonly peakSamples: number;
}

const INSTANT = { time: String(START_S) };
const CASES: readonly Case[] = [
  {
    name: 'a buffered answer',
    pods: 3,
    query: 'x',
    parameters: INSTANT,
    perStep: 6,
    steps: 1,
    peakSamples: 6,
  },
  { name: 'a buffered range', pods: 3, query: 'x', parameters: RANGE, perStep: 6, steps: 5, peakSamples: 30 },
  {
    name: 'a limited answer',
    pods: 3,
    query: 'x',
    parameters: { ...INSTANT, limit: '4' },
    perStep: 6,
    steps: 1,
    peakSamples: 4,
  },
  {
    name: 'a streamed answer',
    pods: 2000,
    query: 'x',
    parameters: RANGE,
    perStep: 4000,
    steps: 5,
    peakSamples: 20_000,
  },
  {
    name: 'a computed instant',
    pods: 3,
    query: 'quantile(0.5, x)',
    parameters: INSTANT,
    perStep: 6,
    steps: 1,
    peakSamples: 14,
  },
  {
    name: 'a computed range',
    pods: 2000,
    query: 'quantile(0.5, x)',
    parameters: RANGE,
    perStep: 4000,
    steps: 5,
    peakSamples: 40_010,
  },
];

for (const { name, pods, query, parameters, perStep, steps, peakSamples } of CASES) {
  t.test(`${name} has the statistics that are requested, and is the same otherwise`, async (t) => {
    const url = await startRegions(t, series(pods, 20));
    const route = 'time' in parameters ? 'query' : 'query_range';
    const read = async (stats: string): Promise<{ text: string; stats: Statistics | undefined }> => {
      const text = await get(url, route, { query, ...parameters, ...(stats === '' ? {} : { stats }) });
      const { status, data } = JSON.parse(text) as Body;
      t.equal(status, 'success');
      return { text: text.replace(/,"stats":\{.*?\}\}/, ''), stats: data.stats };
    };
    const plain = await read('');
    t.equal(plain.stats, undefined);
    for (const value of ['true', 'nonsense']) {
      const { text, stats } = await read(value);
      t.equal(text, plain.text, value);
      t.strictSame(Object.keys(stats ?? {}), ['timings', 'samples']);
      t.strictSame(stats?.samples, { totalQueryableSamples: perStep * steps, peakSamples }, value);
    }
    const { text, stats } = await read('all');
    t.equal(text, plain.text, 'all');
    t.strictSame(stats?.samples, {
      totalQueryableSamplesPerStep: Array.from({ length: steps }, (_, step) => [
        START_S + step * 10,
        perStep,
      ]),
      totalQueryableSamples: perStep * steps,
      peakSamples,
    });
    const { timings } = stats!;
    t.ok(timings.queryPreparationTime > 0 && timings.innerEvalTime > 0);
    t.ok(timings.evalTotalTime >= timings.queryPreparationTime + timings.innerEvalTime - 1e-9);
    t.ok(timings.execTotalTime >= timings.evalTotalTime && timings.execQueueTime >= 0);
  });
}

t.test('malformed samples that pass through are not counted for each step', async (t) => {
  const times = Array.from({ length: 100 }, (_, i) => START_S + i);
  const samples = times.map((time) => `[${time},"${time === START_S + 50 ? 'one' : '1'}"]`);
  const correct = times.map((time) => `[${time},"1"]`);
  const result = [samples, correct].map(
    (values, i) => `{"metric":{"pod":"${i}"},"values":[${values.join(',')}]}`,
  );
  const url = await startRegions(t, (response) => {
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(`{"status":"success","data":{"resultType":"matrix","result":[${result.join(',')}]}}`);
  });
  const range = { start: String(START_S), end: String(START_S + 99), step: '1' };
  const { status, data } = JSON.parse(
    await get(url, 'query_range', { query: 'x', stats: 'all', ...range }),
  ) as Body;
  t.equal(status, 'success');
  t.equal(data.result.length, 4);
  const { totalQueryableSamplesPerStep: perStep = [] } = data.stats!.samples;
  t.same([perStep[99], perStep.length], [[START_S + 99, 2], 100]);
});

t.test('the statistics have the shape of a real Prometheus', { skip: withoutRealServers() }, async (t) => {
  const prometheus = await startPrometheus(t, { args: ['--enable-feature=promql-per-step-stats'] });
  const timestamps = Array.from({ length: 10 }, (_, i) => START_S * 1000 + i * 10_000);
  await importIntoPrometheus(prometheus.url, [
    { labels: { __name__: 'x', pod: 'a' }, timestamps, values: timestamps.map((_, i) => i) },
  ]);
  const { host } = new URL(prometheus.url);
  const promfed = await startPromfed(
    t,
    `promxy: { server_groups: [{ static_configs: [{ targets: ["${host}"] }], labels: { region: eu } }] }`,
  );
  const queries = ['x', 'quantile(0.5, x)', 'x + on (pod) x', '1', 'sort(x)', 'nothing'];
  for (const stats of ['', 'true', 'all', 'nonsense']) {
    for (const query of queries) {
      for (const [route, times] of [
        ['query', INSTANT],
        ['query_range', RANGE],
      ] as const) {
        const parameters = { query, stats, ...times };
        const [expected, actual] = await Promise.all(
          [`${prometheus.url.replace(/\/$/, '')}/`, promfed.url].map(async (url) =>
            shapeOf(JSON.parse(await get(url, route, parameters)) as Body),
          ),
        );
        t.strictSame(actual, expected, JSON.stringify(parameters));
      }
    }
  }
});

/** Names of members and types of values, and the times of steps. */
function shapeOf({ status, data }: Body): unknown {
  const { stats } = data;
  if (stats === undefined) return { status, stats };
  const perStep = stats.samples.totalQueryableSamplesPerStep;
  return {
    status,
    members: Object.keys(data),
    timings: Object.entries(stats.timings).map(([name, value]) => [name, typeof value]),
    samples: Object.entries(stats.samples).map(([name, value]) => [
      name,
      Array.isArray(value) || typeof value,
    ]),
    steps: perStep?.map(([timeS, count]) => [timeS, typeof count]),
  };
}
