// The requests to groups with injected matchers, on every path.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import t from 'tap';

import { api, startPromfed } from '../helpers/promfed/promfed.js';
import { until } from '../helpers/until.js';

/** A region with empty answers that records the path and every selector or query of its requests. */
async function startRegion(
  t: Parameters<typeof startPromfed>[0],
): Promise<{ host: string; received: string[] }> {
  const received: string[] = [];
  const answers: [path: RegExp, data: unknown][] = [
    [/metadata$/, { up: [META], lat: [META], secret: [META] }],
    [/__name__\/values$/, ['up', 'lat_bucket']],
    [/values$|labels$/, ['a']],
    [/series$/, []],
    [/query$|query_range$/, { resultType: 'vector', result: [] }],
  ];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://region');
      // Requests of the background, which have no selector.
      if (url.pathname.includes('/status/')) {
        response.writeHead(404).end();
        return;
      }
      const parameters = new URLSearchParams(`${url.searchParams.toString()}&${body}`);
      received.push([url.pathname, ...parameters.getAll('match[]'), ...parameters.getAll('query')].join(' '));
      const isRange = parameters.get('query')?.endsWith(']') === true;
      const data = isRange
        ? { resultType: 'matrix', result: [] }
        : answers.find(([path]) => path.test(url.pathname))?.[1];
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ status: 'success', data }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
  });
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

const META = { type: 'gauge', help: '', unit: '' };

t.test('injected matchers are sent on every path', async (t) => {
  const region = await startRegion(t);
  const config = JSON.stringify({
    promxy: {
      server_groups: [
        {
          labels: { region: 'eu' },
          static_configs: [{ targets: [region.host] }],
          inject_matchers: ['cluster=~"A|B"', 'region!="x"'],
          label_filter: { dynamic_labels: ['job'], sync_interval: '100ms' },
        },
      ],
    },
  });
  const on = await startPromfed(t, config);
  const off = await startPromfed(t, config, { pushdown: false });
  const injected = 'cluster=~"A|B",region!="x"';
  // A matcher that requires a name, because some servers also return label values without series.
  const anything = /,__name__(?:=~"\.\+"|!="")/;
  const cases: [url: string, path: string, parameters: Record<string, string>, sent: string | RegExp][] = [
    [on.url, '/api/v1/query', { query: 'count(up)' }, `/api/v1/query count(up{${injected}})`],
    [on.url, '/api/v1/query', { query: 'up{region="eu"}' }, `/api/v1/query up{${injected}}`],
    [off.url, '/api/v1/query', { query: 'count(up)' }, `/api/v1/query {__name__="up",${injected}}[300000ms]`],
    [on.url, '/api/v1/labels', {}, `/api/v1/labels {${injected}}`],
    [on.url, '/api/v1/labels', { 'match[]': 'up' }, `/api/v1/labels {__name__="up",${injected}}`],
    [on.url, '/api/v1/label/pod/values', {}, `/api/v1/label/pod/values {${injected}}`],
    [on.url, '/api/v1/label/region/values', {}, `/api/v1/labels {${injected}}`],
    [on.url, '/api/v1/series', { 'match[]': '{region="eu"}' }, `/api/v1/series {${injected}}`],
    [on.url, '/api/v1/metadata', {}, `/api/v1/label/__name__/values {${injected}}`],
  ];
  await until(() => region.received.length > 0, 'the query for the values of a dynamic label');
  for (const one of region.received)
    t.equal(one.replace(anything, ''), `/api/v1/label/job/values {${injected}}`);
  for (const [url, path, parameters, sent] of cases) {
    region.received.length = 0;
    const answer = await api(url, path, parameters);
    t.equal(answer.status, 'success', path);
    const sentNow = region.received.filter((one) => !one.startsWith('/api/v1/label/job/'));
    const normal = sentNow.map((one) => one.replace(anything, ''));
    t.ok(
      normal.includes(String(sent)),
      `${path} ${JSON.stringify(parameters)} sends ${String(sent)}: ${normal.join(' | ')}`,
    );
    if (path.endsWith('metadata')) t.same(answer.data, { up: [META], lat: [META] });
  }
});
