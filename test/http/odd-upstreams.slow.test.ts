// Regions that send duplicate series, unordered series, single bytes, too little or too much: over HTTP, on both data
// paths.

import t from 'tap';

import { type Fault, type FaultServer, startFaultServer } from '../helpers/upstreams/fault-server.js';
import { api, startPromfed, type ApiAnswer, type QueryData } from '../helpers/promfed/promfed.js';
import type { Teardown } from '../helpers/real-servers/server-process.js';

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

const PAD = 'p'.repeat(200);

/** Up to 999 series in the order of their labels. `pad` makes answers large. */
function seriesOf(count: number, padded = false): Series[] {
  return Array.from({ length: count }, (_, i) => ({
    metric: { __name__: 'x', i: String(i).padStart(3, '0'), ...(padded ? { pad: PAD.repeat(10) } : {}) },
    value: [1, String(i)] as const,
  }));
}

function bodyOf(series: readonly Series[]): string {
  return JSON.stringify({ status: 'success', data: { resultType: 'vector', result: series } });
}

const JSON_TYPE = { 'content-type': 'application/json' };

function sends(body: string, headers: Record<string, string> = {}): Fault {
  return (response) => {
    response.writeHead(200, { ...JSON_TYPE, ...headers }).end(body);
  };
}

/** Sends a complete answer, a few bytes at a time. */
function dribbles(body: string, bytes: number): Fault {
  return (response) => {
    response.writeHead(200, JSON_TYPE);
    const pieces = Buffer.from(body);
    let at = 0;
    const next = (): void => {
      if (response.destroyed) return;
      if (at >= pieces.length) {
        response.end();
        return;
      }
      response.write(pieces.subarray(at, at + bytes));
      at += bytes;
      setTimeout(next, 1);
    };
    next();
  };
}

/** Sends the start of an answer, then nothing. */
function stalls(beginning: string): Fault {
  return (response) => {
    response.writeHead(200, JSON_TYPE).write(beginning);
  };
}

/** Sends a Content-Length that is not the length of the body. */
function claims(bytes: number, body: string): Fault {
  return (_response, socket) => {
    socket.end(
      `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n${body}`,
    );
  };
}

async function serve(t: Teardown, fault: Fault): Promise<FaultServer> {
  const server = await startFaultServer(fault);
  t.teardown(() => server.close());
  return server;
}

/** Starts regions `r1`, `r2`, … with these faults. The first `optional` regions have `ignore_error`. */
async function setUp(t: Teardown, faults: readonly Fault[], optional = 0): Promise<string> {
  const groups = [];
  for (const [i, fault] of faults.entries()) {
    const { target } = await serve(t, fault);
    groups.push({
      name: `region-${i + 1}`,
      static_configs: [{ targets: [target] }],
      labels: { region: `r${i + 1}` },
      ignore_error: i < optional,
    });
  }
  const yaml = JSON.stringify({ promxy: { server_groups: groups } });
  const { url } = await startPromfed(t, yaml, { queryTimeoutMs: 1_500 });
  return url;
}

/** A query that passes through as bytes, and one that is computed on columns. */
const BYTES = 'x';
const COLUMNS = 'quantile(0.5, x)';

/** Returns the answer, or undefined when the connection broke. */
async function tryQuery(url: string, query: string): Promise<ApiAnswer<QueryData> | undefined> {
  try {
    return await api(url, '/api/v1/query', { query, time: '1' });
  } catch {
    return undefined;
  }
}

function excerptOf({ data }: ApiAnswer<QueryData>): string {
  return JSON.stringify(data ?? null).slice(0, 300);
}

const few = seriesOf(5);
const many = seriesOf(900, true);
const repeats: readonly { name: string; series: readonly Series[] }[] = [
  { name: 'a series sent twice in a row', series: [few[0]!, few[1]!, few[1]!, few[2]!] },
  { name: 'a series repeated at the end', series: [...few, few[0]!] },
  {
    name: 'a series repeated with its labels in another order',
    series: [
      { metric: { b: '1', a: '1' }, value: [1, '7'] },
      { metric: { a: '1', b: '1' }, value: [1, '7'] },
    ],
  },
  {
    name: 'a series repeated with another value, out of order',
    series: [few[3]!, few[1]!, { ...few[3]!, value: [1, '99'] }],
  },
  { name: 'a series repeated at the end of a large answer', series: [...many, many[0]!] },
];

