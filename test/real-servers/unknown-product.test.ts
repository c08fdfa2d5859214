// A VictoriaMetrics whose proxy forwards queries only, so that its product is unknown.

import t from 'tap';

import type { Explanation } from '../../src/federation/index.js';
import { api, startPromfed } from '../helpers/promfed/promfed.js';
import {
  importIntoPrometheus,
  importIntoVictoriaMetrics,
  startPrometheus,
  startVictoriaMetrics,
  startVmauth,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';
import { answerDifferences } from '../helpers/union/answers.js';

const startMs = 1_750_000_000_000;
const minutes = Array.from({ length: 40 }, (_, i) => i);

/** Two metrics whose series are equal without their names. */
const series = ['x', 'y'].map((name) => ({
  labels: { __name__: name, sensor: 'a' },
  timestamps: minutes.map((minute) => startMs + minute * 60_000),
  values: minutes.map((minute) => minute / 4),
}));

const queries = [
  'count(max_over_time({sensor="a"}[5m]))',
  'sum by (__name__) (round({sensor="a"}))',
  'count by (__name__) (round(x))',
  'round(x) or x',
  'x * on (__name__) round(x)',
  'sum(label_replace({sensor="a"}, "__name__", "z", "", ""))',
  'count(round(x))',
];

t.test(
  'an unknown product may be a VictoriaMetrics, which keeps names',
  { skip: withoutRealServers() },
  async (t) => {
    const [reference, region] = await Promise.all([startPrometheus(t), startVictoriaMetrics(t)]);
    const vmauth = await startVmauth(t, { backends: [region.url], paths: 'api/v1/query.*' });
    await Promise.all([
      importIntoPrometheus(reference.url, series),
      importIntoVictoriaMetrics(region.url, series),
    ]);
    const group = {
      name: 'eu',
      path_prefix: vmauth.pathPrefix,
      static_configs: [{ targets: [new URL(vmauth.url).host] }],
    };
    const promfed = await startPromfed(t, JSON.stringify({ promxy: { server_groups: [group] } }));
    const times = [
      ['/api/v1/query', { time: String(startMs / 1000 + 1500) }],
      [
        '/api/v1/query_range',
        { start: String(startMs / 1000 + 900), end: String(startMs / 1000 + 1500), step: '37' },
      ],
    ] as const;
    for (const query of queries) {
      for (const [path, at] of times) {
        const [expected, actual] = await Promise.all(
          [reference, promfed].map(({ url }) => api<never>(url, path, { query, ...at })),
        );
        t.same(answerDifferences(actual!, expected!), [], `${path} ${query}`);
      }
    }
    const { data } = await api<Explanation>(promfed.url, '/api/v1/explain', {
      query: 'round(x) or x',
      time: '0',
    });
    t.match(data?.text, /eu runs an unknown product, which may be VictoriaMetrics and then keeps names/);
  },
);
