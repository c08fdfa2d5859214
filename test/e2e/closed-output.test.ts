// Standard error that is closed, full or not read: promfed continues.

import { spawn, type ChildProcess } from 'node:child_process';
import { openSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import t, { type Test } from 'tap';

import { metricOf } from '../helpers/clients/metric-of.js';
import { buildPromfed } from '../helpers/promfed/process.js';
import { unusedTarget } from '../helpers/upstreams/fault-server.js';
import { until } from '../helpers/until.js';

t.before(buildPromfed);

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
}

/** A promfed that logs a line for each failed reload. @param stderr `pipe`, or a file. */
async function start(t: Test, stderr: 'pipe' | number, workers: number): Promise<Running> {
  const directory = t.testdir({ 'config.yaml': 'promxy: { server_groups: }\n' });
  const config = join(directory, 'config.yaml');
  const address = await unusedTarget();
  const flags = [`--config=${config}`, `--bind-addr=${address}`, `--workers=${workers}`];
  const child = spawn(process.execPath, [resolve('dist/main.js'), ...flags, '--web.enable-lifecycle'], {
    stdio: ['ignore', 'ignore', stderr],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const url = `http://${address}/`;
  // Standard error may not have the line that says that promfed is ready.
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`promfed ended with ${child.exitCode}`);
    return fetch(url).then(
      () => true,
      () => false,
    );
  }, 'promfed to listen');
  writeFileSync(config, 'broken: [');
  return { child, url };
}

/** Makes promfed log a line, and checks that it still answers. */
async function checkLogging(t: Test, running: Running): Promise<void> {
  const name = 'promfed_log_lines_dropped_total';
  const before = await metricOf(running, name);
  for (let i = 0; i < 3; i++) {
    const { status } = await fetch(`${running.url}-/reload`, { method: 'POST' });
    t.equal(status, 500);
  }
  await until(async () => (await metricOf(running, name)) > before, 'dropped lines to be counted');
  t.equal(running.child.exitCode, null);
}

for (const workers of [1, 2]) {
  t.test(`promfed continues when the reader of its log has left (${workers} workers)`, async (t) => {
    const running = await start(t, 'pipe', workers);
    running.child.stderr!.destroy();
    await checkLogging(t, running);
  });

  t.test(`promfed starts and continues when its log is full (${workers} workers)`, async (t) => {
    await checkLogging(t, await start(t, openSync('/dev/full', 'w'), workers));
  });
}

t.test('lines that are not read are dropped: nothing waits for the reader', async (t) => {
  const script = `
    import { LineWriter } from ${JSON.stringify(resolve('.build/src/telemetry/line-writer.js'))};
    const lines = new LineWriter(process.stderr);
    let longest = 0;
    for (let i = 0; i < 4000; i++) {
      lines.write('x'.repeat(999) + '\\n');
      longest = Math.max(longest, process.stderr.writableLength);
      if (i % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    process.stdout.write(JSON.stringify([lines.dropped, longest]), () => process.exit(0));
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await new Promise((done) => child.stdout.on('close', done));
  const [dropped, longest] = JSON.parse(output) as [number, number];
  t.ok(dropped > 2500 && dropped < 4000, `${dropped} of 4000 lines were dropped`);
  t.ok(longest <= 2 ** 20, `${longest} bytes waited`);
});
