// The command line: dist/main.js as a process of its own.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import t from 'tap';

import { until } from '../helpers/until.js';
import { buildPromfed, runPromfed, startPromfedProcess } from '../helpers/promfed/process.js';
import { api } from '../helpers/promfed/promfed.js';

const folder = mkdtempSync(join(tmpdir(), 'promfed-e2e-'));
t.teardown(() => {
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

t.before(buildPromfed);

t.test('version and help', async (t) => {
  t.match(await runPromfed('--version'), { status: 0, stdout: /^promfed \d+\.\d+\.\d+\n$/ });
  const help = await runPromfed('--help');
  t.equal(help.status, 0);
  for (const flag of [
    '--config',
    '--bind-addr',
    '--query.timeout',
    '--enable-feature',
    '--web.enable-lifecycle',
  ]) {
    t.ok(help.stdout.includes(flag), flag);
  }
});

t.test('an error on the command line is one line', async (t) => {
  const cases: [args: string[], message: RegExp][] = [
    [['--confg=x'], /unknown flag.*--confg.*--config/],
    [['--query.timeout=fast'], /query\.timeout/],
    [['--enable-feature=promql-experimental-function'], /promql-experimental-functions/],
    [[`--config=${join(folder, 'missing.yaml')}`], /missing\.yaml/],
  ];
  for (const [args, message] of cases) {
    const { status, stderr } = await runPromfed(...args);
    t.equal(status, 1, args.join(' '));
    t.match(stderr, message);
    t.notMatch(stderr, /\n\s+at /, 'no stack trace');
  }
});

t.test('a configuration is checked without being served', async (t) => {
  t.match(await runPromfed('--check-config', `--config=${resolve('config.example.yaml')}`), {
    status: 0,
    stdout: /config\.example\.yaml is valid/,
  });
  const broken = file('broken.yaml', 'promxy:\n  server_groups:\n    - static_config: []\n');
  const { status, stderr } = await runPromfed('--check-config', `--config=${broken}`);
  t.equal(status, 1);
  t.match(stderr, /broken\.yaml:3:7: .*static_config.*static_configs/);
});

t.test(
  'docs/explain.md has the text that promfed explain prints for the regions of the README',
  async (t) => {
    const yaml = /```yaml\n([^]*?)```/.exec(readFileSync('README.md', 'utf8'))![1]!;
    const config = file('readme.yaml', yaml.replace(/^.*http_client:\n.*\n/m, ''));
    const docs = readFileSync('docs/explain.md', 'utf8');
    const query = /explain --config=promfed\.yaml '(.*)'/.exec(docs)![1]!;
    const { stdout } = await runPromfed('explain', `--config=${config}`, query);
    t.equal(stdout.trim(), /```text\n([^]*?)\n```/.exec(docs)![1]);
  },
);

t.test('the demo answers, and stops cleanly on the first signal', async (t) => {
  const demo = await startPromfedProcess(t, 'demo');
  const answer = await api(demo.url, '/api/v1/query', {
    query: 'sum by (promxyCluster) (rate(http_requests_total[5m]))',
  });
  t.equal(answer.data?.result.length, 2, 'both regions answer');
  t.notOk(answer.warnings);
  await until(() => demo.output().includes('Ctrl-C'), 'the welcome');
  t.match(demo.output(), /sum by \(promxyCluster\)/, 'the welcome suggests queries');
  demo.child.kill('SIGINT');
  t.equal(await demo.ended, 0);
});

t.test('an empty configuration is ready, and SIGHUP loads the changed file', async (t) => {
  const path = file('grows.yaml', '');
  const promfed = await startPromfedProcess(t, `--config=${path}`);
  t.equal((await fetch(`${promfed.url}-/ready`)).status, 200);
  t.same((await api(promfed.url, '/api/v1/query', { query: 'up' })).data?.result, []);
  file(
    'grows.yaml',
    'promxy: { server_groups: [{ name: gone, static_configs: [{ targets: ["127.0.0.1:1"] }] }] }',
  );
  promfed.child.kill('SIGHUP');
  await until(() => promfed.output().includes('configuration loaded'), 'the reload');
  t.match((await api(promfed.url, '/api/v1/query', { query: 'up' })).error, /server group "gone"/);
  file('grows.yaml', 'promxy: [');
  promfed.child.kill('SIGHUP');
  await until(() => promfed.output().includes('not loaded'), 'the rejection');
  t.equal((await fetch(`${promfed.url}-/ready`)).status, 200, 'the previous configuration is kept');
  promfed.child.kill('SIGTERM');
  t.equal(await promfed.ended, 0);
});

t.test('an address in use is an error of one line', async (t) => {
  const first = await startPromfedProcess(t, `--config=${file('first.yaml', '')}`);
  const { port } = new URL(first.url);
  t.match(await runPromfed(`--config=${file('second.yaml', '')}`, `--bind-addr=127.0.0.1:${port}`), {
    status: 1,
    stderr: /promfed: cannot listen on 127\.0\.0\.1:\d+: the address is already in use/,
  });
});
