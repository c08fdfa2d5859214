// /api/v1/explain over HTTP: format, parameters and errors.

import { readFileSync } from 'node:fs';

import t from 'tap';

import { demoConfig, startDemoRegions } from '../../../src/demo/index.js';
import type { Explanation } from '../../../src/federation/index.js';
import { isGrafanaQuery, replaceGrafanaVariables } from '../../helpers/promql/grafana-variables.js';
import { answers, refuses, startFaultServer } from '../../helpers/upstreams/fault-server.js';
import { api, startPromfed, untilDetected } from '../../helpers/promfed/promfed.js';
import { sharedPath, withoutShared } from '../../helpers/shared.js';

type Explained = Explanation & { readonly query: string };

const config = (targets: readonly string[], extra = ''): string => `
promxy:
  server_groups:
${targets
  .map(
    (target, i) => `
    - name: region-${i + 1}
      static_configs: [{ targets: ["${target}"] }]
      labels: { region: r${i + 1} }
      ${extra}`,
  )
  .join('')}
`;

/** Regions that do not exist: these tests send no query to a region. */
const UNREACHABLE = config(['127.0.0.1:1', '127.0.0.1:2']);

t.test('a plan is returned as JSON and text, without a request to a region', async (t) => {
  const { url } = await startPromfed(t, UNREACHABLE);
  await untilDetected(url);
  const query = 'sum by (job) (up{region!="r3"}) > 1';
  const answer = await api<Explained>(url, '/api/v1/explain', { query, time: '10' });
  const position = (text: string): object => ({
    start: query.indexOf(text),
    end: query.indexOf(text) + text.length,
  });
  t.strictSame(answer, {
    httpStatus: 200,
    status: 'success',
    data: {
      query,
      plan: {
        kind: 'binary',
        operator: '>',
        where: 'here',
        position: position(query),
        reason: 'an operand is computed here',
        operands: [
          {
            kind: 'aggregate',
            operator: 'sum by (job)',
            where: 'here',
            position: position('sum by (job) (up{region!="r3"})'),
            reason: 'sum does not keep the label that distinguishes the groups: region',
            operands: [
              {
                kind: 'fetch',
                operator: 'fetch',
                where: 'groups',
                position: position('sum by (job) (up{region!="r3"})'),
                groups: [1, 2].map((i) => ({
                  group: `region-${i}`,
                  expression: 'sum by (job) (up)',
                  labels: { region: `r${i}` },
                  replicated: false,
                })),
                excluded: [],
                operands: [],
              },
            ],
          },
          { kind: 'number', operator: '1', where: 'here', position: position('1'), operands: [] },
        ],
      },
      text: `
>  -- here: an operand is computed here
  sum by (job)  -- here: sum does not keep the label that distinguishes the groups: region
    fetch
      region-1: sum by (job) (up) as {region="r1"}
      region-2: sum by (job) (up) as {region="r2"}
  1`.trim(),
      groups: [1, 2].map((i) => ({
        name: `region-${i}`,
        labels: { region: `r${i}` },
        replicated: false,
        optional: false,
        products: [],
        rawSamples: ['by queries: its product is unknown: connection refused'],
      })),
    },
  });
});

t.test('a form with a range is explained with the times that are sent', async (t) => {
  const { url } = await startPromfed(t, UNREACHABLE);
  await untilDetected(url);
  const form = { query: 'max_over_time(x[1m:]) - x @ end()', start: '100', end: '205', step: '20' };
  const response = await fetch(`${url}api/v1/explain`, { method: 'POST', body: new URLSearchParams(form) });
  const { data } = (await response.json()) as { data: Explained };
  t.equal(response.headers.get('content-type'), 'application/json; charset=utf-8');
  t.match(data.text, /@ 205/);
  t.strictSame(data, (await api<Explained>(url, '/api/v1/explain', form)).data, 'GET is the same');
});

t.test('invalid requests get the error of Prometheus in its format', async (t) => {
  const { url } = await startPromfed(t, UNREACHABLE);
  await untilDetected(url);
  const range = { start: '1', end: '2', step: '1' };
  const cases: [parameters: Record<string, string>, error: string][] = [
    [{}, 'invalid parameter "query": unknown position: parse error: no expression found in input'],
    [{ query: 'sum(' }, 'invalid parameter "query": 1:5: parse error: unclosed left parenthesis'],
    [{ query: 'x[5m]', ...range }, 'invalid parameter "query": invalid expression type "range vector"'],
    [{ query: 'x', start: '1' }, 'invalid parameter "end": cannot parse "" to a valid timestamp'],
    [{ query: 'x', ...range, time: '1' }, 'invalid parameter "time": an instant query has a time'],
    [{ query: 'x', analyze: 'maybe' }, 'invalid parameter "analyze": cannot parse "maybe" to a boolean'],
    [{ query: 'x', routing: 'nonsense' }, 'invalid parameter "routing": must be "learned" or "all"'],
    [{ query: 'x', limit: '-1' }, 'invalid parameter "limit": limit must be non-negative'],
    [{ query: 'x', timeout: 'x' }, 'invalid parameter "timeout": cannot parse "x" to a valid duration'],
  ];
  for (const [parameters, error] of cases) {
    const answer = await api(url, '/api/v1/explain', parameters);
    const name = JSON.stringify(parameters);
    t.same([answer.httpStatus, answer.status, answer.errorType], [400, 'error', 'bad_data'], name);
    t.equal(answer.error?.slice(0, error.length), error, name);
  }
  const deep = `${'-('.repeat(2_000)}sum(x)${')'.repeat(2_000)}`;
  const body = new URLSearchParams({ query: deep, analyze: 'true' });
  const response = await fetch(`${url}api/v1/explain`, { method: 'POST', body });
  t.match([response.status, await response.json()], [422, { errorType: 'execution', error: /500 levels/ }]);
  t.equal((await fetch(`${url}api/v1/explain?query=x`, { method: 'DELETE' })).status, 405);
});

