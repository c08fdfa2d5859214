// The memory budget of a whole promfed, over regions that answer, fail, answer too much or stay silent. All memory is
// released when a request ends.

import { get } from 'node:http';

import fc from 'fast-check';
import t, { type Test } from 'tap';

import type { Server } from '../../src/server/index.js';
import {
  answersAfter,
  answersWith,
  cutsChunks,
  neverEnds,
  neverEndsGzipped,
  refuses,
  resets,
  startFaultServer,
  staysSilent,
  type Fault,
  type FaultServer,
} from '../helpers/upstreams/fault-server.js';
import { api, startPromfed, type PromfedOptions } from '../helpers/promfed/promfed.js';
import { randomRuns } from '../helpers/random-runs.js';
import { until } from '../helpers/until.js';

const MB = 2 ** 20;
const JSON_TYPE = { 'content-type': 'application/json' };
const START = 1_700_000_000;
const TIMES = { start: String(START), end: String(START + 990), step: '10' };
const BEGINNING = '{"status":"success","data":{"resultType":"matrix","result":[';

function seriesOf(index: number, steps = 100): string {
  const values = Array.from({ length: steps }, (_, i) => `[${START + 10 * i},"${index + i}.25"]`);
  return `{"metric":{"__name__":"a","n":"${String(index).padStart(9, '0')}"},"values":[${values.join(',')}]}`;
}

/** Answers every request with `count` series: of a hundred samples each, of one sample, or of labels. */
function answersSeries(count: number): Fault {
  const all = Array.from({ length: count }, (_, i) => seriesOf(i)).join(',');
  const labels = Array.from({ length: count }, (_, i) => ({ __name__: 'a', n: String(i) }));
  return (response, socket, request) => {
    const body = request.path.endsWith('/series')
      ? JSON.stringify({ status: 'success', data: labels })
      : request.path.endsWith('/query')
        ? `{"status":"success","data":{"resultType":"vector","result":[${labels.map((metric) => JSON.stringify({ metric, value: [START, '1'] })).join(',')}]}}`
        : `${BEGINNING}${all}]}}`;
    answersWith(200, JSON_TYPE, body)(response, socket, request);
  };
}

/**
 * Answers the first eight requests four at a time, so that queries run concurrently. Answers later requests immediately.
 */
function fourTogether(fault: Fault): Fault {
  const waiting: (() => void)[] = [];
  let arrived = 0;
  return (...request) => {
    waiting.push(() => {
      fault(...request);
    });
    if (++arrived % 4 === 0 || arrived > 8) for (const answer of waiting.splice(0)) answer();
  };
}

interface Setup {
  readonly promfed: Server;
  readonly regions: readonly FaultServer[];
}

async function setUp(t: Test, faults: readonly Fault[], options: PromfedOptions): Promise<Setup> {
  const regions = await Promise.all(faults.map((fault) => startFaultServer(fault)));
  const groups = regions.map(({ target }, i) => ({
    static_configs: [{ targets: [target] }],
    labels: { region: `r${i}` },
  }));
  const promfed = await startPromfed(t, JSON.stringify({ promxy: { server_groups: groups } }), options);
  t.teardown(() => Promise.all(regions.map((region) => region.close())));
  return { promfed, regions };
}

