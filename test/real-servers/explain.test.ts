// Statistics of explain on two real regions, compared with the answers of the query and of the regions.

import t from 'tap';

import type { Explanation } from '../../src/federation/index.js';
import { api, startPromfed, type QueryData } from '../helpers/promfed/promfed.js';
import {
  importIntoPrometheus,
  startPrometheus,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';
import { seriesSet } from '../helpers/series/series-set.js';

const endMs = Math.floor(Date.now() / 60_000) * 60_000 - 10 * 60_000;
const startMs = endMs - 3_600_000;
const range = { start: String((startMs + 600_000) / 1000), end: String(endMs / 1000), step: '30' };

interface Counts {
  readonly series: number;
  readonly samples: number;
}

function countsOf({ result }: QueryData): Counts {
  const samples = result.reduce(
    (total, { value, values }) => total + (values?.length ?? 0) + (value ? 1 : 0),
    0,
  );
  return { series: result.length, samples };
}

function sumOf(parts: readonly Counts[]): Counts {
  return {
    series: parts.reduce((total, { series }) => total + series, 0),
    samples: parts.reduce((total, { samples }) => total + samples, 0),
  };
}

t.test('analyze reports the series and samples of the answer', { skip: withoutRealServers() }, async (t) => {
  const regions = await Promise.all(
    ['eu', 'us'].map(async (region) => {
      const server = await startPrometheus(t);
      await importIntoPrometheus(server.url, seriesSet({ region, startMs, endMs, omit: [], churn: false }));
      return { region, url: server.url };
    }),
  );
  const groups = regions.map(
    ({ region, url }) => `
    - name: ${region}
      static_configs: [{ targets: ["${new URL(url).host}"] }]
      labels: { promxyCluster: ${region} }`,
  );
  const { url } = await startPromfed(t, `promxy:\n  server_groups:${groups.join('')}\n`);

  for (const [name, times] of [
    ['query_range', range],
    ['query', { time: range.end }],
  ] as const) {
    for (const query of [
      'http_requests_total',
      'sum(queue_depth)',
      'count by (namespace) (memory_usage_bytes) * 2',
      'rate(http_requests_total[5m]) / on (pod, namespace) group_left memory_usage_bytes{promxyCluster="eu"}',
    ]) {
      const parameters = { query, ...times };
      const answer = await api(url, `/api/v1/${name}`, parameters);
      const { data } = await api<Explanation>(url, '/api/v1/explain', { ...parameters, analyze: 'true' });
      const { analysis, plan } = data!;
      const label = `${name} ${query}`;
      const expected = countsOf(answer.data!);
      t.ok(expected.series > 0, `${label}: has series`);
      t.match(analysis, { ...expected, path: plan.kind === 'fetch' ? 'bytes' : 'value' }, label);
      if (plan.kind !== 'fetch') t.match(plan.analysis, expected, `${label}: result of the root operator`);

      let fetch = plan;
      while (fetch.kind !== 'fetch') fetch = fetch.operands[0]!;
      const parts = fetch.groups!;
      const counts: Counts[] = [];
      for (const [i, { group, expression, analysis }] of parts.entries()) {
        const direct = await api(regions[i]!.url, `/api/v1/${name}`, { query: expression, ...times });
        const { series, samples } = countsOf(direct.data!);
        t.match(analysis, { requests: 1, series, samples, warnings: [] }, `${label}: ${group}`);
        const { firstByteMs = NaN, endMs = NaN, bytes } = analysis!;
        t.ok(firstByteMs >= 0 && firstByteMs <= endMs, `${label}: first byte of ${group} before its end`);
        t.ok(endMs <= data!.analysis!.timeMs, `${label}: end of ${group} before the end of the answer`);
        t.ok(bytes > samples * 8, `${label}: ${group} sends ${bytes} bytes`);
        counts.push({ series, samples });
      }
      if (plan.kind === 'fetch') t.strictSame(sumOf(counts), expected, `${label}: sum of the groups`);
      else
        t.match(fetch.analysis, sumOf(counts), `${label}: sum of the groups as the input of the operators`);
    }
  }
});