t.test('a failed query is explained with its error and the parts that were run', async (t) => {
  const good = await startFaultServer(
    answers({
      status: 'success',
      data: { resultType: 'vector', result: [{ metric: {}, value: [1, '7'] }] },
      warnings: ['old data'],
    }),
  );
  const bad = await startFaultServer(refuses(500, 'internal', 'out of order'));
  t.teardown(() => Promise.all([good.close(), bad.close()]));

  const { url } = await startPromfed(t, config([good.target, bad.target]));
  const parameters = { query: 'sum(x)', time: '1', analyze: 'true' };
  const failed = await api<Explained>(url, '/api/v1/explain', parameters);
  t.match(failed, {
    httpStatus: 200,
    status: 'success',
    data: {
      analysis: { series: 0, samples: 0, error: { errorType: 'unavailable', error: /region-2/ } },
      text: /\nfailed after \d+\.\d ms: server group "region-2"/,
    },
  });
  t.equal(failed.data?.plan.analysis, undefined, 'the sum has no result');
  t.match(failed.data?.plan.operands[0]?.groups?.[1]?.analysis, { requests: 1, bytes: 0, error: /region-2/ });

  const tolerant = await startPromfed(t, config([good.target, bad.target], 'ignore_error: true'));
  const partial = await api<Explained>(tolerant.url, '/api/v1/explain', parameters);
  t.match(partial.data?.analysis, { path: 'value', series: 1, samples: 1, warnings: /region-2/ });
  t.equal(partial.data?.analysis?.error, undefined);
  t.match(partial.data?.plan.operands[0]?.groups, [
    { analysis: { requests: 1, series: 1, samples: 1, warnings: ['old data'] } },
    { analysis: { requests: 1, series: 0, samples: 0, error: /region-2/ } },
  ]);
});

t.test('the analysis includes raw samples', async (t) => {
  const demo = await startDemoRegions({ clock: { now: () => 1_750_000_000_000 } });
  t.teardown(() => demo.close());
  const { url } = await startPromfed(t, demoConfig(demo.regions), { pushdown: false });
  const answer = await api<Explained>(url, '/api/v1/explain', {
    query: 'count(up)',
    time: '1750000000',
    analyze: 'true',
  });
  const { plan } = answer.data!;
  t.match(plan.reason, /^pushdown is off/);
  const [selector] = plan.operands;
  const groups = selector?.groups ?? [];
  t.equal(groups.length, 2);
  let series = 0;
  for (const { analysis } of groups) {
    t.ok(analysis !== undefined && analysis.bytes > 0 && analysis.samples >= analysis.series);
    series += analysis?.series ?? 0;
  }
  t.ok(series > 0);
  t.equal(plan.analysis?.seriesIn, series);
  t.match(answer.data?.analysis, { series: 1, samples: 1 });
});

const FILE = sharedPath('kof/queries.txt');
const skip = withoutShared('kof/queries.txt');

t.test('ten queries of KOF are explained', { skip }, async (t) => {
  const clock = { now: (): number => 1_750_000_000_000 };
  const demo = await startDemoRegions({ clock });
  t.teardown(() => demo.close());
  const { url } = await startPromfed(t, demoConfig(demo.regions), { clock });
  const queries = [...new Set(readFileSync(FILE, 'utf8').split('\n'))]
    .filter((line) => line.trim() !== '' && !isGrafanaQuery(line))
    .map(replaceGrafanaVariables);
  const chosen = queries.filter((_, i) => i % Math.floor(queries.length / 10) === 0).slice(0, 10);
  t.equal(chosen.length, 10);
  for (const query of chosen) {
    const { data, status } = await api<Explained>(url, '/api/v1/explain', { query, analyze: 'true' });
    t.equal(status, 'success', query);
    t.match(data?.text, /fetch/, query);
    t.equal(data?.analysis?.error, undefined, query);
  }
});