async function metric(promfed: Server, name: string): Promise<number> {
  const text = await (await fetch(`${promfed.url}metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1) ?? NaN);
}

async function untilFree(promfed: Server): Promise<void> {
  const gauges = ['promfed_memory_held_bytes', 'promfed_queries_in_flight', 'promfed_queries_queued'];
  await until(
    async () => {
      const values = await Promise.all(gauges.map((name) => metric(promfed, name)));
      return values.every((value) => value === 0);
    },
    `${gauges.join(', ')} to be 0`,
  );
}

const LIMITS = { budgetBytes: 12 * MB, perQueryBytes: 6 * MB };

t.test('a query above the limit of one query fails with 422 and names the limit and the flag', async (t) => {
  const { promfed } = await setUp(t, [answersSeries(8000), answersSeries(10)], { memory: LIMITS });
  const answer = await api(promfed.url, '/api/v1/query_range', { query: 'quantile(0.5, a)', ...TIMES });
  t.match(answer, {
    httpStatus: 422,
    status: 'error',
    errorType: 'execution',
    error: `query memory limit exceeded: the query needs more than ${6 * MB} bytes, mainly for samples; narrow the query or raise --query.max-memory`,
  });
  const passed = await api(promfed.url, '/api/v1/query_range', { query: 'a', ...TIMES });
  t.equal(passed.httpStatus, 200, 'an answer that passes through holds only a part of it');
  t.equal(passed.data?.result.length, 8010);
  const listed = await api(promfed.url, '/api/v1/series', { 'match[]': 'a', start: '0' });
  t.match(listed, { httpStatus: 200 });
  await untilFree(promfed);
  t.equal(await metric(promfed, 'promfed_queries_refused_total{reason="query_memory"}'), 1);
  t.equal(await metric(promfed, 'promfed_memory_budget_bytes'), 12 * MB);
});

t.test('a list of series above the limit is rejected', async (t) => {
  const { promfed } = await setUp(t, [answersSeries(40_000)], { memory: LIMITS });
  t.match(await api(promfed.url, '/api/v1/series', { 'match[]': 'a' }), {
    httpStatus: 422,
    errorType: 'execution',
    error: /^query memory limit exceeded: .* mainly for metadata; .*--query\.max-memory$/,
  });
  await untilFree(promfed);
});

t.test('the limit ends an endless series, compressed or not', async (t) => {
  const head = `${BEGINNING}{"metric":{"__name__":"a"},"values":[[${START},"1"]`;
  const piece = (): string => `,[${START},"1.5"]`.repeat(1000);
  for (const fault of [neverEnds(head, piece), neverEndsGzipped(head, piece)]) {
    const { promfed, regions } = await setUp(t, [fault, answersSeries(2)], { memory: LIMITS });
    for (const query of ['a', 'quantile(0.5, a)']) {
      t.match(await api(promfed.url, '/api/v1/query_range', { query, ...TIMES }), {
        httpStatus: 422,
        error: /^query memory limit exceeded: .* mainly for upstream responses; .*--query\.max-memory$/,
      });
    }
    await regions[0]!.untilHungUp();
    await untilFree(promfed);
  }
});

t.test('queries above the budget of all queries fail with 503 and Retry-After', async (t) => {
  const faults = [fourTogether(answersSeries(2000)), fourTogether(answersSeries(1000))];
  const { promfed } = await setUp(t, faults, {
    memory: { budgetBytes: 8 * MB, perQueryBytes: 8 * MB },
  });
  const parameters = new URLSearchParams({ query: 'quantile(0.5, a)', ...TIMES });
  const url = `${promfed.url}api/v1/query_range?${parameters.toString()}`;
  const answers = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const answer = await fetch(url);
      return { status: answer.status, headers: answer.headers, text: await answer.text() };
    }),
  );
  const rejected = answers.filter(({ status }) => status === 503);
  t.ok(answers.every(({ status }) => status === 200 || status === 503));
  t.ok(rejected.length > 0, 'they do not all fit');
  for (const { headers, text } of rejected) {
    t.equal(headers.get('retry-after'), '2');
    t.match(JSON.parse(text), {
      errorType: 'unavailable',
      error: /^process memory limit exceeded: .* raise --memory$/,
    });
  }
  await untilFree(promfed);
  t.equal((await fetch(url)).status, 200, 'a query that runs alone is answered');
});

t.test(
  'with --query.max-concurrency further queries wait in order, and a client that disconnects leaves the queue',
  async (t) => {
    const { promfed, regions } = await setUp(t, [staysSilent], { maxConcurrency: 1 });
    const send = (signal?: AbortSignal): Promise<Response> =>
      fetch(`${promfed.url}api/v1/query?query=a`, { signal: signal ?? null });
    const first = new AbortController();
    const second = new AbortController();
    const one = send(first.signal).catch(() => 'left');
    await regions[0]!.untilRequests(1);
    const two = send(second.signal).catch(() => 'left');
    const three = send();
    await until(async () => (await metric(promfed, 'promfed_queries_queued')) === 2, 'both to wait');
    t.equal(regions[0]!.requests.length, 1);
    second.abort();
    t.equal(await two, 'left');
    regions[0]!.behave(answersSeries(1));
    first.abort();
    t.equal(await one, 'left');
    t.equal((await three).status, 200);
    await untilFree(promfed);
  },
);

/** The part of the body that a client reads: all, or until it disconnects after a number of bytes or milliseconds. */
type Reading = { readonly bytes: number } | { readonly ms: number } | 'all';

function read(url: string, reading: Reading): Promise<void> {
  return new Promise((resolve) => {
    const request = get(url, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (typeof reading === 'object' && 'bytes' in reading && bytes >= reading.bytes) request.destroy();
      });
    });
    request.on('error', () => undefined);
    request.on('close', () => {
      resolve();
    });
    if (typeof reading === 'object' && 'ms' in reading) setTimeout(() => request.destroy(), reading.ms);
  });
}

t.test('all memory is released, however requests end', async (t) => {
  const faults: readonly Fault[] = [
    answersSeries(3),
    answersSeries(3000),
    answersAfter(20, answersSeries(200)),
    staysSilent,
    resets,
    refuses(503, 'unavailable', 'not now'),
    refuses(422, 'execution', 'no'),
    cutsChunks(`${BEGINNING}${seriesOf(0)},${seriesOf(1)},{"metric":{"__name__":"a"`),
    neverEnds(BEGINNING, (i) => `${seriesOf(i)},`),
    neverEnds(`${BEGINNING}{"metric":{"__name__":"a"},"values":[`, () => `[${START},"1"],`.repeat(500)),
    answersWith(200, JSON_TYPE, 'what?'),
  ];
  const range = (query: string): string =>
    `api/v1/query_range?${new URLSearchParams({ query, ...TIMES, timeout: '300ms' }).toString()}`;
  const paths = [
    range('a'),
    range('quantile(0.5, a)'),
    range('sort(a) / on (n) a'),
    'api/v1/query?query=a&timeout=300ms',
    'api/v1/query?query=a%5B5m%5D&timeout=300ms',
    'api/v1/series?match[]=a',
    'api/v1/labels',
    `api/v1/explain?${new URLSearchParams({ query: 'a', analyze: 'true', timeout: '300ms', ...TIMES }).toString()}`,
  ];
  const { promfed, regions } = await setUp(t, [faults[0]!, faults[0]!], {
    memory: { budgetBytes: 8 * MB, perQueryBytes: 4 * MB },
    maxConcurrency: 6,
    queryTimeoutMs: 400,
  });
  const request = fc.record({
    path: fc.constantFrom(...paths),
    reading: fc.oneof(
      fc.constant<Reading>('all'),
      fc.record({ bytes: fc.nat(500_000) }),
      fc.record({ ms: fc.nat(60) }),
    ),
  });
  const scene = fc.record({
    faults: fc.tuple(fc.constantFrom(...faults), fc.constantFrom(...faults)),
    requests: fc.array(request, { minLength: 1, maxLength: 10 }),
  });
  let ended = 0;
  await fc.assert(
    fc.asyncProperty(scene, async ({ faults: [east, west], requests }) => {
      regions[0]!.behave(east);
      regions[1]!.behave(west);
      await Promise.all(requests.map(({ path, reading }) => read(`${promfed.url}${path}`, reading)));
      ended += requests.length;
      await untilFree(promfed);
    }),
    { numRuns: randomRuns(40) },
  );
  t.ok(ended >= 40, `${ended} requests ended`);
});
