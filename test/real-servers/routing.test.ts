// Groups without labels of their own that are routed to by what was learned of their label values.

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

t.test('what was learned says which regions are asked', { skip }, async (t) => {
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
  const ask = (query: string, more: Record<string, string> = {}): ReturnType<typeof api> =>
    api(promfed.url, '/api/v1/query', { query, time: String(nowMs / 1000), ...more });

  await until(async () => {
    const text = await metrics();
    return ['eu', 'us'].every((name) =>
      text.includes(`promfed_label_index_used{server_group="${name}",label="job"} 1`),
    );
  }, 'the first refresh');
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
    const [routed, everywhere] = await Promise.all([ask(query), ask(query, { routing: 'all' })]);
    t.equal(routed.status, 'success', query);
    t.same(routed.data, everywhere.data, `${query}: as without the index`);
  }
  t.match(await ask('up', { routing: 'some' }), { httpStatus: 400, error: /must be "learned" or "all"/ });

  await importIntoPrometheus(euServer.url, [series({ __name__: 'up', job: 'new', pod: 'a' }, 6)]);
  await until(
    async () => (await metrics()).includes('promfed_label_index_values{server_group="eu",label="job"} 3'),
    'a new value',
  );
  await usServer.stop();
  const only: [query: string, more: Record<string, string>, status: string][] = [
    ['up{job="node"}', {}, 'success'],
    ['quantile(0.5, up{job="new"})', {}, 'success'],
    ['up{job="both"}', {}, 'error'],
    ['up', {}, 'error'],
    ['up{job="unheard-of"}', {}, 'error'],
    ['up{job="node"}', { routing: 'all' }, 'error'],
  ];
  // The index is used for nine seconds from now on.
  for (const [query, more, status] of only) t.equal((await ask(query, more)).status, status, query);
  const labels = (more: Record<string, string>): ReturnType<typeof api> =>
    api(promfed.url, '/api/v1/labels', { 'match[]': 'up{job="node"}', ...more });
  t.equal((await labels({})).status, 'success', 'metadata goes the same way');
  t.equal((await labels({ routing: 'all' })).status, 'error');

  await until(
    async () => (await metrics()).includes('promfed_label_index_used{server_group="us",label="job"} 0'),
    'the end of what was learned',
  );
  t.equal((await ask('up{job="node"}')).status, 'error', 'then everything is asked of the region again');
  t.equal(log.filter((line) => line.includes('not refreshed')).length, 1, 'the log said so once');
});

t.test('a region that does not answer holds up no start', { skip }, async (t) => {
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
