import t from 'tap';

import { Redactor } from '../../../src/upstreams/http/redactor.js';
import { groupSettings } from '../settings.js';

t.test('secrets are hidden, and the rest of the text is not', (t) => {
  const redactor = new Redactor(
    groupSettings(['a:1'], {
      httpHeaders: [
        ['X-Api-Key', 'key-of-mine'],
        ['X-Scope-OrgID', 'tenant'],
        ['X-Token', 'abc'],
      ],
    }),
  );
  redactor.add(`Basic ${Buffer.from('user:pass:word').toString('base64')}`);
  t.equal(
    redactor.redact('user pass:word key-of-mine tenant Basic dXNlcjpwYXNzOndvcmQ= dXNlcjpwYXNzOndvcmQ= abc'),
    'user <secret> <secret> tenant <secret> <secret> abc',
  );
  t.equal(new Redactor(groupSettings(['a:1'])).redact('as it is'), 'as it is');
  t.end();
});

t.test('replaced credentials stay hidden, the last hundred of them', (t) => {
  const redactor = new Redactor(groupSettings(['a:1'], { httpHeaders: [['X-Token', 'configured']] }));
  for (let i = 0; i <= 100; i++) redactor.add(`Bearer token-${i}`);
  t.equal(redactor.redact('token-1 token-100 configured'), '<secret> <secret> <secret>');
  t.equal(redactor.redact('token-0'), 'token-0');
  t.end();
});

t.test('each value is hidden in every encoding that a region may use', (t) => {
  const value = 'S&c r/é"t=+1~x';
  const bytes = [...Buffer.from(value)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  const forms = [
    value,
    encodeURIComponent(value),
    encodeURIComponent(value).toLowerCase().replace('s', 'S'),
    encodeURIComponent(encodeURIComponent(value)),
    new URLSearchParams({ v: value }).toString().slice(2),
    bytes,
    bytes.toUpperCase(),
    JSON.stringify(value).slice(1, -1),
    JSON.stringify(value).slice(1, -1).replace('&', '\\u0026'),
    value.replace('&', '&amp;').replace('"', '&#34;'),
    value.replace('&', '&amp;').replace('"', '&quot;'),
  ];
  const redactor = new Redactor({ queryParams: [['site', value]] });
  for (const form of forms)
    t.equal(
      redactor.redact(`missing route for "/q?site=${form}"`),
      'missing route for "/q?site=<secret>"',
      form,
    );
  t.end();
});

t.test('values of unknown names are hidden, those of public names are not', (t) => {
  const redactor = new Redactor({
    queryParams: [
      ['site', 'frankfurt'],
      ['dedup', 'required'],
      ['nocache', '1'],
    ],
    httpHeaders: [
      ['X-Vault-Token', 'hvs.abc'],
      ['Ocp-Apim-Subscription-Key', 'subscr1'],
      ['X-Scope-OrgID', 'team-a'],
      ['X-Custom', 'custom value'],
    ],
  });
  t.equal(
    redactor.redact('frankfurt required hvs.abc subscr1 team-a custom%20value'),
    '<secret> required <secret> <secret> team-a <secret>',
  );
  t.end();
});

t.test('short values and common words are hidden behind their names only', (t) => {
  const redactor = new Redactor({
    queryParams: [
      ['site', 'eu'],
      ['env', 'production'],
      ['pin', 'node'],
    ],
  });
  t.equal(
    redactor.redact(
      'eu: error in production, nodes, node: ?site=eu&env=production env%3Dproduction {"site":"eu"}',
    ),
    'eu: error in production, nodes, <secret>: ?site=<secret>&env=<secret> env%3D<secret> {"site":"<secret>"}',
  );
  t.end();
});

t.test('the beginning of a secret is hidden where a text was cut', (t) => {
  const redactor = new Redactor({ queryParams: [['site', 'abc/defghijkl']] });
  t.equal(redactor.redact('/q?site=abc/defg…; more'), '/q?site=<secret>…; more');
  t.equal(redactor.redact('/q?site=abc%2Fdefg…'), '/q?site=<secret>…');
  t.equal(redactor.redact('/q?site=ab…'), '/q?site=ab…');
  t.end();
});

t.test('parameters of URLs with the name of a secret, passwords and keys are hidden', (t) => {
  const url = new URL('https://u:pw-of-u@a/push?zone=zone-17');
  const privateKey = '-----BEGIN KEY-----\nMIIEvQIBADANBgkq\n-----END KEY-----\n';
  const redactor = new Redactor({ url, privateKey });
  t.equal(
    redactor.redact('post https://u:pw-of-u@a/push?zone=zone-17&sig=zz&code=yy&a=b: MIIEvQIBADANBgkq'),
    'post https://u:<secret>@a/push?zone=<secret>&sig=<secret>&code=<secret>&a=b: <secret>',
  );
  redactor.addPassword('of-redis');
  t.equal(
    redactor.redact('ERR unknown command AUTH, with args: of-redis'),
    'ERR unknown command AUTH, with args: <secret>',
  );
  t.end();
});
