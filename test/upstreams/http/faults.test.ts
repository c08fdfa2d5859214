import * as zlib from 'node:zlib';

import t from 'tap';

import { PromfedError } from '../../../src/model/index.js';
import { systemClock } from '../../../src/runtime/index.js';
import type { MetadataQuery, UpstreamObservation } from '../../../src/upstreams/index.js';
import {
  answers,
  answersGzipGarbage,
  answersWith,
  cutsByLength,
  cutsChunks,
  hangsUp,
  neverEnds,
  refuses,
  resets,
  sendsHugeHeader,
  speaksNoHttp,
  startFaultServer,
  staysSilent,
  trickles,
  unusedTarget,
  type Fault,
} from '../../helpers/upstreams/fault-server.js';
import { itemsOf } from '../../helpers/frame-streams.js';
import {
  basicAuth,
  fetchContext,
  groupSettings,
  matrix,
  openGroup,
  success,
  type GroupOverrides,
  type OpenGroup,
} from '../settings.js';

const EVERYTHING: MetadataQuery = { selectors: [], startMs: undefined, endMs: undefined, limit: undefined };
const RANGE = { kind: 'range', expr: 'up', grid: { startMs: 100_000, stepMs: 10_000, count: 2 } } as const;
const JSON_TYPE = { 'content-type': 'application/json' };
const GZIP = { ...JSON_TYPE, 'content-encoding': 'gzip' };
const ZSTD = { ...JSON_TYPE, 'content-encoding': 'zstd' };
/** Undefined in older runtimes. */
const { zstdCompressSync } = zlib as unknown as { zstdCompressSync?: (text: string) => Buffer };
const BEGINNING = '{"status":"success","data":{"resultType":"matrix","result":[';

function createGroup(
  targets: readonly string[],
  overrides: GroupOverrides = {},
  observations: UpstreamObservation[] = [],
): OpenGroup {
  return openGroup(groupSettings(targets, overrides), {
    clock: systemClock,
    version: '1.2.3',
    metrics: { observe: (observation) => observations.push(observation) },
    limits: { maxResponseBytes: 1_000_000, maxMetadataBytes: 1_000_000 },
  });
}

/** Sends a range query and reads its answer to the end. */
async function readRange(group: OpenGroup): Promise<void> {
  const { frames } = await group.query(RANGE, fetchContext());
  for await (const batch of itemsOf(frames)) t.ok(batch.length > 0);
}

interface FaultCase {
  readonly name: string;
  readonly fault: Fault;
  readonly overrides?: GroupOverrides;
  /** The text after `server group "eu": target HOST:PORT: `. */
  readonly reason: string | RegExp;
}

