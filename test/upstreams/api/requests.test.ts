import t from 'tap';

import type { Clock } from '../../../src/runtime/index.js';
import {
  answers,
  answersGzipped,
  startFaultServer,
  type FaultServer,
} from '../../helpers/upstreams/fault-server.js';
import { itemsOf } from '../../helpers/frame-streams.js';
import {
  bearer,
  fetchContext,
  groupSettings,
  matrix,
  openGroup,
  success,
  type GroupOverrides,
  type OpenGroup,
} from '../settings.js';

const NOW_MS = 1_700_000_000_000;
const clock: Clock = { now: () => NOW_MS };
const CONTEXT = { deadlineMs: NOW_MS + 12_345 };
const EVERYTHING = { selectors: [], startMs: undefined, endMs: undefined, limit: undefined };

async function withGroup(
  answer: unknown,
  overrides: GroupOverrides,
  use: (group: OpenGroup, server: FaultServer) => Promise<void>,
): Promise<void> {
  const server = await startFaultServer(answers(answer));
  const group = openGroup(groupSettings([server.target], overrides), { clock, version: '1.2.3' });
  try {
    await use(group, server);
  } finally {
    await group.close();
    await server.close();
  }
}

async function drain(group: OpenGroup, kind: 'instant' | 'range', lookbackDeltaMs?: number): Promise<void> {
  const grid =
    kind === 'instant'
      ? { startMs: 1_435_781_451_781, stepMs: 1, count: 1 }
      : { startMs: 1_435_781_430_000, stepMs: 500, count: 4 };
  const context = fetchContext({ ...CONTEXT, lookbackDeltaMs });
  const { frames } = await group.query({ kind, expr: 'rate(up{a="b&c"}[5m])', grid }, context);
  for await (const batch of itemsOf(frames)) t.ok(batch.length > 0);
}

t.test('an instant query is a form with its time exact to the millisecond', async (t) => {
  const vector = success({ resultType: 'vector', result: [{ metric: {}, value: [1, '1'] }] });
  await withGroup(vector, { pathPrefix: '/vm/select/0/prometheus' }, async (group, server) => {
    await drain(group, 'instant');
    const [request] = server.requests;
    t.equal(request?.method, 'POST');
    t.equal(request?.path, '/vm/select/0/prometheus/api/v1/query');
    t.equal(request?.headers['content-type'], 'application/x-www-form-urlencoded');
    t.equal(request?.headers['user-agent'], 'promfed/1.2.3');
    t.equal(request?.headers['accept-encoding'], undefined, 'no compression on loopback');
    t.strictSame(Object.fromEntries(request?.form ?? []), {
      query: 'rate(up{a="b&c"}[5m])',
      time: '1435781451.781',
      timeout: '12.345',
      nocache: '1',
      latency_offset: '1ms',
    });
    t.equal(request?.url.size, 0);
  });
});

t.test(
  'a range query has start, the last step as end, step, and the lookback under both names',
  async (t) => {
    await withGroup(matrix('up'), {}, async (group, server) => {
      await drain(group, 'range', 150_000);
      t.equal(server.requests[0]?.path, '/api/v1/query_range');
      t.strictSame(Object.fromEntries(server.requests[0]?.form ?? []), {
        query: 'rate(up{a="b&c"}[5m])',
        start: '1435781430',
        end: '1435781431.500',
        step: '0.500',
        timeout: '12.345',
        lookback_delta: '150',
        max_lookback: '150',
        nocache: '1',
        latency_offset: '1ms',
      });
    });
  },
);

t.test(
  'query_params are sent in the URL and replace defaults, but not the parameters of the query',
  async (t) => {
    const queryParams = [
      ['extra_label', 'a=b'],
      ['extra_filters[]', '{x="1"}'],
      ['extra_filters[]', '{y="2"}'],
      ['nocache', '0'],
      ['time', '7'],
    ] as const;
    await withGroup(matrix('up'), { queryParams }, async (group, server) => {
      await drain(group, 'range');
      const [request] = server.requests;
      t.strictSame([...(request?.url ?? [])], queryParams);
      t.equal(request?.form.get('nocache'), null);
      t.equal(request?.form.get('start'), '1435781430');
      t.equal(request?.form.get('latency_offset'), '1ms');
    });
  },
);

t.test('headers and credentials are sent to every endpoint', async (t) => {
  const overrides: GroupOverrides = {
    queryParams: [['tenant', '7']],
    httpHeaders: [
      ['X-Scope-OrgID', 'a'],
      ['X-Scope-OrgID', 'b'],
      ['User-Agent', 'mine'],
    ],
    httpClient: { authentication: bearer('secret-token') },
  };
  await withGroup(matrix('up'), overrides, async (group, server) => {
    await drain(group, 'range');
    await drain(group, 'instant');
    server.behave(answers(success([])));
    await group.series(EVERYTHING, fetchContext());
    await group.labelNames(EVERYTHING, fetchContext());
    await group.labelValues('job', EVERYTHING, fetchContext());
    server.behave(answers(success({})));
    await group.metadata(undefined, undefined, fetchContext());
    t.strictSame(
      server.requests.map(({ method, path }) => `${method} ${path}`),
      [
        'POST /api/v1/query_range',
        'POST /api/v1/query',
        'POST /api/v1/series',
        'POST /api/v1/labels',
        'GET /api/v1/label/job/values',
        'GET /api/v1/metadata',
      ],
    );
    for (const { headers, url } of server.requests) {
      t.equal(headers.authorization, 'Bearer secret-token');
      t.equal(headers['x-scope-orgid'], 'a, b');
      t.equal(headers['user-agent'], 'mine');
      t.equal(url.get('tenant'), '7');
    }
  });
});

