// Requests that follow the last one of a connection on the same connection.

import t from 'tap';

import { metricOf } from '../../helpers/clients/metric-of.js';
import { getRequest, RawClient } from '../../helpers/clients/raw-client.js';
import { startPromfed } from '../../helpers/promfed/promfed.js';
import { until } from '../../helpers/until.js';

const QUERY = getRequest('/api/v1/query_range?query=vector(1)&start=0&end=11000&step=1');

for (const { name, first, status } of [
  { name: 'an invalid one', first: 'GET /-/healthy HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', status: 400 },
  {
    name: 'the last one of the client',
    first: 'GET /-/healthy HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    status: 200,
  },
]) {
  t.test(`a query after ${name} is not run, and nothing is held for it`, async (t) => {
    const server = await startPromfed(t, 'promxy: { server_groups: }\n');
    for (let i = 0; i < 3; i++) {
      const client = (await RawClient.connect(t, server.url)).read();
      client.write(first + QUERY + QUERY);
      await client.untilStatus(status);
      await client.untilClosed();
      t.equal(client.received.split('HTTP/1.1').length - 1, 1, 'one answer');
    }
    await until(
      async () => (await metricOf(server, 'promfed_memory_held_bytes')) === 0,
      'the memory to be returned',
    );
  });
}
