// Answers of regions with the wrong shape: an error names the server group and the target on every path, and is a
// warning for an optional group.

import t from 'tap';

import { api, startPromfed, type ApiAnswer, type QueryData } from '../helpers/promfed/promfed.js';
import type { Teardown } from '../helpers/real-servers/server-process.js';
import { answersWith, startFaultServer, type Fault } from '../helpers/upstreams/fault-server.js';

const T_S = 1_750_003_000;
const JSON_TYPE = { 'content-type': 'application/json' };

interface Setup {
  readonly url: string;
  /** The targets of the first group. */
  readonly targets: readonly string[];
}

/** Starts the group `eu`, one target for each fault, and the group `us`, whose answers are correct. */
async function setUp(t: Teardown, faults: readonly Fault[], keys: object = {}): Promise<Setup> {
  const [good, ...bad] = await Promise.all([correct, ...faults].map((fault) => startFaultServer(fault)));
  for (const server of [good!, ...bad]) t.teardown(() => server.close());
  const targets = bad.map(({ target }) => target);
  const groups = [
    { name: 'eu', static_configs: [{ targets }], labels: { region: 'eu' }, ...keys },
    { name: 'us', static_configs: [{ targets: [good!.target] }], labels: { region: 'us' } },
  ];
  const { url } = await startPromfed(t, JSON.stringify({ promxy: { server_groups: groups } }));
  return { url, targets };
}

/** Answers every route with one series, one label name and so on. */
const correct: Fault = (response, _socket, { path, form }) => {
  const route = path.slice('/api/v1/'.length);
  const isRange = route === 'query_range' || isRaw(form);
  const data =
    route === 'query' || route === 'query_range'
      ? matrixOf(isRange, '"1"')
      : JSON.stringify(route === 'series' ? [{ a: '1' }] : route === 'metadata' ? {} : ['a']);
  response.writeHead(200, JSON_TYPE).end(`{"status":"success","data":${data}}`);
};

/** Reports whether raw samples are requested. */
function isRaw(form: URLSearchParams): boolean {
  return form.get('query')?.endsWith(']') === true;
}

/** One series whose sample has this JSON as its value. */
function matrixOf(isRange: boolean, value: string): string {
  const samples = isRange ? `"values":[[${T_S},${value}]]` : `"value":[${T_S},${value}]`;
  return resultOf(isRange, `{"metric":{"pod":"a"},${samples}}`);
}

function resultOf(isRange: boolean, series: string): string {
  return `{"resultType":"${isRange ? 'matrix' : 'vector'}","result":[${series}]}`;
}

function sends(data: string): Fault {
  return answersWith(200, JSON_TYPE, `{"status":"success","data":${data}}`);
}

const PAD = Array.from({ length: 100 }, (_, i) => `[${T_S - 100 + i},"1"]`).join(',');

interface Case {
  readonly name: string;
  /** The series of a range query. */
  readonly series: string;
  readonly reason: RegExp;
  /** True when the samples pass through undecoded, so that only functions of promfed find the error. */
  readonly passesThrough?: boolean;
  /** Number of series before the error, which are in the result when the samples pass through. Default 0. */
  readonly keptAsBytes?: number;
}

const MALFORMED = /a series has malformed samples$/;

