// Node.js' limits on the heap of every process: dist/main.js with --memory.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

import t from 'tap';

import { buildPromfed, startPromfedProcess } from '../helpers/promfed/process.js';
import { until } from '../helpers/until.js';

t.before(buildPromfed);

/** The command lines of a process and its children. */
function commandLines(pid: number): string[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return [String(pid), ...children].map((id) =>
    readFileSync(`/proc/${id}/cmdline`, 'utf8').replaceAll('\0', ' '),
  );
}

/** The heap flags of the processes that serve. */
function servers(pid: number): string[] {
  const lines = commandLines(pid);
  const workers = lines.filter((line) => line.includes('worker.js'));
  return workers.length > 0 ? workers : lines.slice(-1);
}

t.test('every serving process has the heap that its memory allows', async (t) => {
  for (const workers of [1, 2]) {
    const { child } = await startPromfedProcess(t, 'demo', '--memory=1GiB', `--workers=${workers}`);
    const lines = servers(child.pid!);
    t.equal(lines.length, workers);
    const oldSpace = workers === 1 ? 432 : 172;
    for (const line of lines)
      t.match(line, new RegExp(`--max-old-space-size=${oldSpace} .*--max-semi-space-size=`));
  }
});

t.test('signals reach the serving process, and its status is that of the command', async (t) => {
  const promfed = await startPromfedProcess(t, 'demo', '--memory=512MB', '--workers=1');
  promfed.child.kill('SIGTERM');
  t.equal(await promfed.ended, 0);
  t.match(promfed.output(), /promfed is stopping/);
  const hints = promfed.output().split('less CPU time').length - 1;
  t.equal(hints, Number(process.versions.node.split('.')[0]) < 26 ? 1 : 0, 'an older Node.js is logged once');
});

t.test('the serving process ends with the command', async (t) => {
  const { child, url, ended } = await startPromfedProcess(t, 'demo', '--memory=512MB', '--workers=1');
  child.kill('SIGKILL');
  t.equal(await ended, 'SIGKILL');
  await until(
    () =>
      fetch(url).then(
        () => false,
        () => true,
      ),
    'the server to end',
  );
});

t.test('a process with flags of the user keeps them', async (t) => {
  const args = ['--max-old-space-size=128', 'dist/main.js', 'demo', '--memory=512MB', '--workers=1'];
  const child = spawn(process.execPath, [...args, '--bind-addr=127.0.0.1:0', '--log-format=json']);
  t.teardown(() => child.kill('SIGKILL'));
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await until(() => output.includes('promfed is ready'), 'promfed to be ready');
  t.match(servers(child.pid!)[0], /--max-old-space-size=128 /);
  t.notMatch(servers(child.pid!)[0], /--max-old-space-size=(?!128)/);
  const url = /"url":"([^"]+)"/.exec(output)![1]!;
  const metrics = await (await fetch(`${url}metrics`)).text();
  const budget = Number(/^promfed_memory_budget_bytes (\d+)$/m.exec(metrics)![1]);
  t.equal(Math.round(budget / 2 ** 20), 77, 'the budget fits into the heap');
});
