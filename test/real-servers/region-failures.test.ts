// Real regions that are down, suspended or killed.

import t from 'tap';

import { api, startPromfed } from '../helpers/promfed/promfed.js';
import {
  importIntoVictoriaMetrics,
  startVictoriaMetrics,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';
import {
  churningSeries,
  configYaml,
  groupYaml,
  RANGE,
  VICTORIA_METRICS,
  wideSeries,
  type Region,
} from '../helpers/real-servers/regions.js';

const skip = withoutRealServers();

t.test('a region that is down causes a warning or an error that names it', { skip }, async (t) => {
  const [eu, us] = await Promise.all([
    VICTORIA_METRICS.startRegion(t, churningSeries('eu')),
    VICTORIA_METRICS.startRegion(t, churningSeries('us')),
  ]);
  const optional = await startPromfed(
    t,
    configYaml([
      groupYaml('eu', eu, 'name: eu-region\n      ignore_error: true'),
      groupYaml('us', us, 'name: us-region\n      ignore_error: true'),
    ]),
  );
  const required = await startPromfed(
    t,
    configYaml([groupYaml('eu', eu, 'name: eu-region'), groupYaml('us', us, 'name: us-region')]),
  );
  const parameters = { query: 'sum by (promxyCluster) (memory_usage_bytes)', time: RANGE.end };
  t.equal(
    (await api(optional.url, '/api/v1/query', parameters)).data?.result.length,
    2,
    'both regions are present at first',
  );

  await us.stop();

  for (const query of [parameters.query, 'memory_usage_bytes', 'sum(memory_usage_bytes)']) {
    const partial = await api(optional.url, '/api/v1/query', { ...parameters, query });
    t.equal(partial.status, 'success', query);
    t.ok((partial.data?.result.length ?? 0) > 0, `${query}: the other region is present`);
    t.equal(partial.warnings?.length, 1);
    t.match(
      partial.warnings?.[0],
      /^server group "us-region" is missing from this answer: .*connection refused/,
    );
  }
  const values = await api<string[]>(optional.url, '/api/v1/label/promxyCluster/values', {
    start: RANGE.start,
    end: RANGE.end,
  });
  t.same(values.data, ['eu']);
  t.match(values.warnings, [/us-region/]);

  const failed = await api(required.url, '/api/v1/query', parameters);
  t.match(failed, {
    httpStatus: 500,
    status: 'error',
    errorType: 'unavailable',
    error: /us-region.*connection refused/,
  });
  const unaffected = await api(required.url, '/api/v1/query', {
    ...parameters,
    query: 'sum(memory_usage_bytes{promxyCluster="eu"})',
  });
  t.equal(unaffected.status, 'success', 'a query that does not select the region succeeds');
});

t.test(
  'a suspended region delays queries, and a region killed during a query causes a warning',
  { skip },
  async (t) => {
    const [eu, us] = await Promise.all([startVictoriaMetrics(t), startVictoriaMetrics(t)]);
    await Promise.all([
      importIntoVictoriaMetrics(eu.url, churningSeries('eu')),
      importIntoVictoriaMetrics(us.url, wideSeries('us')),
    ]);
    const region = ({ url }: { readonly url: string }): Region => ({
      url,
      pathPrefix: '/prometheus',
      httpClient: {},
      stop: async () => undefined,
    });
    const promfed = await startPromfed(
      t,
      configYaml([
        groupYaml('eu', region(eu), 'ignore_error: true'),
        groupYaml('us', region(us), 'name: us-region\n      ignore_error: true'),
      ]),
    );
    const parameters = { query: '{__name__=~"memory_usage_bytes|wide_total"}', ...RANGE, step: '15' };
    const whole = await api(promfed.url, '/api/v1/query_range', parameters);
    t.equal(whole.data?.result.length, 2_012);

    await us.suspend();
    const late = await api(promfed.url, '/api/v1/query_range', { ...parameters, timeout: '1s' });
    t.same([late.status, late.data?.result.length], ['success', 12], 'the other region is present');
    t.match(late.warnings, [/^server group "us-region" .*timed out/]);
    us.resume();
    t.equal(
      (await api(promfed.url, '/api/v1/query_range', parameters)).data?.result.length,
      2_012,
      'the resumed region is present',
    );

    const interrupted = Array.from({ length: 4 }, () => api(promfed.url, '/api/v1/query_range', parameters));
    await us.kill();
    for (const answer of await Promise.all(interrupted)) {
      t.equal(answer.status, 'success');
      const isComplete = answer.data?.result.length === 2_012;
      t.equal(isComplete, answer.warnings === undefined, 'an incomplete answer has a warning');
    }
    t.match((await api(promfed.url, '/api/v1/query_range', parameters)).warnings, [
      /us-region.*connection refused/,
    ]);
  },
);
