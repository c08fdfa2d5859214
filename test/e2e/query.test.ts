// promfed query and promfed explain as processes, against the demo and a real Prometheus.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';

import { demoConfig, startDemoRegions } from '../../src/demo/index.js';
import { buildPromfed, runPromfed, type EndedProcess } from '../helpers/promfed/process.js';
import { startPromfed } from '../helpers/promfed/promfed.js';
import {
  importIntoPrometheus,
  startPrometheus,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';

const folder = mkdtempSync(join(tmpdir(), 'promfed-query-'));
const NOW_MS = 1_750_000_000_000;
const clock = { now: () => NOW_MS };
const AT = `--time=${NOW_MS / 1000}`;
const BY_REGION = 'count by (promxyCluster) (up)';

t.before(buildPromfed);
t.teardown(() => {
  rmSync(folder, { recursive: true, force: true });
});

function query(...args: string[]): Promise<EndedProcess> {
  return runPromfed('query', ...args);
}

t.test('query answers by a configuration and by the URL of a promfed', async (t) => {
  const demo = await startDemoRegions({ clock });
  t.teardown(() => demo.close());
  const path = join(folder, 'demo.yaml');
  writeFileSync(path, demoConfig(demo.regions));
  const promfed = await startPromfed(t, demoConfig(demo.regions), { clock, routePrefix: '/prom' });

  const sources = [`--config=${path}`, `--url=${promfed.url}`];
  for (const source of sources) {
    const table = await query(source, AT, BY_REGION);
    t.match(table, { status: 0, stderr: '' });
    t.match(table.stdout, /^promxyCluster +VALUE\n\S+ +\d+\n\S+ +\d+\n$/, source);

    const json = await query(source, AT, '--output=json', BY_REGION);
    t.match(JSON.parse(json.stdout), { status: 'success', data: { resultType: 'vector' } });

    const range = [`--end=${NOW_MS / 1000}`, '--output=chart'];
    const chart = await query(source, ...range, 'sum by (promxyCluster) (rate(http_requests_total[5m]))');
    t.match(chart, { status: 0, stderr: '' });
    t.match(chart.stdout, /\n +└─+\n +2025-06-15T14:06:40Z +2025-06-15T15:06:40Z\na \{promxyCluster=/);

    const wrong = await query(source, AT, 'sum(up');
    t.match(wrong, { status: 1, stdout: '' });
    t.match(
      wrong.stderr,
      /^promfed: .*1:7: parse error: unclosed left parenthesis\n {2}sum\(up\n {8}\^\n$/,
      source,
    );

    t.match(await query(source, AT, 'up + on() up'), { status: 1, stderr: /^promfed: .*duplicate series/ });
  }
  const [one, other] = await Promise.all(sources.map((source) => query(source, AT, 'up')));
  t.equal(one!.stdout, other!.stdout, 'equal tables');
});

t.test('explain prints the plan, by a configuration and by the URL of a promfed', async (t) => {
  const demo = await startDemoRegions({ clock });
  t.teardown(() => demo.close());
  const path = join(folder, 'explain.yaml');
  writeFileSync(path, demoConfig(demo.regions));
  const promfed = await startPromfed(t, demoConfig(demo.regions), { clock });
  const texts: string[] = [];
  for (const source of [`--config=${path}`, `--url=${promfed.url}`]) {
    const plain = await runPromfed('explain', source, AT, 'sum(up)');
    t.match(plain, { status: 0, stderr: '' }, source);
    t.match(
      plain.stdout,
      /^sum {2}-- here: sum does not keep .*promxyCluster\n {2}fetch\n( {4}\S+: sum\(up\) as \{.*\}\n){2}(\S+ runs Prometheus 3\.14\.0; .*\n){2}$/,
      source,
    );
    texts.push(plain.stdout);

    const range = await runPromfed('explain', source, '--start=0', '--end=60', '--step=30', 'x @ end()');
    t.match(range.stdout, /x @ 60/, source);

    const analyzed = await runPromfed('explain', source, AT, '--analyze', 'sum(up)');
    t.match(analyzed, { status: 0, stderr: '' }, source);
    t.match(analyzed.stdout, /\[first byte at \d+\.\d ms, .* 1 series, 1 samples\]/, source);
    t.match(analyzed.stdout, /\nanswered in \d+\.\d ms: 1 series, 1 samples\n$/, source);

    const json = await runPromfed('explain', source, AT, '--output=json', 'sum(up)');
    t.match(JSON.parse(json.stdout), { status: 'success', data: { plan: { operator: 'sum' } } });

    const failed = await runPromfed('explain', source, AT, '--analyze', 'up + on() up');
    t.match(failed, { status: 1, stdout: /^\+ on \(\)/, stderr: /^promfed: .*duplicate series/ }, source);
    t.match(await runPromfed('explain', source, 'sum(up'), {
      status: 1,
      stdout: '',
      stderr: /unclosed left/,
    });
  }
  t.equal(texts[0], texts[1], 'equal explanations');
  t.match(await runPromfed('explain', '--output=chart', 'up'), {
    status: 1,
    stderr: /--output: must be one of text, json; got "chart"/,
  });
  t.match(await runPromfed('query', '--analyze', 'up'), {
    status: 1,
    stderr: /not a flag of promfed query; use promfed explain/,
  });
});

t.test('a source that cannot be reached is named in the error', async (t) => {
  t.match(await query('--url=http://127.0.0.1:1', 'up'), {
    status: 1,
    stdout: '',
    stderr: /^promfed: cannot query http:\/\/127\.0\.0\.1:1: .+\n$/,
  });
  t.match(await query(`--config=${join(folder, 'missing.yaml')}`, 'up'), {
    status: 1,
    stderr: /missing\.yaml/,
  });
});

t.test('query prints the answers of a real Prometheus', { skip: withoutRealServers() }, async (t) => {
  const prometheus = await startPrometheus(t);
  const timestamps = Array.from({ length: 61 }, (_, i) => NOW_MS - 3_600_000 + i * 60_000);
  await importIntoPrometheus(prometheus.url, [
    { labels: { __name__: 'x', a: '1' }, timestamps, values: timestamps.map((_, i) => i) },
    { labels: { __name__: 'x', a: '2' }, timestamps, values: timestamps.map((_, i) => 60 - i) },
  ]);
  const source = `--url=${prometheus.url}`;
  t.equal(
    (await query(source, AT, 'x')).stdout,
    '__name__  a  VALUE\nx         1     60\nx         2      0\n',
  );
  t.equal(
    (await query(source, `--start=${NOW_MS / 1000 - 60}`, `--end=${NOW_MS / 1000}`, '--step=1m', 'sum(x)'))
      .stdout,
    'TIME                  VALUE\n2025-06-15T15:05:40Z     60\n2025-06-15T15:06:40Z     60\n',
  );
  const noted = await query(source, AT, 'rate(x[5m])');
  t.equal(noted.status, 0);
  t.match(noted.stderr, /^info: .*metric might not be a counter/);
  const wrong = await query(source, AT, 'x ]');
  t.match(wrong.stderr, /^promfed: .*1:3: parse error: .*\n {2}x \]\n {4}\^\n$/);
  t.equal(wrong.status, 1);
});
