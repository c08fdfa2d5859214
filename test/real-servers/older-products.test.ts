// Regions that lack a function of the query: a Prometheus before 3.14, beside a VictoriaMetrics that has it.

import t from 'tap';

import type { Explanation } from '../../src/federation/index.js';
import { api, startPromfed, untilDetected } from '../helpers/promfed/promfed.js';
import {
  importIntoPrometheus,
  importIntoVictoriaMetrics,
  startPrometheus,
  startVictoriaMetrics,
  startVmauth,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';
import type { TestSeries } from '../helpers/series/series-set.js';

const startMs = 1_750_000_000_000;
const MINUTE = 60_000;

/** Samples at every minute, except for a gap of ten minutes. */
const minutes = Array.from({ length: 60 }, (_, i) => i).filter((i) => i < 20 || i >= 30);
const valueAt = (minute: number, factor: number): number => factor * ((minute * 7) % 13);

function series(factor: number): TestSeries[] {
  return [
    {
      labels: { __name__: 'temp', sensor: 'a' },
      timestamps: minutes.map((minute) => startMs + minute * MINUTE),
      values: minutes.map((minute) => valueAt(minute, factor)),
    },
  ];
}

/** The value of the first sample after `timeMs - rangeMs`; undefined when there is none up to `timeMs`. */
function firstValue(timeMs: number, rangeMs: number, factor: number): string | undefined {
  const minute = minutes.find((one) => startMs + one * MINUTE > timeMs - rangeMs);
  if (minute === undefined || startMs + minute * MINUTE > timeMs) return undefined;
  return String(valueAt(minute, factor));
}

t.test(
  'first_over_time over Prometheus 3.5 and VictoriaMetrics',
  { skip: withoutRealServers() },
  async (t) => {
    const eu = await startPrometheus(t);
    const us = await startVictoriaMetrics(t);
    const vmauth = await startVmauth(t, { backends: [us.url] });
    await Promise.all([
      importIntoPrometheus(eu.url, series(1)),
      importIntoVictoriaMetrics(us.url, series(10)),
    ]);
    const promfed = await startPromfed(
      t,
      `promxy:
  server_groups:
    - name: eu
      static_configs: [{ targets: ["${new URL(eu.url).host}"] }]
      labels: { region: eu }
    - name: us
      static_configs: [{ targets: ["${new URL(vmauth.url).host}"] }]
      path_prefix: ${vmauth.pathPrefix}
      labels: { region: us }
`,
    );
    const explain = async (query: string): Promise<Explanation> => {
      const { data } = await api<Explanation>(promfed.url, '/api/v1/explain', { query, time: '1750001000' });
      return data!;
    };
    await untilDetected(promfed.url);
    const { plan, text, groups } = await explain('first_over_time(temp[5m])');
    t.equal(plan.reason, 'eu runs Prometheus 3.5.3, which lacks first_over_time');
    t.match(
      text,
      /\neu runs Prometheus 3\.5\.3; .* by remote read\nus runs VictoriaMetrics; .* by queries: .*$/,
    );
    t.same(
      groups.map(({ products }) => products),
      [['Prometheus 3.5.3'], ['VictoriaMetrics']],
    );
    t.equal(
      (await explain('first_over_time(temp{region="us"}[5m])')).plan.kind,
      'fetch',
      'VictoriaMetrics has it',
    );

    await t.test('instant queries', async (t) => {
      for (let minute = 0; minute <= 64; minute++) {
        for (const shiftMs of [0, 1, 30_000]) {
          const timeMs = startMs + minute * MINUTE + shiftMs;
          const parameters = { query: 'first_over_time(temp[5m])', time: String(timeMs / 1000) };
          const { data } = await api(promfed.url, '/api/v1/query', parameters);
          const actual = data!.result.map(({ metric, value }) => `${metric['region']!} ${value![1]}`).sort();
          const expected = [firstValue(timeMs, 5 * MINUTE, 1), firstValue(timeMs, 5 * MINUTE, 10)];
          t.same(
            actual,
            expected.flatMap((value, i) => (value === undefined ? [] : [`${['eu', 'us'][i]!} ${value}`])),
            `${minute} minutes and ${shiftMs} ms`,
          );
        }
      }
    });

    await t.test('range queries', async (t) => {
      const start = startMs / 1000;
      const range = { start: String(start), end: String(start + 3900), step: '37' };
      const query = 'sum by (sensor) (first_over_time(temp[7m]))';
      const { data } = await api(promfed.url, '/api/v1/query_range', { query, ...range });
      const expected: [number, string][] = [];
      for (let timeS = start; timeS <= start + 3900; timeS += 37) {
        const value = firstValue(timeS * 1000, 7 * MINUTE, 11);
        if (value !== undefined) expected.push([timeS, value]);
      }
      t.same(data!.result, [{ metric: { sensor: 'a' }, values: expected }]);
    });
  },
);
