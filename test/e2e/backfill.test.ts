// `promfed backfill` as a process: killed in the middle, and with a receiver that is down for a while.

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import t, { type Test } from 'tap';

import {
  importIntoVictoriaMetrics,
  startVictoriaMetrics,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';
import { buildPromfed } from '../helpers/promfed/process.js';
import { rangeOf } from '../helpers/rules/backfill/run.js';
import { untilFound } from '../helpers/until.js';

t.before(buildPromfed);

const STEP_MS = 15_000;
const COUNT = 600;
const END_MS = Math.floor(Date.now() / STEP_MS) * STEP_MS - 60_000;
const START_MS = END_MS - (COUNT - 1) * STEP_MS;

/** A proxy in front of the receiver. `decide` is called with the number of each request. */
async function startProxy(
  t: Test,
  target: string,
  decide: (count: number) => 'pass' | 'refuse' | 'hang',
): Promise<string> {
  let count = 0;
  const onRequest = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const decision = decide(++count);
    if (decision === 'refuse') {
      outgoing.writeHead(503).end();
      return;
    }
    const { method, url, headers } = incoming;
    const sent = request(new URL(url!, target), { method, headers }, (answer) => {
      // The receiver has stored the samples, and the sender does not learn it.
      if (decision === 'hang') return;
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(sent);
  };
  const server = createServer(onRequest);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

function start(folder: string): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const args = [
    resolve('dist/main.js'),
    'backfill',
    `--config=${join(folder, 'promfed.yaml')}`,
    `--start=${START_MS / 1000}`,
    `--end=${END_MS / 1000}`,
  ];
  const child = spawn(process.execPath, args, { cwd: folder });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const ended = new Promise<Ended>((done) => {
    child.on('close', (status, signal) => {
      done({ status, signal, out, err });
    });
  });
  return { child, ended };
}

t.test(
  'no sample is missing after kill -9 and an outage of the receiver',
  { skip: withoutRealServers() },
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'promfed-backfill-'));
    t.teardown(() => {
      rmSync(folder, { recursive: true, force: true });
    });
    const [region, store] = await Promise.all([startVictoriaMetrics(t), startVictoriaMetrics(t)]);
    const timestamps = Array.from({ length: COUNT }, (_, i) => START_MS + i * STEP_MS);
    const values = timestamps.map((_, i) => i);
    await importIntoVictoriaMetrics(region.url, [
      { labels: { __name__: 'a' }, timestamps, values },
      { labels: { __name__: 'b' }, timestamps, values },
    ]);

    let hangs = false;
    const isDown = (count: number): boolean => count >= 6 && count < 12;
    const proxy = await startProxy(t, store.url, (count) => {
      if (count === 3) hangs = true;
      return count === 3 ? 'hang' : isDown(count) ? 'refuse' : 'pass';
    });
    writeFileSync(
      join(folder, 'rules.yaml'),
      `groups:
  - { name: one, interval: 15s, rules: [{ record: 'a:double', expr: 'a * 2' }, { record: 'b:double', expr: 'b * 2' }, { record: 'a:chained', expr: 'a:double + 1' }] }
`,
    );
    writeFileSync(
      join(folder, 'promfed.yaml'),
      `rule_files: [rules.yaml]
remote_write: [{ url: '${proxy}/api/v1/write', queue_config: { min_backoff: 100ms, max_backoff: 200ms } }]
rules: { restore_from: { url: '${store.url}' } }
promxy: { server_groups: [{ static_configs: [{ targets: ['${new URL(region.url).host}'] }], labels: { region: eu } }] }
`,
    );

    const first = start(folder);
    await untilFound(() => Promise.resolve(hangs || undefined), 'a request in the middle');
    await untilFound(async () => {
      await (await fetch(`${store.url}/internal/force_flush`)).arrayBuffer();
      const stored = await rangeOf(store.url, 'a:chained', {
        startMs: START_MS,
        endMs: END_MS,
        stepMs: STEP_MS,
      });
      return stored.length > 0 ? true : undefined;
    }, 'the samples of the request');
    first.child.kill('SIGKILL');
    t.match(await first.ended, { signal: 'SIGKILL' });

    const second = await start(folder).ended;
    t.match(
      second,
      { status: 0, out: /^backfill of 3 rules has finished: \d+ samples written\n$/ },
      second.err,
    );
    t.match(second.err, /note: remote write request failed; sending it again: \S+: status 503\n/);
    t.match(second.err, /100% group one, rule a:chained: chunk \d\/\d, \d+ samples written, done\n$/);

    await (await fetch(`${store.url}/internal/force_flush`)).arrayBuffer();
    for (const [name, add] of [
      ['a:double', 0],
      ['b:double', 0],
      ['a:chained', 1],
    ] as const) {
      const query = encodeURIComponent(`${name}[1d]`);
      const answer = await fetch(`${store.url}/api/v1/query?query=${query}&nocache=1&latency_offset=1ms`);
      const { data } = (await answer.json()) as { data: { result: { values: [number, string][] }[] } };
      const stored = data.result
        .flatMap((series) => series.values)
        .map(([timeS, value]) => [timeS * 1000, Number(value)]);
      const offsetMs = stored[0]![0]! - START_MS;
      const expected = timestamps
        .map((timeMs, i) => [timeMs + offsetMs, 2 * i + add])
        .filter(([timeMs]) => timeMs! <= END_MS);
      t.strictSame(stored, expected, name);
    }
  },
);