for (const { name, series } of repeats) {
  t.test(`${name} is an error`, async (t) => {
    const alone = await setUp(t, [sends(bodyOf(series))]);
    const beside = await setUp(t, [sends(bodyOf(series)), sends(bodyOf(seriesOf(3)))]);
    for (const [url, query] of [
      [alone, BYTES],
      [beside, BYTES],
      [beside, COLUMNS],
    ] as const) {
      const answer = await tryQuery(url, query);
      if (answer === undefined) continue; // The connection broke: clients do not take the answer for complete.
      t.equal(answer.status, 'error', `${query}: ${excerptOf(answer)}`);
      t.match(answer.error, /duplicate series/, query);
    }
  });
}

t.test('unordered series are all returned once, and small answers are sorted', async (t) => {
  const shuffled = [...few].reverse();
  const url = await setUp(t, [sends(bodyOf(shuffled)), sends(bodyOf([few[2]!, few[0]!, few[1]!]))]);
  const answer = await api(url, '/api/v1/query', { query: BYTES, time: '1' });
  const found = answer.data!.result.map(({ metric }) => `${metric['i']!} ${metric['region']!}`);
  t.strictSame(found, ['000 r1', '000 r2', '001 r1', '001 r2', '002 r1', '002 r2', '003 r1', '004 r1']);
  const computed = await api(url, '/api/v1/query', { query: 'stddev(x) + 0 * quantile(0.5, x)', time: '1' });
  t.equal(computed.status, 'success');

  const large = [...many].reverse();
  const wide = await setUp(t, [
    sends(bodyOf(large)),
    sends(bodyOf([...large.slice(300), ...large.slice(0, 300)])),
  ]);
  const all = await api(wide, '/api/v1/query', { query: BYTES, time: '1' });
  const keys = all.data!.result.map(({ metric }) => `${metric['i']!} ${metric['region']!}`);
  t.equal(keys.length, 1800);
  t.equal(new Set(keys).size, 1800);
  t.ok(all.data!.result.every(({ metric, value }) => Number(metric['i']) === Number(value![1])));
});

t.test('an answer that arrives byte by byte is the same', async (t) => {
  const body = bodyOf(few);
  const url = await setUp(t, [dribbles(body, 1), dribbles(body, 7)]);
  const whole = await setUp(t, [sends(body), sends(body)]);
  for (const query of [BYTES, COLUMNS]) {
    const answer = await tryQuery(url, query);
    t.equal(answer?.status, 'success', `${query}: ${answer?.error ?? ''}`);
    t.strictSame(answer, await tryQuery(whole, query), query);
  }
});

const cut = bodyOf(many).slice(0, 500_000);
for (const { name, fault, reason } of [
  { name: 'stalls in the middle of a large answer', fault: stalls(cut), reason: /timed out|deadline/ },
  {
    name: 'stalls before its first series',
    fault: stalls('{"status":"success",'),
    reason: /timed out|deadline/,
  },
  {
    name: 'announces more bytes than it sends',
    fault: claims(10_000, bodyOf(few)),
    reason: /incomplete response/,
  },
  { name: 'announces fewer bytes than it sends', fault: claims(100, bodyOf(few)), reason: /region-1/ },
  { name: 'announces an empty body', fault: claims(0, bodyOf(few)), reason: /region-1/ },
]) {
  t.test(`the answer of a region that ${name} is not taken for complete on either path`, async (t) => {
    const required = await setUp(t, [fault, sends(bodyOf(few))]);
    const optional = await setUp(t, [fault, sends(bodyOf(few))], 1);
    for (const query of [BYTES, COLUMNS]) {
      const failed = await tryQuery(required, query);
      if (failed !== undefined) {
        t.equal(failed.status, 'error', `${query}: ${excerptOf(failed)}`);
        t.match(failed.error, reason, query);
        t.match(failed.error, /region-1/, query);
      }
      const partial = await tryQuery(optional, query);
      t.equal(partial?.status, 'success', `${query}: ${partial?.error ?? 'broke off'}`);
      t.ok(
        partial?.warnings?.some((warning) => warning.includes('region-1')),
        `${query}: ${JSON.stringify(partial?.warnings)}`,
      );
    }
    const alive = await tryQuery(required.replace(/\/$/, ''), '1');
    t.equal(alive?.status, 'success', 'the process is still healthy');
  });
}
