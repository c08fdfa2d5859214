// Regions that repeat requests in their errors: a real vmauth without a route for the API.

import t from 'tap';

import { api, startPromfed } from '../helpers/promfed/promfed.js';
import { startVmauth, withoutRealServers } from '../helpers/real-servers/real-servers.js';
import { until } from '../helpers/until.js';

const skip = withoutRealServers();

const PATHS = [
  '/api/v1/query?query=up&time=1',
  '/api/v1/query_range?query=up&start=1&end=2&step=1',
  '/api/v1/query?query=count(up)&time=1&stats=all',
  '/api/v1/series?match[]=up',
  '/api/v1/labels',
  '/api/v1/label/job/values',
  '/api/v1/metadata',
  '/api/v1/explain?query=up&analyze=true&time=1',
  '/api/v1/rules?federated=true',
  '/api/v1/rules',
  '/api/v1/status/config',
  '/api/v1/status/flags',
  '/metrics',
];

t.test('no answer, log line or rule shows a secret that a region repeats', { skip }, async (t) => {
  const vmauth = await startVmauth(t, { backends: ['http://127.0.0.1:9'], paths: 'nothing' });
  const secrets = [
    'HIDDEN-token/1 é',
    'HIDDENsite',
    'HIDDEN-vault',
    'HIDDENpassword',
    btoa('user:HIDDENpassword'),
  ];
  const group = (ignoreError: boolean): string => `
    - static_configs: [{ targets: ['${new URL(vmauth.url).host}'] }]
      labels: { region: r${Number(ignoreError)} }
      ignore_error: ${ignoreError}
      query_params: { token: 'HIDDEN-token/1 é', site: HIDDENsite, dedup: enabled }
      http_headers: { X-Vault-Token: HIDDEN-vault }
      http_client: { basic_auth: { username: user, password: HIDDENpassword } }`;
  for (const ignoreError of [false, true]) {
    let log = '';
    const { url } = await startPromfed(t, `promxy:\n  server_groups:${group(ignoreError)}`, {
      onLog: (line) => {
        log += line;
      },
    });
    for (const path of PATHS) {
      const answer = await (await fetch(`${url}${path.slice(1)}`)).text();
      for (const secret of secrets) {
        const forms = [
          secret,
          encodeURIComponent(secret),
          new URLSearchParams({ x: secret }).toString().slice(2),
        ];
        t.notOk(
          forms.some((form) => answer.includes(form)),
          `${path}: ${answer.slice(0, 300)}`,
        );
      }
      t.notMatch(answer, 'HIDDEN', path);
    }
    const { error, warnings } = await api<never>(url, '/api/v1/query', { query: 'up', time: '1' });
    t.match(
      `${error} ${warnings?.join() ?? ''}`,
      /missing route.*token=<secret>.*site=<secret>|dedup=enabled/,
    );
    await until(() => log !== '', 'some lines');
    t.notMatch(log, 'HIDDEN');
  }
});