const CASES: readonly FaultCase[] = [
  {
    name: 'a target that never answers',
    fault: staysSilent,
    overrides: { timeoutMs: 80 },
    reason: 'no response headers within 80 ms (timeout)',
  },
  { name: 'a connection reset before the response', fault: resets, reason: 'connection reset' },
  {
    name: 'a connection closed before the response',
    fault: hangsUp,
    reason: 'connection closed before a response',
  },
  { name: 'bytes that are not HTTP', fault: speaksNoHttp, reason: /^invalid HTTP response: / },
  {
    name: 'a header that is too large',
    fault: sendsHugeHeader(40_000),
    reason: 'response headers are too large',
  },
  {
    name: 'an HTML page with a title',
    fault: answersWith(
      502,
      { 'content-type': 'text/html' },
      '<html><head><title>502 Bad\u0007 Gateway</title></head><body><h1>nginx</h1></body></html>',
    ),
    reason: 'HTTP 502: 502 Bad Gateway',
  },
  {
    name: 'an HTML page without a title',
    fault: answersWith(500, { 'content-type': 'text/html' }, '<h1>It\n is <b>broken</b></h1>'),
    reason: 'HTTP 500: It is broken',
  },
  {
    name: 'an error without a body',
    fault: answersWith(500, {}, ''),
    reason: 'HTTP 500',
  },
  {
    name: 'a 401',
    fault: answersWith(401, { 'content-type': 'text/plain' }, 'missing `Authorization` request header\n'),
    reason: 'HTTP 401: credentials rejected: missing `Authorization` request header',
  },
  {
    name: 'a 403 with an error of Prometheus',
    fault: refuses(403, 'forbidden', 'no access to tenant 7'),
    reason: 'HTTP 403 forbidden: credentials rejected: no access to tenant 7',
  },
  {
    name: 'a 429 with Retry-After',
    fault: answersWith(429, { 'retry-after': '10' }, 'slow down'),
    reason: 'HTTP 429: too many requests, Retry-After: 10: slow down',
  },
  {
    name: 'a 503 with an error of Prometheus',
    fault: refuses(503, 'timeout', 'query timed out in expression evaluation', { 'retry-after': '1' }),
    reason: 'HTTP 503 timeout: unavailable, Retry-After: 1: query timed out in expression evaluation',
  },
  {
    name: 'a failure of the storage of VictoriaMetrics',
    fault: refuses(422, '422', 'search error after reading 1 data blocks: no space left'),
    reason: 'HTTP 422: search error after reading 1 data blocks: no space left',
  },
  {
    name: 'a redirect, whose query string is not shown',
    fault: answersWith(302, { location: 'https://user:pass@login.example.com/sso?token=abc' }, ''),
    reason: 'HTTP 302: redirect to https://login.example.com/sso not followed',
  },
  {
    name: 'a success that is not JSON',
    fault: answersWith(200, { 'content-type': 'text/html; charset=utf-8' }, '<title>Please log in</title>'),
    reason: 'HTTP 200: content type text/html; charset=utf-8 instead of JSON: Please log in',
  },
  {
    name: 'an unsupported encoding',
    fault: answersWith(200, { ...JSON_TYPE, 'content-encoding': 'br' }, 'x'),
    reason: 'HTTP 200: unsupported Content-Encoding: br',
  },
  {
    name: 'invalid gzip',
    fault: answersGzipGarbage,
    reason: 'invalid gzip encoding: incorrect header check',
  },
  {
    name: 'incomplete JSON',
    fault: answersWith(200, JSON_TYPE, '{"sta'),
    reason: /(cut|truncated|not JSON)/,
  },
  {
    name: 'incomplete gzip',
    fault: answersWith(200, GZIP, zlib.gzipSync(JSON.stringify(matrix('up'))).subarray(0, 40)),
    reason: 'incomplete compressed response: unexpected end of file',
  },
  {
    name: 'a small response that decompresses to a large one',
    fault: answersWith(200, GZIP, zlib.gzipSync(`${BEGINNING}${' '.repeat(20_000_000)}`)),
    reason: 'response is larger than 1000000 bytes',
  },
  {
    name: 'a response shorter than its Content-Length',
    fault: cutsByLength(BEGINNING),
    reason: 'incomplete response: connection closed before its end',
  },
  {
    name: 'an incomplete chunked response',
    fault: cutsChunks(BEGINNING),
    reason: 'incomplete response: connection closed before its end',
  },
  ...(zstdCompressSync === undefined
    ? [
        {
          name: 'zstd, where the runtime does not support it',
          fault: answersWith(200, ZSTD, 'x'),
          reason: 'HTTP 200: unsupported Content-Encoding: zstd',
        },
      ]
    : [
        {
          name: 'invalid zstd',
          fault: answersWith(200, ZSTD, 'this is not zstd at all'),
          reason: /^invalid zstd encoding: /,
        },
        {
          name: 'incomplete zstd',
          fault: answersWith(200, ZSTD, zstdCompressSync(JSON.stringify(matrix('up'))).subarray(0, 40)),
          // Node 22 takes the end of the bytes for the end of the frame: the JSON is then incomplete.
          reason: /^(incomplete compressed response: |invalid answer: )/,
        },
        {
          name: 'a small response in zstd that decompresses to a large one',
          fault: answersWith(200, ZSTD, zstdCompressSync(`${BEGINNING}${' '.repeat(20_000_000)}`)),
          reason: 'response is larger than 1000000 bytes',
        },
        {
          name: 'zstd with a window of 64 MiB',
          // A frame without a size whose window is 2^26 bytes (RFC 8878, 3.1.1).
          fault: answersWith(200, ZSTD, Buffer.from('28b52ffd0080010000', 'hex')),
          reason: /^invalid zstd encoding: /,
        },
      ]),
];

