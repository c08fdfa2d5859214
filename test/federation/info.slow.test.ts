// info() over regions: the results of regions get the labels of info series that promfed reads.

import t from 'tap';

import { demoConfig, startDemoRegions } from '../../src/demo/index.js';
import { api, startPromfed, type ApiAnswer, type QueryData } from '../helpers/promfed/promfed.js';

const NOW_MS = Date.UTC(2026, 5, 1, 12);
/** The demo's metric `up` has the pod and the namespace of each instance. */
const QUERIES = [
  'info(sum by (instance, job) (rate(http_requests_total[5m])), {__name__="up"})',
  'info(sum by (instance, job) (rate(http_requests_total[5m])), {__name__="up", pod=~"gateway.+"})',
  'info(sum by (instance, job) (http_requests_total offset 10m), {__name__=~"up|none", pod=~".+|"})',
  'info(max_over_time(sum by (instance, job) (http_requests_total)[10m:1m]), {__name__="up"})',
  'sum by (promxyCluster, namespace) (info(count by (instance, job) (http_requests_total), {__name__="up"}))',
];

t.test('info() has the same answer with and without pushdown of the series to enrich', async (t) => {
  const clock = { now: (): number => NOW_MS };
  const demo = await startDemoRegions({ clock });
  t.teardown(() => demo.close());
  const config = demoConfig(demo.regions);
  const local = await startPromfed(t, config, { clock, pushdown: false });
  const distributed = await startPromfed(t, config, { clock });
  const end = NOW_MS / 1000;
  const range = { start: String(end - 1800), end: String(end), step: '60' };
  for (const query of QUERIES) {
    const expected = await api(local.url, '/api/v1/query_range', { query, ...range });
    const answer = await api(distributed.url, '/api/v1/query_range', { query, ...range });
    t.equal(answer.status, 'success', `${query}: ${answer.error ?? ''}`);
    t.ok(answer.data!.result.length > 1, query);
    t.ok(
      answer.data!.result.every(({ metric }) => 'namespace' in metric || 'pod' in metric),
      'labels were added',
    );
    t.same(labelsOf(answer), labelsOf(expected), query);
    valuesOf(expected).forEach((value, i) => {
      t.ok(Math.abs(valuesOf(answer)[i]! - value) <= 1e-9 * Math.abs(value), `${query}: value ${i}`);
    });
    t.equal(valuesOf(answer).length, valuesOf(expected).length);
  }
});

type Answer = ApiAnswer<QueryData>;

function labelsOf({ data }: Answer): string[] {
  return data!.result.map(({ metric, values }) => JSON.stringify([metric, values?.map(([time]) => time)]));
}

function valuesOf({ data }: Answer): number[] {
  return data!.result.flatMap(({ values }) => values ?? []).map(([, value]) => Number(value));
}
