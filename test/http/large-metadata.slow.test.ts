// Large and hostile metadata of regions: the event loop turns, memory is counted, and the answer is the same.

import { get } from 'node:http';

import t, { type Test } from 'tap';

import type { Server } from '../../src/server/index.js';
import { startFaultServer, type Fault } from '../helpers/upstreams/fault-server.js';
import { startPromfed, type PromfedOptions } from '../helpers/promfed/promfed.js';
import { longestTurn } from '../helpers/runtime/longest-turn.js';
import { until } from '../helpers/until.js';

const MB = 2 ** 20;
/** Turns of the event loop in calibration units of about 20 ms: time slices of 20 ms, garbage collections, and room. */
const MAX_TURN = 8;

function answersBytes(body: Buffer): Fault {
  return (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(body);
  };
}

async function setUp(t: Test, bodies: readonly Buffer[], options: PromfedOptions = {}): Promise<Server> {
  const regions = await Promise.all(bodies.map((body) => startFaultServer(answersBytes(body))));
  const groups = regions.map(({ target }, i) => ({
    static_configs: [{ targets: [target] }],
    labels: { region: `r${i}` },
    remote_read: false,
  }));
  t.teardown(() => Promise.all(regions.map((region) => region.close())));
  return startPromfed(t, JSON.stringify({ promxy: { server_groups: groups } }), options);
}

function getBytes(url: string): Promise<{ readonly status: number; readonly body: Buffer }> {
  return new Promise((resolve, reject) => {
    const request = get(url, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) });
      });
    });
    request.on('error', reject);
  });
}

async function untilFree(promfed: Server): Promise<void> {
  await until(async () => {
    const text = await (await fetch(`${promfed.url}metrics`)).text();
    return /^promfed_memory_held_bytes 0$/m.test(text);
  }, 'all memory to be released');
}

/** Series in an order that is not that of their labels, as Prometheus returns them for one selector. */
function seriesBody(count: number, from: number): Buffer {
  const all: string[] = [];
  for (let i = 0; i < count; i++) {
    const n = (i * 7919) % count;
    const pod = `pod-${String(from + n).padStart(8, '0')}`;
    all.push(`{"__name__":"metric_${n % 100}","job":"api","namespace":"ns-${n % 50}","pod":"${pod}"}`);
  }
  return Buffer.from(`{"status":"success","data":[${all.join(',')}]}`);
}

t.test('two times 150,000 series are merged without a long turn, within six times their bytes', async (t) => {
  const bodies = [seriesBody(150_000, 0), seriesBody(150_000, 100_000)];
  const bytes = bodies[0]!.length + bodies[1]!.length;
  const promfed = await setUp(t, bodies, {
    memory: { budgetBytes: 6 * bytes, perQueryBytes: 6 * bytes },
  });
  let body: Buffer = Buffer.alloc(0);
  const turn = await longestTurn(async () => {
    const answer = await getBytes(`${promfed.url}api/v1/series?match[]=%7B__name__%3D~%22.%2B%22%7D`);
    t.equal(answer.status, 200);
    ({ body } = answer);
  });
  t.ok(turn < MAX_TURN, `a turn took ${turn.toFixed(1)} units`);
  const { data } = JSON.parse(body.toString()) as { readonly data: readonly Record<string, string>[] };
  t.equal(data.length, 300_000);
  const keyOf = ({ __name__, namespace, pod, region }: Record<string, string>): string =>
    [__name__, namespace, pod, region].join('\0');
  let isSorted = true;
  for (let i = 1; i < data.length; i++) if (keyOf(data[i - 1]!) >= keyOf(data[i]!)) isSorted = false;
  t.ok(isSorted, 'the series are sorted and distinct');
  await untilFree(promfed);
});

