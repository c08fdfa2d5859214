// The health check of the image, with the arguments that promfed was started with.

import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import t, { type Test } from 'tap';

import { buildPromfed, startPromfedProcess } from '../helpers/promfed/process.js';
import { unusedTarget } from '../helpers/upstreams/fault-server.js';

/** Returns the URL that is requested for the arguments. */
function urlFor(t: Test, argv: readonly string[]): string {
  const directory = t.testdir({ wget: '#!/bin/sh\necho "$4"\n' });
  chmodSync(join(directory, 'wget'), 0o755);
  const cmdline = join(directory, 'cmdline');
  writeFileSync(cmdline, ['/usr/local/bin/node', '/bin/promfed', ...argv, ''].join('\0'));
  const { stdout, status } = spawnSync('sh', ['scripts/healthcheck.sh', cmdline], {
    env: { PATH: `${directory}:${process.env['PATH'] ?? ''}` },
    encoding: 'utf8',
  });
  t.equal(status, 0);
  return stdout.trim();
}

t.test('the health check uses the address and the path of the flags', async (t) => {
  const cases: [argv: string[], url: string][] = [
    [[], 'http://127.0.0.1:8082/-/healthy'],
    [['--config=a b', '--query.timeout=1m'], 'http://127.0.0.1:8082/-/healthy'],
    [['--bind-addr=:9090'], 'http://127.0.0.1:9090/-/healthy'],
    [['--bind-addr', '0.0.0.0:9090', '--web.enable-lifecycle'], 'http://127.0.0.1:9090/-/healthy'],
    [['--bind-addr=[::]:9090'], 'http://[::1]:9090/-/healthy'],
    [['--bind-addr=10.0.0.1:80', '--bind-addr=10.0.0.2:81'], 'http://10.0.0.2:81/-/healthy'],
    [['--web.external-url=/metrics'], 'http://127.0.0.1:8082/metrics/-/healthy'],
    [['--web.external-url', 'https://example.com/a/b/'], 'http://127.0.0.1:8082/a/b/-/healthy'],
    [['--web.external-url=https://example.com'], 'http://127.0.0.1:8082/-/healthy'],
    [['--web.external-url=https://example.com//'], 'http://127.0.0.1:8082/-/healthy'],
  ];
  for (const [argv, url] of cases) t.equal(urlFor(t, argv), url, argv.join(' '));
});

t.test('the health check of a running promfed succeeds, and fails when it is gone', async (t) => {
  buildPromfed();
  const config = join(t.testdir({ 'config.yaml': 'promxy: { server_groups: }\n' }), 'config.yaml');
  const address = await unusedTarget();
  const flags = [`--config=${config}`, '--web.external-url=/promfed/', '--workers=1'];
  const promfed = await startPromfedProcess(t, ...flags);
  const { host } = new URL(promfed.url);
  const cmdline = resolve(t.testdirName, 'cmdline');
  const arguments_ = readFileSync(`/proc/${promfed.child.pid!}/cmdline`, 'utf8');
  const check = (bound: string): number | null => {
    writeFileSync(cmdline, arguments_.replace('127.0.0.1:0', bound));
    return spawnSync('sh', ['scripts/healthcheck.sh', cmdline]).status;
  };
  t.equal(check(host), 0);
  t.not(check(address), 0);
});