const CASES: readonly Case[] = [
  { name: 'a value that is a number', series: `{"metric":{},"values":[[${T_S},7]]}`, reason: MALFORMED },
  { name: 'a hexadecimal value', series: `{"metric":{},"values":[[${T_S},"0x1p3"]]}`, reason: MALFORMED },
  { name: 'a value with a space', series: `{"metric":{},"values":[[${T_S},"1 "]]}`, reason: MALFORMED },
  { name: 'an empty value', series: `{"metric":{},"values":[[${T_S},""]]}`, reason: MALFORMED },
  { name: 'a value that is null', series: `{"metric":{},"values":[[${T_S},null]]}`, reason: MALFORMED },
  { name: 'a time that is a string', series: `{"metric":{},"values":[["${T_S}","1"]]}`, reason: MALFORMED },
  {
    name: 'a sample with three members',
    series: `{"metric":{},"values":[[${T_S},"1",2]]}`,
    reason: MALFORMED,
  },
  { name: 'a sample with one member', series: `{"metric":{},"values":[[${T_S}]]}`, reason: MALFORMED },
  {
    name: 'a malformed sample between correct ones',
    series: `{"metric":{},"values":[[${T_S - 2},"1"],[${T_S - 1},7],[${T_S},"1"]]}`,
    reason: MALFORMED,
  },
  {
    name: 'a malformed sample at the end of a long list',
    series: `{"metric":{},"values":[${PAD},[${T_S},7]]}`,
    reason: MALFORMED,
  },
  {
    name: 'a malformed sample within a long list',
    series: `{"metric":{},"values":[[${T_S - 101},"1"],[${T_S - 100.5},7],${PAD}]}`,
    reason: /malformed samples|off the step grid/,
    passesThrough: true,
  },
  {
    name: 'a sample off the step grid',
    series: `{"metric":{},"values":[[${T_S - 0.5},"1"]]}`,
    reason: /off the step grid of the query$/,
    passesThrough: true,
  },
  {
    name: 'values that are not a list',
    series: '{"metric":{},"values":{}}',
    reason: /"values" of a series is not/,
  },
  { name: 'a label that is a number', series: '{"metric":{"a":1},"values":[]}', reason: /unexpected "1"/ },
  {
    name: 'labels that are a list',
    series: '{"metric":[],"values":[]}',
    reason: /"metric" of a series is not/,
  },
  { name: 'a series that is a number', series: '7', reason: /neither a list of series|unexpected "7"/ },
  {
    name: 'a series twice',
    series: `{"metric":{},"values":[[${T_S},"1"]]},{"metric":{},"values":[[${T_S},"1"]]}`,
    reason: /duplicate series \{.*\}$/,
    keptAsBytes: 1,
  },
  {
    name: 'native histograms that are computed with',
    series: `{"metric":{},"histograms":[[${T_S},7]]}`,
    reason: /native histograms/,
    passesThrough: true,
  },
];

const RANGE = { start: String(T_S - 200), end: String(T_S), step: '1' };
const BYTES = 'x';
const COLUMNS = 'quantile(0.5, x)';

function warningOf(answer: ApiAnswer<QueryData>): string {
  return answer.warnings?.find((text) => text.startsWith('server group "eu" is ')) ?? '';
}

for (const { name, series, reason, passesThrough = false, keptAsBytes = 0 } of CASES) {
  t.test(`${name} is an error that names group and target`, async (t) => {
    const fault = sends(resultOf(true, series));
    const required = await setUp(t, [fault]);
    const optional = await setUp(t, [fault], { ignore_error: true });
    const isHistogram = series.includes('histograms');
    for (const query of [BYTES, COLUMNS]) {
      const parameters = { query, ...RANGE };
      if (query === BYTES && passesThrough) continue;
      const failed = await api(required.url, '/api/v1/query_range', parameters);
      t.equal(failed.status, 'error', query);
      t.match(failed.error, reason, query);
      if (isHistogram) {
        t.match(failed, { httpStatus: 422, error: /server group "eu"/ }, query);
        continue;
      }
      const source = `server group "eu": target ${required.targets[0]!}: `;
      t.equal(failed.error?.slice(0, source.length), source, query);
      t.match(failed, { httpStatus: 500, errorType: 'unavailable' }, query);

      const partial = await api(optional.url, '/api/v1/query_range', parameters);
      t.equal(partial.status, 'success', query);
      t.match(warningOf(partial), reason, query);
      t.match(warningOf(partial), optional.targets[0]!, query);
      const kept = query === BYTES ? keptAsBytes : 0;
      t.equal(partial.data?.result.length, 1 + kept, `${query}: the other group is present`);
    }
  });
}

t.test('malformed samples of instant queries and of raw samples', async (t) => {
  for (const value of ['7', '"0x1p3"', '"1e"', 'true']) {
    const fault: Fault = (response, socket, request) => {
      sends(matrixOf(isRaw(request.form), value))(response, socket, request);
    };
    const { url, targets } = await setUp(t, [fault]);
    for (const query of [BYTES, COLUMNS, 'sum(x)', 'timestamp(x)', 'x[5m]']) {
      const { error } = await api(url, '/api/v1/query', { query, time: String(T_S) });
      t.equal(
        error,
        `server group "eu": target ${targets[0]!}: invalid answer: a series has malformed samples`,
        `${query} ${value}`,
      );
    }
  }
});