t.test('300,000 label values of two regions are merged without a long turn', async (t) => {
  const values = Array.from({ length: 300_000 }, (_, i) => `value-${String(i).padStart(8, '0')}`);
  const body = Buffer.from(JSON.stringify({ status: 'success', data: values, warnings: ['w'] }));
  const reversed = Buffer.from(JSON.stringify({ status: 'success', data: values.toReversed() }));
  const promfed = await setUp(t, [body, reversed]);
  let answer: Buffer = Buffer.alloc(0);
  const turn = await longestTurn(async () => {
    ({ body: answer } = await getBytes(`${promfed.url}api/v1/label/pod/values`));
  });
  t.ok(turn < MAX_TURN, `a turn took ${turn.toFixed(1)} units`);
  t.ok(answer.equals(body), 'the answer is that of one region');
  const limited = await getBytes(`${promfed.url}api/v1/label/pod/values?limit=2`);
  t.strictSame(JSON.parse(limited.body.toString()), {
    status: 'success',
    data: values.slice(0, 2),
    warnings: ['w', 'results truncated due to limit'],
  });
  await untilFree(promfed);
});

t.test('100,000 metrics of two regions are merged without a long turn', async (t) => {
  const entry = { type: 'counter', help: 'Number of requests.', unit: '' };
  const names = Array.from({ length: 100_000 }, (_, i) => `metric_${String(i).padStart(8, '0')}_total`);
  const data = Object.fromEntries(names.map((name) => [name, [entry]]));
  const body = Buffer.from(JSON.stringify({ status: 'success', data }));
  const promfed = await setUp(t, [body, body]);
  let answer: Buffer = Buffer.alloc(0);
  const turn = await longestTurn(async () => {
    ({ body: answer } = await getBytes(`${promfed.url}api/v1/metadata`));
  });
  t.ok(turn < MAX_TURN, `a turn took ${turn.toFixed(1)} units`);
  t.ok(answer.equals(body));
  await untilFree(promfed);
});

const PATHS = ['labels', 'label/a/values', 'series?match[]=a', 'metadata', 'rules?federated=true'];

const NESTED = [
  { name: 'brackets', text: '['.repeat(10 * MB) },
  { name: 'data of brackets', text: `{"status":"success","data":${'['.repeat(10 * MB)}` },
  { name: 'an element of brackets', text: `{"status":"success","data":[${'['.repeat(10 * MB)}` },
  { name: 'a member of braces', text: `{"status":"success","data":${'{"a":'.repeat(2 * MB)}` },
  { name: 'groups of brackets', text: `{"status":"success","data":{"groups":[${'['.repeat(10 * MB)}` },
  { name: 'another member of brackets', text: `{"status":"success","trace":${'['.repeat(10 * MB)}` },
];

for (const { name, text } of NESTED) {
  t.test(`ten megabytes of ${name} are rejected by their beginning`, async (t) => {
    const promfed = await setUp(t, [Buffer.from(text)]);
    for (const path of PATHS) {
      const heldBytes = process.memoryUsage().heapUsed;
      const turn = await longestTurn(async () => {
        const { status, body } = await getBytes(`${promfed.url}api/v1/${path}`);
        const isRules = path.startsWith('rules');
        t.equal(status, isRules ? 200 : 500, path);
        t.match(body.toString(), /invalid answer: /, path);
      });
      t.ok(turn < MAX_TURN, `${path}: a turn took ${turn.toFixed(1)} units`);
      const grownBytes = process.memoryUsage().heapUsed - heldBytes;
      t.ok(grownBytes < 40 * MB, `${path}: the heap grew by ${(grownBytes / MB).toFixed()} MB`);
    }
    await untilFree(promfed);
  });
}

t.test('millions of small values are counted before they are held', async (t) => {
  const rules = `{"status":"success","data":{"groups":[${'[],'.repeat(3 * MB)}[]]}}`;
  const promfed = await setUp(t, [Buffer.from(rules)], {
    memory: { budgetBytes: 64 * MB, perQueryBytes: 32 * MB },
  });
  const turn = await longestTurn(async () => {
    const { body } = await getBytes(`${promfed.url}api/v1/rules?federated=true`);
    t.match(body.toString(), /query memory limit exceeded/);
  });
  t.ok(turn < MAX_TURN, `a turn took ${turn.toFixed(1)} units`);
  await untilFree(promfed);
});
