// Durations beyond the longest timer of Node.js, in a configuration.

import { setTimeout as sleep } from 'node:timers/promises';

import t from 'tap';

import { api, startPromfed } from '../helpers/promfed/promfed.js';
import { startFaultServer } from '../helpers/upstreams/fault-server.js';

const ANSWER = '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"2"]}]}}';

t.test('timeouts of months wait for a region that is slow', async (t) => {
  const region = await startFaultServer((response) => {
    void sleep(100).then(() => response.setHeader('content-type', 'application/json').end(ANSWER));
  });
  t.teardown(() => region.close());
  const { url } = await startPromfed(
    t,
    `promxy:
      server_groups:
        - static_configs: [{ targets: ['${region.target}'] }]
          timeout: 60d
          http_client: { dial_timeout: 90d }
          label_filter: { sync_interval: 30d, dynamic_labels: [job] }
    `,
    { queryTimeoutMs: 40 * 86_400_000 },
  );
  const answer = await api(url, '/api/v1/query', { query: 'up', time: '1' });
  t.match(answer, { status: 'success' });
  await sleep(100);
  const learned = region.requests.filter(({ path }) => path.includes('/label/'));
  t.ok(learned.length <= 1, `label values were learned ${learned.length} times`);
});