t.test('an Authorization header of http_headers takes precedence', async (t) => {
  const overrides: GroupOverrides = {
    httpHeaders: [['authorization', 'Token mine']],
    httpClient: { authentication: bearer('other') },
  };
  await withGroup(success([]), overrides, async (group, server) => {
    await group.labelNames(EVERYTHING, fetchContext());
    t.equal(server.requests[0]?.headers.authorization, 'Token mine');
  });
});

t.test('series are requested with selectors as PromQL prints them', async (t) => {
  await withGroup(success([{ __name__: 'up', b: '', a: '1' }]), {}, async (group, server) => {
    const { data, warnings } = await group.series(
      {
        selectors: [
          [
            { name: '__name__', op: '=', value: 'up' },
            { name: 'job', op: '=~', value: 'a"\\d+\n|é' },
          ],
          [{ name: 'odd.name', op: '!=', value: 'x' }],
          [],
        ],
        startMs: 1_000,
        endMs: 2_500,
        limit: 10,
      },
      fetchContext(CONTEXT),
    );
    t.strictSame(data.map(String), ['up{a="1"}']);
    t.strictSame(warnings, []);
    t.strictSame(server.requests[0]?.form.getAll('match[]'), [
      '{__name__="up",job=~"a\\"\\\\d+\\n|é"}',
      '{"odd.name"!="x",__name__!=""}',
      '{__name__!=""}',
    ]);
    t.equal(server.requests[0]?.form.get('start'), '1');
    t.equal(server.requests[0]?.form.get('end'), '2.500');
    t.equal(server.requests[0]?.form.get('limit'), '10');
    await group.series(EVERYTHING, fetchContext());
    t.strictSame(server.requests[1]?.form.getAll('match[]'), ['{__name__!=""}']);
  });
});

t.test(
  'label values are requested with selectors in the URL, and non-classic names are escaped',
  async (t) => {
    await withGroup(success(['a', 'b']), {}, async (group, server) => {
      const selectors = [[{ name: 'job', op: '=', value: 'x y' }]] as const;
      const { data } = await group.labelValues('a.b/c', { ...EVERYTHING, selectors }, fetchContext(CONTEXT));
      t.strictSame(data, ['a', 'b']);
      t.equal(server.requests[0]?.path, '/api/v1/label/U__a_2e_b_2f_c/values');
      t.strictSame(server.requests[0]?.url.getAll('match[]'), ['{job="x y"}']);
      t.equal(server.requests[0]?.url.get('timeout'), '12.345');
    });
  },
);

t.test('metadata is requested with metric and limit, and missing members are empty', async (t) => {
  const answer = success({ up: [{ type: 'gauge', help: 'Is it up?' }], __proto: [] });
  await withGroup(answer, {}, async (group, server) => {
    const { data } = await group.metadata('up', 3, fetchContext(CONTEXT));
    t.strictSame(data.get('up'), [{ type: 'gauge', help: 'Is it up?', unit: '' }]);
    t.equal(server.requests[0]?.url.get('metric'), 'up');
    t.equal(server.requests[0]?.url.get('limit'), '3');
  });
});

t.test('a compressed response is decoded, whether it is streamed or buffered', async (t) => {
  const server = await startFaultServer(answersGzipped(matrix('a', 'b')));
  const group = openGroup(groupSettings([server.target]), { clock, version: '1.2.3' });
  t.teardown(async () => {
    await group.close();
    await server.close();
  });
  const grid = { startMs: 100_000, stepMs: 10_000, count: 2 };
  const { resultType, frames } = await group.query({ kind: 'range', expr: 'x', grid }, fetchContext());
  t.equal(resultType, 'matrix');
  const names: string[] = [];
  for await (const batch of itemsOf(frames)) names.push(...batch.map(({ labels }) => labels.metricName));
  t.strictSame(names, ['a', 'b']);
  server.behave(answersGzipped(success(['job'])));
  t.strictSame((await group.labelNames(EVERYTHING, fetchContext())).data, ['job']);
});

t.test('invalid settings are rejected when the group is created', (t) => {
  const cases: { name: string; targets?: string[]; overrides?: GroupOverrides; message: RegExp }[] = [
    { name: 'a path in a target', targets: ['a:1/b'], message: /target "a:1\/b" is not host:port/ },
    { name: 'a user in a target', targets: ['u:p@a:1'], message: /target "a:1" is not host:port/ },
    { name: 'an invalid port', targets: ['a:99999'], message: /is not host:port/ },
    {
      name: 'a header name with a space',
      overrides: { httpHeaders: [['a b', 'c']] },
      message: /http_headers: invalid header "a b"/,
    },
    {
      name: 'a header value with a line break',
      overrides: { httpHeaders: [['a', 'b\r\nc: d']] },
      message: /http_headers: invalid header "a"/,
    },
    {
      name: "the HTTP client's own header",
      overrides: { httpHeaders: [['Transfer-Encoding', 'chunked']] },
      message: /http_headers: header "Transfer-Encoding" must not be set: it is reserved/,
    },
    {
      name: 'credentials with a line break, which are not in the error',
      overrides: { httpClient: { authentication: bearer('a\nb') } },
      message: /^server group "eu": the credentials contain characters that an HTTP header cannot hold$/,
    },
  ];
  for (const { name, targets = ['127.0.0.1:1'], overrides, message } of cases) {
    t.throws(
      () => openGroup(groupSettings(targets, overrides), { clock, version: '1' }),
      { code: 'bad_data', message },
      name,
    );
  }
  t.end();
});
