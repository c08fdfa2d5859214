// Group pruning by learned label values, for server groups without labels of their own.

import t from 'tap';

import { api, startPromfed } from '../helpers/promfed/promfed.js';
import {
  importIntoPrometheus,
  startPrometheus,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';
import type { TestSeries } from '../helpers/series/series-set.js';
import { until } from '../helpers/until.js';

const skip = withoutRealServers();
const nowMs = Math.floor(Date.now() / 15_000) * 15_000;

function series(labels: Record<string, string>, value: number): TestSeries {
  const timestamps = Array.from({ length: 60 }, (_, i) => nowMs - (59 - i) * 15_000);
  return { labels, timestamps, values: timestamps.map((_, i) => value + i) };
}

const eu = [
  series({ __name__: 'up', job: 'node', pod: 'a' }, 1),
  series({ __name__: 'up', job: 'both', pod: 'a' }, 2),
  series({ __name__: 'lonely', pod: 'a' }, 3),
];
const us = [
  series({ __name__: 'up', job: 'app', pod: 'b' }, 4),
  series({ __name__: 'up', job: 'both', pod: 'b' }, 5),
];

t.test('learned label values decide which regions are queried', { skip }, async (t) => {
  const [euServer, usServer] = await Promise.all([startPrometheus(t), startPrometheus(t)]);
  await Promise.all([importIntoPrometheus(euServer.url, eu), importIntoPrometheus(usServer.url, us)]);
  const group = (name: string, url: string): string => `
    - name: ${name}
      static_configs: [{ targets: ["${new URL(url).host}"] }]
      label_filter: { dynamic_labels: [job], sync_interval: 3s }`;
  const log: string[] = [];
  const promfed = await startPromfed(
    t,
    `promxy:\n  server_groups:${group('eu', euServer.url)}${group('us', usServer.url)}\n`,
    { onLog: (line) => log.push(line) },
  );
  const metrics = async (): Promise<string> => (await fetch(`${promfed.url}metrics`)).text();
  const queryInstant = (query: string, more: Record<string, string> = {}): ReturnType<typeof api> =>
    api(promfed.url, '/api/v1/query', { query, time: String(nowMs / 1000), ...more });

  await until(async () => {
    const text = await metrics();
    return ['eu', 'us'].every((name) =>
      text.includes(`promfed_label_index_used{server_group="${name}",label="job"} 1`),
    );
  }, 'the first refresh of the label index');
  t.match(await metrics(), /promfed_label_index_values\{server_group="eu",label="job"\} 2\n/);
  t.match(await metrics(), /promfed_label_index_age_seconds\{server_group="us",label="job"\} [0-9.]+\n/);

  const queries = [
    'up',
    'up{job="node"}',
    'up{job=~"app|both"}',
    'up{job!="node"}',
    'sum(up{job="both"})',
    'up{job="node"} + ignoring(job, pod) up{job="app"}',
    'lonely{job=""}',
    '{job=~".*",pod!=""}',
    'absent(up{job="gone"})',
    'quantile(0.5, up{job="both"})',
  ];
  for (const query of queries) {
    const [routed, everywhere] = await Promise.all([
      queryInstant(query),
      queryInstant(query, { routing: 'all' }),
    ]);
    t.equal(routed.status, 'success', query);
    t.same(routed.data, everywhere.data, `${query}: equal to the result without the index`);
  }
  t.match(await queryInstant('up', { routing: 'some' }), {
    httpStatus: 400,
    error: /must be "learned" or "all"/,
  });

  await importIntoPrometheus(euServer.url, [series({ __name__: 'up', job: 'new', pod: 'a' }, 6)]);
  await until(
    async () => (await metrics()).includes('promfed_label_index_values{server_group="eu",label="job"} 3'),
    'a new label value',
  );
  await usServer.stop();
  const cases: [query: string, more: Record<string, string>, status: string][] = [
    ['up{job="node"}', {}, 'success'],
    ['quantile(0.5, up{job="new"})', {}, 'success'],
    ['up{job="both"}', {}, 'error'],
    ['up', {}, 'error'],
    ['up{job="unknown"}', {}, 'error'],
    ['up{job="node"}', { routing: 'all' }, 'error'],
  ];
  // The index is used for nine more seconds.
  for (const [query, more, status] of cases) t.equal((await queryInstant(query, more)).status, status, query);
  const labels = (more: Record<string, string>): ReturnType<typeof api> =>
    api(promfed.url, '/api/v1/labels', { 'match[]': 'up{job="node"}', ...more });
  t.equal((await labels({})).status, 'success', 'metadata requests use the index');
  t.equal((await labels({ routing: 'all' })).status, 'error');

  await until(
    async () => (await metrics()).includes('promfed_label_index_used{server_group="us",label="job"} 0'),
    'the expiry of the label index',
  );
  t.equal((await queryInstant('up{job="node"}')).status, 'error', 'without the index the region is queried');
  t.equal(log.filter((line) => line.includes('not refreshed')).length, 1, 'the failure is logged once');
});

t.test('a region that does not answer does not delay the start', { skip }, async (t) => {
  const server = await startPrometheus(t);
  await importIntoPrometheus(server.url, eu);
  await server.suspend();
  const promfed = await startPromfed(
    t,
    `promxy:
  server_groups:
    - static_configs: [{ targets: ["${new URL(server.url).host}"] }]
      label_filter: { dynamic_labels: [job, __name__], sync_interval: 1s }
`,
  );
  t.equal((await fetch(`${promfed.url}-/ready`)).status, 200);
  server.resume();
  const answer = await api(promfed.url, '/api/v1/query', { query: 'up', time: String(nowMs / 1000) });
  t.equal(answer.data?.result.length, 2);
});