for (const { name, fault, overrides, reason } of CASES) {
  t.test(`${name} is an error that names group, target and cause, for queries and metadata`, async (t) => {
    const server = await startFaultServer(fault);
    const observations: UpstreamObservation[] = [];
    const group = createGroup([server.target], overrides, observations);
    t.teardown(async () => {
      await group.close();
      await server.close();
    });
    const requests = [
      () => readRange(group),
      () => group.labelNames(EVERYTHING, fetchContext()),
      () => group.labelValues('job', EVERYTHING, fetchContext()),
    ];
    for (const send of requests) {
      const error = await send().then(
        () => t.fail('it was answered'),
        (thrown: unknown) => thrown,
      );
      if (!(error instanceof PromfedError)) throw new Error(`not a PromfedError: ${String(error)}`);
      t.equal(error.code, 'upstream');
      const beginning = `server group "eu": target ${server.target}: `;
      t.equal(error.message.slice(0, beginning.length), beginning);
      const rest = error.message.slice(beginning.length);
      if (typeof reason === 'string') t.equal(rest, reason);
      else t.match(rest, reason);
    }
    t.match(
      observations,
      ['query_range', 'labels', 'label_values'].map((path) => ({
        group: 'eu',
        target: server.target,
        path,
        outcome: 'error',
      })),
    );
    t.equal(observations.length, 3);
  });
}

t.test('a target at which nothing listens refuses connections', async (t) => {
  const target = await unusedTarget();
  const group = createGroup([target]);
  t.teardown(() => group.close());
  await t.rejects(readRange(group), {
    code: 'upstream',
    message: `server group "eu": target ${target}: connection refused`,
  });
});

t.test('a host without an address is an error', async (t) => {
  const group = createGroup(['nothing.invalid:9090']);
  t.teardown(() => group.close());
  await t.rejects(readRange(group), {
    code: 'upstream',
    message:
      /^server group "eu": target nothing\.invalid:9090: (no such host|name server did not answer|no connection within)/,
  });
});

t.test('TLS to a server without TLS is a readable error', async (t) => {
  const server = await startFaultServer(answers(matrix('up')));
  const group = createGroup([server.target], { scheme: 'https' });
  t.teardown(async () => {
    await group.close();
    await server.close();
  });
  await t.rejects(readRange(group), {
    code: 'upstream',
    message:
      /^server group "eu": target 127\.0\.0\.1:\d+: (TLS: wrong version number|TLS: packet length too long|connection reset|connection closed before a response)$/,
  });
});

t.test("Prometheus' execution error is an error of the query, with the upstream's text", async (t) => {
  const text = 'found duplicate series for the match group {job="a"} on the right hand-side';
  const server = await startFaultServer(refuses(422, 'execution', text));
  const group = createGroup([server.target], { ignoreError: true });
  t.teardown(async () => {
    await group.close();
    await server.close();
  });
  await t.rejects(readRange(group), { code: 'execution', message: text });
  t.equal(server.requests.length, 1);
  await t.rejects(group.labelNames(EVERYTHING, fetchContext()), { code: 'upstream' });
});

t.test('an endless response is an error, and its connection is closed', async (t) => {
  const piece = (index: number): string => `{"metric":{"a":"${index}"},"values":[[100,"1"]]},`;
  const server = await startFaultServer(neverEnds(BEGINNING, piece));
  const group = createGroup([server.target]);
  t.teardown(async () => {
    await group.close();
    await server.close();
  });
  await t.rejects(readRange(group), {
    code: 'upstream',
    message: `server group "eu": target ${server.target}: response is larger than 1000000 bytes`,
  });
  server.behave(neverEnds('{"status":"success","data":[', () => '"a",'));
  await t.rejects(group.labelNames(EVERYTHING, fetchContext()), {
    code: 'upstream',
    message: `server group "eu": target ${server.target}: response is larger than 1000000 bytes`,
  });
  await server.untilHungUp();
});

t.test('only the beginning of an endless error page is read', async (t) => {
  const server = await startFaultServer(neverEnds('broken ', () => 'broken ', 500));
  const group = createGroup([server.target]);
  t.teardown(async () => {
    await group.close();
    await server.close();
  });
  await t.rejects(readRange(group), { code: 'upstream', message: /: HTTP 500: (broken )+/ });
  await server.untilHungUp();
});

