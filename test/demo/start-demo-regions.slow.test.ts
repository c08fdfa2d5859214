import t from 'tap';

import { parseConfig } from '../../src/config/index.js';
import { demoConfig, startDemoRegions, type Demo, type DemoRegion } from '../../src/demo/index.js';

const START_MS = Date.UTC(2026, 5, 1, 12);

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly errorType?: string;
  readonly warnings?: readonly string[];
  readonly data: never;
}

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
  readonly values: readonly (readonly [number, string])[];
}

function url(
  { target, pathPrefix }: DemoRegion,
  path: string,
  parameters: Readonly<Record<string, string>>,
): string {
  return `http://${target}${pathPrefix}${path}?${new URLSearchParams(parameters).toString()}`;
}

async function api<T>(
  region: DemoRegion,
  path: string,
  parameters: Readonly<Record<string, string>> = {},
): Promise<T> {
  const response = await fetch(url(region, `/api/v1${path}`, parameters));
  const answer = (await response.json()) as Answer;
  if (answer.status !== 'success') throw new Error(answer.error);
  return answer.data;
}

async function query(region: DemoRegion, expr: string): Promise<readonly Series[]> {
  return (await api<{ result: readonly Series[] }>(region, '/query', { query: expr })).result;
}

async function regionsAt(
  test: { teardown(close: () => Promise<void>): void },
  clock: { now(): number },
): Promise<Demo & { eu: DemoRegion; us: DemoRegion }> {
  const demo = await startDemoRegions({ clock });
  test.teardown(() => demo.close());
  const [eu, us] = demo.regions;
  return { ...demo, eu: eu!, us: us! };
}

/** Regions with the clock fixed at START_MS, for tests without changes. */
const shared = regionsAt(t, { now: () => START_MS });

t.test('every suggested query has a varying result in both regions', async (t) => {
  const { regions, queries } = await shared;
  t.ok(queries.length >= 3);
  for (const region of regions) {
    for (const { expr } of queries) {
      const { result } = await api<{ result: readonly Series[] }>(region, '/query_range', {
        query: expr,
        start: String(START_MS / 1000 - 3600),
        end: String(START_MS / 1000),
        step: '60',
      });
      t.ok(result.length > 0, `${region.name}: ${expr}`);
      for (const { values } of result) {
        t.equal(values.length, 61, 'one point for each step');
        const numbers = values.map(([, value]) => Number(value));
        t.ok(numbers.every((value) => Number.isFinite(value) && value > 0));
        t.ok(Math.max(...numbers) > 1.05 * Math.min(...numbers), 'the values vary');
      }
    }
  }
});

t.test('samples follow the clock, are retained for two hours and depend on the time only', async (t) => {
  let nowMs = START_MS;
  const { eu } = await regionsAt(t, { now: () => nowMs });
  const laterDemo = await regionsAt(t, { now: () => START_MS + 3_600_000 });
  const count = 'count_over_time(up{instance="eu-central-a:9100"}[1d])';
  const total = 'sum(http_requests_total)';
  t.equal((await query(eu, count))[0]!.value[1], '480', 'two hours of samples');
  const before = Number((await query(eu, total))[0]!.value[1]);
  nowMs += 3_600_000;
  t.equal((await query(eu, count))[0]!.value[1], '480', 'still two hours of samples');
  const after = Number((await query(eu, total))[0]!.value[1]);
  t.not(before, after);
  t.equal(
    after,
    Number((await query(laterDemo.eu, total))[0]!.value[1]),
    'equal to those of a demo started later',
  );
  nowMs += 30 * 86_400_000;
  t.equal((await query(eu, count))[0]!.value[1], '480', 'also after a month without queries');
});

t.test('counters are reset only when a pod restarts, and buckets are cumulative', async (t) => {
  const { regions } = await shared;
  let restarts = 0;
  for (const region of regions) {
    const resets = await query(
      region,
      'resets({__name__=~".+_(total|bucket|count|sum)"}[2h]) or vector(0)',
    ).catch(() => []);
    t.same(resets, [], 'some series differ in their names only');
    for (const name of [
      'http_requests_total',
      'container_cpu_usage_seconds_total',
      'request_duration_seconds_count',
    ]) {
      for (const { metric, value } of await query(region, `resets(${name}[2h])`)) {
        const starts = `changes(process_start_time_seconds{pod="${metric['pod']!}"}[2h])`;
        t.equal(value[1], (await query(region, starts))[0]!.value[1], `${name} ${metric['pod']!}`);
        restarts += Number(value[1]);
      }
    }
    t.same(
      await query(
        region,
        'request_duration_seconds_bucket{le="0.5"} > ignoring (le) request_duration_seconds_bucket{le="1"}',
      ),
      [],
    );
    t.same(
      await query(
        region,
        'request_duration_seconds_bucket{le="+Inf"} != ignoring (le) request_duration_seconds_count',
      ),
      [],
    );
  }
  t.ok(restarts > 0, 'some pods restarted');
});

t.test('the series of a target that is down are stale at once, except up', async (t) => {
  let nowMs = START_MS;
  const { eu } = await regionsAt(t, { now: () => nowMs });
  for (let i = 0; i < 60 && (await query(eu, 'up == 0')).length === 0; i++) nowMs += 60_000;
  const [down] = await query(eu, 'up == 0');
  t.ok(down, 'a target is down within an hour');
  t.same(await query(eu, `node_load1{instance="${down!.metric['instance']!}"}`), []);
  t.not((await query(eu, 'node_load1')).length, 0, 'other targets continue');
});