t.test('a replica whose answer is malformed is a warning', async (t) => {
  const fault: Fault = (response, socket, request) => {
    sends(matrixOf(request.path.endsWith('query_range') || isRaw(request.form), '7'))(
      response,
      socket,
      request,
    );
  };
  const { url, targets } = await setUp(t, [fault, correct]);
  for (const query of [BYTES, COLUMNS, 'sum(x)']) {
    const answer = await api(url, '/api/v1/query_range', { query, ...RANGE });
    t.equal(answer.status, 'success', query);
    const named = `server group "eu": target ${targets[0]!}: invalid answer: a series has malformed samples`;
    t.ok(answer.warnings?.includes(named), `${query}: ${JSON.stringify(answer.warnings)}`);
  }
});

t.test('groups that overlap: errors of merging their series name the groups', async (t) => {
  const middle = `{"metric":{"pod":"a"},"values":[[${T_S - 101},"1"],[${T_S - 100.5},7],${PAD}]}`;
  const servers = await Promise.all(
    [sends(resultOf(true, middle)), correct].map((fault) => startFaultServer(fault)),
  );
  for (const server of servers) t.teardown(() => server.close());
  const groups = servers.map(({ target }, i) => ({ name: `g${i}`, static_configs: [{ targets: [target] }] }));
  const { url } = await startPromfed(t, JSON.stringify({ promxy: { server_groups: groups } }));
  const { error } = await api(url, '/api/v1/query_range', { query: 'abs(x)', ...RANGE });
  t.match(error, /^server group.*"g0".*malformed samples$/);
});

t.test('metadata with the wrong shape is an error that names group and target', async (t) => {
  const times = { start: String(T_S - 200), end: String(T_S) };
  const cases: readonly [path: string, parameters: Record<string, string>, data: readonly string[]][] = [
    ['series', { 'match[]': 'x', ...times }, ['{}', '[1]', '[{"a":1}]', '[[]]', '"a"', 'true']],
    ['labels', times, ['{}', '[1]', '[null]', '7']],
    ['label/a/values', times, ['{}', '[1]', '[["a"]]', '7']],
    ['metadata', {}, ['[]', '{"a":{}}', '{"a":[1]}', '{"a":[{"type":1}]}', '7']],
  ];
  for (const [path, parameters, wrong] of cases) {
    for (const data of wrong) {
      const required = await setUp(t, [sends(data)]);
      const optional = await setUp(t, [sends(data)], { ignore_error: true });
      const failed = await api(required.url, `/api/v1/${path}`, parameters);
      const source = `server group "eu": target ${required.targets[0]!}: invalid answer: `;
      t.equal(failed.error?.slice(0, source.length), source, `${path} ${data}`);
      const partial = await api(optional.url, `/api/v1/${path}`, parameters);
      t.match(
        [partial.status, ...(partial.warnings ?? [])],
        ['success', /^server group "eu" is missing from this answer: target .*: invalid answer: /],
        `${path} ${data}`,
      );
    }
  }
});

t.test('remote read with invalid bytes is an error that names group and target', async (t) => {
  const read = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };
  const streamed = {
    'content-type': 'application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse',
  };
  for (const [headers, body] of [
    [read, Buffer.from([0xff, 0xff, 0xff])],
    [read, Buffer.from([3, 2 << 2, 10, 200, 1])],
    [streamed, Buffer.from([5, 1, 2, 3, 4, 5, 6, 7, 8, 9])],
    [streamed, Buffer.from([200])],
  ] as const) {
    const { url, targets } = await setUp(t, [answersWith(200, headers, body)], { remote_read: true });
    const { error } = await api(url, '/api/v1/query', { query: 'timestamp(x)', time: String(T_S) });
    const source = `server group "eu": target ${targets[0]!}: `;
    t.equal(error?.slice(0, source.length), source, body.toString('hex'));
  }
});
