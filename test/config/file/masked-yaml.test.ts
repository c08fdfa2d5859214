// The configuration shown by the status page, and the hash of a configuration.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import t from 'tap';
import { parse } from 'yaml';

import { parseConfig } from '../../../src/config/index.js';

const KOF = readFileSync(resolve('test/testdata/config/kof-regional.yaml'), 'utf8');

interface Shown {
  readonly global: Record<string, unknown>;
  readonly promxy: { readonly server_groups: Record<string, unknown>[] };
}

const shown = (yaml: string): Shown => parse(parseConfig(yaml, 'c.yaml').maskedYaml) as Shown;

t.test('the shown configuration has the defaults, and no secrets', async (t) => {
  const { maskedYaml } = parseConfig(KOF, 'c.yaml');
  t.notMatch(maskedYaml, 's3cr3t');
  t.match(parse(maskedYaml), {
    global: { evaluation_interval: '5s', external_labels: { source: 'promxy' } },
    rule_files: ['/etc/promxy/rules/*.yaml'],
    alerting: { alertmanagers: [{ scheme: 'http', timeout: '10s', api_version: 'v2' }] },
    remote_write: [{ remote_timeout: '30s', protobuf_message: 'prometheus.WriteRequest' }],
    promxy: {
      server_groups: [
        {
          scheme: 'https',
          ignore_error: true,
          labels: { promxyCluster: 'north' },
          http_client: { basic_auth: { username: 'admin-north', password: '<secret>' } },
        },
        { labels: { promxyCluster: 'south' } },
        { scheme: 'http' },
      ],
    },
  });
});

t.test('the shown configuration can be loaded', async (t) => {
  const again = parseConfig(parseConfig(KOF, 'c.yaml').maskedYaml, 'again.yaml');
  t.equal(again.settings.serverGroups.length, 3);
  t.equal(parseConfig(again.maskedYaml, 'third.yaml').maskedYaml, again.maskedYaml);
});

t.test('secrets are masked in every place', async (t) => {
  const yaml = `
promxy:
  server_groups:
    - static_configs: [{targets: [a]}]
      labels: {token_kind: visible, yes: "no"}
      http_headers: {X-Scope-OrgID: visible, Cookie: HIDDEN, x-api-key: [HIDDEN, HIDDEN], Authorization: HIDDEN}
      query_params: {nocache: 1, access_token: HIDDEN, site: HIDDEN, sig: [HIDDEN, HIDDEN]}
    - static_configs: [{targets: [b]}]
      http_client: {bearer_token: HIDDEN}
    - static_configs: [{targets: [c]}]
      http_client: {authorization: {type: visible, credentials: HIDDEN}}
remote_write:
  - url: http://user:HIDDEN@host/write?api_key=HIDDEN&x=visible
    basic_auth: {username: visible, password: HIDDEN}
    headers: {X-Scope-OrgID: visible, X-Auth-Token: HIDDEN}
    http_headers: {X-Auth: {values: [HIDDEN], secrets: [HIDDEN]}, X-Other: {values: [visible], secrets: [HIDDEN]}}
alerting:
  alertmanagers:
    - static_configs: [{targets: [a]}]
      authorization: {credentials: HIDDEN}
      http_headers: {X-Other: {secrets: [HIDDEN]}}
rules:
  restore_from: {url: "https://user:HIDDEN@visible/", bearer_token: HIDDEN}
scrape_configs:
  - {job_name: x, authorization: {credentials: HIDDEN}, consul_sd_configs: [{token: HIDDEN}]}
  - sigv4: {access_key: HIDDEN, secret_key: HIDDEN}
    oauth2: {client_id: visible, client_secret: HIDDEN, token_url: https://visible/}
    tls_config: {key: HIDDEN, key_file: /visible}
`;
  const { maskedYaml } = parseConfig(yaml, 'c.yaml');
  t.notMatch(maskedYaml, 'HIDDEN');
  t.equal(maskedYaml.match(/visible/g)?.length, yaml.match(/visible/g)?.length);
  t.match(maskedYaml, 'http://user:<secret>@host/write?api_key=<secret>&x=visible');
  t.match(shown(yaml).promxy.server_groups[0], {
    query_params: { nocache: '1', access_token: '<secret>', site: '<secret>' },
    labels: { yes: 'no' },
  });
});

t.test('the hash depends on the meaning only', async (t) => {
  const hash = (yaml: string): string =>
    parseConfig(yaml, 'c.yaml', { readText: () => ({ text: 'x' }) }).hash;
  const one = `
promxy:
  server_groups:
    - static_configs: [{targets: [a]}]
      labels: {a: x, b: y}
      timeout: 60s
      http_client: {basic_auth: {username: u, password: p}}
`;
  t.match(hash(one), /^[0-9a-f]{64}$/);
  t.equal(hash(one), hash(one));
  const same = [
    `# comment\n${one}\n\n`,
    'promxy: {server_groups: [{http_client: {basic_auth: {password: p, username: "u"}}, timeout: 1m, ' +
      'labels: {b: y, a: x}, scheme: http, ignore_error: no, static_configs: [{targets: ["a:80"]}]}]}',
  ];
  for (const yaml of same) t.equal(hash(yaml), hash(one), yaml);
  const other = [
    one.replace('password: p', 'password: q'),
    one.replace('a: x', 'a: z'),
    one.replace('60s', '61s'),
    one.replace('[a]', '[b]'),
    `${one}\nrule_files: [a.yaml]`,
    '',
  ];
  const hashes = new Set([one, ...other].map(hash));
  t.equal(hashes.size, other.length + 1);
});

t.test('the hash changes with the content of a referenced file', async (t) => {
  const yaml =
    'promxy: {server_groups: [{static_configs: [{targets: [a]}], http_client: {bearer_token_file: /t}}]}';
  const hash = (token: string): string =>
    parseConfig(yaml, 'c.yaml', { readText: () => ({ text: token }) }).hash;
  t.not(hash('a'), hash('b'));
  t.equal(hash('a'), hash('a\n'));
});