t.test('a query result of the wrong shape is a failure of the target', async (t) => {
  const cases = [
    { name: 'not JSON', body: 'oops' },
    {
      name: 'a vector for a range query',
      body: JSON.stringify(success({ resultType: 'vector', result: [] })),
    },
    { name: 'an unknown type', body: JSON.stringify(success({ resultType: 'tensor', result: [] })) },
    { name: 'no result', body: JSON.stringify(success({})) },
    { name: 'a list', body: '[]' },
    { name: 'an empty body', body: '' },
    { name: 'incomplete JSON', body: JSON.stringify(matrix('up')).slice(0, -12) },
  ];
  for (const { name, body } of cases) {
    const server = await startFaultServer(answersWith(200, JSON_TYPE, body));
    const group = createGroup([server.target]);
    await t.rejects(
      readRange(group),
      { code: 'upstream', message: new RegExp(`^server group "eu": target ${server.target}: .+`) },
      name,
    );
    await group.close();
    await server.close();
  }
});

t.test('a region that rejects the expression fails the query and is named', async (t) => {
  const server = await startFaultServer(refuses(400, 'bad_data', 'unknown function "foo"'));
  const other = await unusedTarget();
  const group = createGroup([server.target, other]);
  t.teardown(async () => {
    await group.close();
    await server.close();
  });
  await t.rejects(readRange(group), {
    code: 'rejected',
    message:
      `server group "eu": target ${server.target}: rejected the expression: unknown function "foo"; ` +
      `target ${other}: connection refused`,
  });
});

t.test('a limit of the region is a failure of the group with its own code', async (t) => {
  const text = 'cannot select more than -search.maxSamplesPerQuery=5 samples';
  const server = await startFaultServer(refuses(422, '422', text));
  const group = createGroup([server.target]);
  t.teardown(async () => {
    await group.close();
    await server.close();
  });
  await t.rejects(readRange(group), {
    code: 'region_limit',
    errorType: 'execution',
    message: `server group "eu": target ${server.target}: HTTP 422: limit of the region exceeded: ${text}`,
  });
});

t.test("a region's 400 to a metadata request is a 400 with its text", async (t) => {
  const server = await startFaultServer(refuses(400, 'bad_data', 'invalid label name: "a.b"'));
  const group = createGroup([server.target]);
  t.teardown(async () => {
    await group.close();
    await server.close();
  });
  await t.rejects(group.labelValues('a.b', EVERYTHING, fetchContext()), {
    code: 'rejected_request',
    status: 400,
    errorType: 'bad_data',
    message: `server group "eu": target ${server.target}: rejected the request: invalid label name: "a.b"`,
  });
});

t.test('credentials in the text of an upstream are hidden', async (t) => {
  const server = await startFaultServer(
    refuses(400, 'bad_data', 'bad header Basic dXNlcjpodW50ZXIyMg== of hunter22'),
  );
  const group = createGroup([server.target], {
    httpClient: { authentication: basicAuth('user', 'hunter22') },
  });
  t.teardown(async () => {
    await group.close();
    await server.close();
  });
  await t.rejects(readRange(group), { message: /: bad header <secret> of <secret>$/ });
});

t.test('credentials in the warnings and infos of an upstream are hidden', async (t) => {
  const server = await startFaultServer(
    answers({ ...(matrix('a') as object), warnings: ['user of hunter22'], infos: ['PromQL info: hunter22'] }),
  );
  const group = createGroup([server.target], {
    httpClient: { authentication: basicAuth('user', 'hunter22') },
  });
  t.teardown(async () => {
    await group.close();
    await server.close();
  });
  const { frames } = await group.query(RANGE, fetchContext());
  while ((await frames.next()) !== undefined);
  t.match(frames.trailer, { warnings: ['user of <secret>'], infos: ['PromQL info: <secret>'] });
});

t.test('a response that trickles ends with the deadline, in an error that names the group', async (t) => {
  const server = await startFaultServer(trickles(BEGINNING));
  const group = createGroup([server.target]);
  t.teardown(async () => {
    await group.close();
    await server.close();
  });
  const context = fetchContext({}, 200);
  const { frames } = await group.query(RANGE, context);
  await t.rejects(frames.next(), { code: 'timeout', message: /server group "eu"/ });
  await server.untilHungUp();
});