t.test('one region has a metric that the other does not have', async (t) => {
  const { eu, us } = await shared;
  const name = 'container_network_receive_bytes_total';
  t.ok((await query(eu, `count(${name})`)).length > 0);
  t.same(await query(us, `count(${name})`), []);
  t.ok(name in (await api<object>(eu, '/metadata')));
  t.notOk(name in (await api<object>(us, '/metadata')));
});

t.test('metadata requests honour match[], time and limit', async (t) => {
  const { eu } = await shared;
  t.same(await api(eu, '/label/namespace/values'), ['payments', 'search', 'shop']);
  t.same(await api(eu, '/label/namespace/values', { 'match[]': 'http_requests_total{namespace=~"s.*"}' }), [
    'search',
    'shop',
  ]);
  t.same(await api(eu, '/labels', { 'match[]': 'node_load1' }), ['__name__', 'instance', 'job']);
  t.same(await api(eu, '/labels', { end: '1' }), []);
  t.same(await api(eu, '/series', { 'match[]': 'node_load1{instance="eu-central-a:9100"}' }), [
    { __name__: 'node_load1', instance: 'eu-central-a:9100', job: 'node-exporter' },
  ]);
  t.match(await (await fetch(url(eu, '/api/v1/labels', { limit: '1' }))).json(), {
    data: ['__name__'],
    warnings: ['results truncated due to limit'],
  });
  t.match(await api(eu, '/metadata', { metric: 'up' }), { up: [{ type: 'gauge', help: String, unit: '' }] });
  t.match(await api(eu, '/status/buildinfo'), { version: String });
  t.equal((await fetch(url(eu, '/-/healthy', {}))).status, 200);
});

t.test('a POST form is answered like a GET, and every result type has its shape', async (t) => {
  const { us } = await shared;
  const post = async (body: Readonly<Record<string, string>>): Promise<Answer> => {
    const response = await fetch(url(us, '/api/v1/query', {}), {
      method: 'POST',
      body: new URLSearchParams(body),
    });
    return (await response.json()) as Answer;
  };
  const time = START_MS / 1000;
  t.same((await post({ query: '1/3' })).data, { resultType: 'scalar', result: [time, '0.3333333333333333'] });
  t.same((await post({ query: '"a"' })).data, { resultType: 'string', result: [time, 'a'] });
  t.match((await post({ query: 'up[30s]', time: String(time) })).data, { resultType: 'matrix' });
  t.same((await post({ query: 'vector(0)', time: '2026-06-01T12:00:00.5Z' })).data, {
    resultType: 'vector',
    result: [{ metric: {}, value: [time + 0.5, '0'] }],
  });
});

t.test("errors have Prometheus' status, type and text", async (t) => {
  const { eu } = await shared;
  const cases: readonly (readonly [string, Readonly<Record<string, string>>, number, string, RegExp])[] = [
    ['/query', { query: 'up{' }, 400, 'bad_data', /^invalid parameter "query": 1:4: parse error: /],
    ['/query', {}, 400, 'bad_data', /no expression found in input/],
    [
      '/query',
      { query: 'up', time: 'noon' },
      400,
      'bad_data',
      /^invalid parameter "time": invalid time value for 'time': cannot parse "noon"/,
    ],
    ['/query', { query: 'info(up)' }, 400, 'bad_data', /function "info"/],
    ['/query', { query: 'up * on () up' }, 422, 'execution', /^found duplicate series/],
    [
      '/query_range',
      { query: 'up', start: '2', end: '1', step: '1' },
      400,
      'bad_data',
      /^invalid parameter "end"/,
    ],
    [
      '/query_range',
      { query: 'up', start: '1', end: '2', step: '0' },
      400,
      'bad_data',
      /^invalid parameter "step"/,
    ],
    ['/query_range', { query: 'up', start: '1', end: '20000', step: '1' }, 400, 'bad_data', /11,000 points/],
    ['/query_range', { query: 'up[1m]', start: '1', end: '2', step: '1' }, 400, 'bad_data', /range vector/],
    ['/query', { query: 'sum_over_time(vector(1)[10y:1s])' }, 422, 'execution', /too many samples/],
    ['/series', {}, 400, 'bad_data', /^no match\[\] parameter provided$/],
    ['/series', { 'match[]': '{a=~".*"}' }, 400, 'bad_data', /at least one non-empty matcher/],
    ['/labels', { limit: 'some' }, 400, 'bad_data', /^invalid parameter "limit"/],
  ];
  for (const [path, parameters, status, errorType, error] of cases) {
    const response = await fetch(url(eu, `/api/v1${path}`, parameters));
    t.equal(response.status, status, JSON.stringify(parameters));
    t.match(await response.json(), { status: 'error', errorType, error });
  }
  const unknown = await fetch(url(eu, '/api/v1/unknown', {}));
  t.equal(unknown.status, 404);
  t.equal(await unknown.text(), '404 page not found\n');
});

t.test('promfed loads the configuration of the demo', async (t) => {
  const { regions } = await shared;
  const { settings } = parseConfig(demoConfig(regions), 'demo');
  t.match(
    settings.serverGroups.map(({ name, targets, pathPrefix, labels }) => ({
      name,
      targets,
      pathPrefix,
      labels: labels.toJSON(),
    })),
    regions.map(({ name, target, pathPrefix, labels }) => ({
      name,
      targets: [{ address: target }],
      pathPrefix,
      labels: labels.toJSON(),
    })),
  );
});
