// Authentication and TLS of a server group, from keys and from files.

import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import t from 'tap';

import {
  type AuthenticationSettings,
  type HttpClientSettings,
  parseConfig,
} from '../../../src/config/index.js';

const CERT = readFileSync(resolve('test/testdata/config/region.pem'), 'utf8');
const KEY = readFileSync(resolve('test/testdata/config/region-key.pem'), 'utf8');
const OTHER_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();

/** Files as the configuration sees them. */
const FILES: Readonly<Record<string, string>> = {
  '/user': 'admin\n',
  '/pass': '  s3cr3t \r\n',
  '/token': 'abc\n',
  '/empty': ' \n',
  '/two-lines': 'a\nb',
  '/ca.pem': CERT,
  '/cert.pem': CERT,
  '/key.pem': KEY,
};

function parse(http_client: unknown, more: Record<string, unknown> = {}): HttpClientSettings {
  // JSON is YAML.
  const group = { static_configs: [{ targets: ['a'] }], http_client, ...more };
  const { settings } = parseConfig(JSON.stringify({ promxy: { server_groups: [group] } }), 'c.yaml', {
    readText: (path) => {
      const text = FILES[path];
      return text === undefined ? { problem: `${path} does not exist` } : { text };
    },
  });
  return settings.serverGroups[0]!.httpClient;
}

/** Values that the configuration holds itself. */
const secret = (value: string, file?: string) => ({ value, file });

t.test('each authentication method becomes a setting with its secrets and their files', async (t) => {
  const cases: { client: unknown; expected: AuthenticationSettings | undefined }[] = [
    { client: {}, expected: undefined },
    {
      client: { basic_auth: { username: 'a', password: 'b:c' } },
      expected: { kind: 'basic', username: secret('a'), password: secret('b:c') },
    },
    {
      client: { basic_auth: {} },
      expected: { kind: 'basic', username: secret(''), password: secret('') },
    },
    {
      client: { basic_auth: { username: 'ä', password: ' spaces ' } },
      expected: { kind: 'basic', username: secret('ä'), password: secret(' spaces ') },
    },
    {
      client: { basic_auth: { username_file: '/user', password_file: '/pass' } },
      expected: { kind: 'basic', username: secret('admin', '/user'), password: secret('s3cr3t', '/pass') },
    },
    {
      client: { basic_auth: { username: 'a', password_file: '/empty' } },
      expected: { kind: 'basic', username: secret('a'), password: secret('', '/empty') },
    },
    {
      client: { authorization: { credentials: 'abc' } },
      expected: { kind: 'token', scheme: 'Bearer', credentials: secret('abc') },
    },
    {
      client: { authorization: { type: ' Token ', credentials: 'abc' } },
      expected: { kind: 'token', scheme: 'Token', credentials: secret('abc') },
    },
    {
      client: { authorization: { type: '', credentials_file: '/token' } },
      expected: { kind: 'token', scheme: 'Bearer', credentials: secret('abc', '/token') },
    },
    {
      client: { bearer_token: 'abc' },
      expected: { kind: 'token', scheme: 'Bearer', credentials: secret('abc') },
    },
    {
      client: { bearer_token_file: '/token' },
      expected: { kind: 'token', scheme: 'Bearer', credentials: secret('abc', '/token') },
    },
    { client: { bearer_token: '', bearer_token_file: '' }, expected: undefined },
  ];
  for (const { client, expected } of cases)
    t.strictSame(parse(client).authentication, expected, JSON.stringify(client));
});

t.test('a second authentication method and missing credentials are rejected', async (t) => {
  const cases: { client: unknown; more?: Record<string, unknown>; message: RegExp }[] = [
    {
      client: { basic_auth: {}, bearer_token: 'x' },
      message: /at most one of .* not basic_auth and bearer_token$/,
    },
    {
      client: { authorization: { credentials: 'x' }, bearer_token_file: '/token' },
      message: /at most one of/,
    },
    { client: { basic_auth: {}, authorization: { credentials: 'x' } }, message: /at most one of/ },
    { client: { bearer_token: 'x', bearer_token_file: '/token' }, message: /at most one of/ },
    {
      client: { basic_auth: { username: 'a', username_file: '/user' } },
      message: /at most one of basic_auth username & username_file/,
    },
    {
      client: { basic_auth: { password: 'a', password_file: '/pass' } },
      message: /at most one of basic_auth password & password_file/,
    },
    {
      client: { authorization: { credentials: 'a', credentials_file: '/pass' } },
      message: /authorization credentials & credentials_file/,
    },
    { client: { basic_auth: { username: 'a:b' } }, message: /must not contain a colon/ },
    {
      client: { authorization: {} },
      message: /authorization: missing credentials; set credentials or credentials_file/,
    },
    {
      client: { authorization: { type: 'BASIC', credentials: 'x' } },
      message: /type cannot be set to "basic", use "basic_auth"/,
    },
    {
      client: { authorization: { type: 'a b', credentials: 'x' } },
      message: /authorization type must be a single word/,
    },
    { client: { bearer_token_file: '/empty' }, message: /bearer_token_file: file is empty/ },
    {
      client: { bearer_token_file: '/none' },
      message:
        /^c\.yaml:1:\d+: promxy\.server_groups\[0\]\.http_client\.bearer_token_file: \/none does not exist$/,
    },
    { client: { bearer_token_file: '/two-lines' }, message: /characters that an HTTP header cannot hold/ },
    { client: { bearer_token: 'a€' }, message: /characters that an HTTP header cannot hold/ },
    {
      client: { basic_auth: { username_file: '/none', password_file: '/gone' } },
      message:
        /basic_auth\.username_file: \/none does not exist\nc\.yaml:1:\d+: .*\.basic_auth\.password_file: \/gone/,
    },
    {
      client: { bearer_token: 'x' },
      more: { http_headers: { authorization: 'y' } },
      message: /at most one of http_headers.Authorization/,
    },
  ];
  for (const { client, more, message } of cases) {
    t.throws(() => parse(client, more), { code: 'bad_data', message }, JSON.stringify(client));
  }
});

t.test('an Authorization header replaces an authentication method', async (t) => {
  t.equal(parse({}, { http_headers: { Authorization: 'Bearer x' } }).authentication, undefined);
});

t.test('certificates and keys are texts or files', async (t) => {
  const pem = CERT.trim() + '\n';
  const cases: { tls: Record<string, unknown>; expected: Partial<HttpClientSettings['tls']> }[] = [
    { tls: { ca_file: '/ca.pem' }, expected: { ca: pem, cert: undefined } },
    { tls: { ca: CERT + CERT }, expected: { ca: pem + pem } },
    { tls: { cert: CERT, key: KEY }, expected: { cert: pem, key: KEY.trim() + '\n' } },
    {
      tls: { cert_file: '/cert.pem', key_file: '/key.pem' },
      expected: { cert: pem, key: KEY.trim() + '\n' },
    },
    { tls: { cert: CERT, key_file: '/key.pem' }, expected: { cert: pem } },
    {
      tls: { min_version: 'TLS10', max_version: 'TLS13' },
      expected: { minVersion: 'TLSv1', maxVersion: 'TLSv1.3' },
    },
    {
      tls: { min_version: 'TLS12', max_version: 'TLS12' },
      expected: { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' },
    },
    { tls: { server_name: 'x' }, expected: { serverName: 'x', insecureSkipVerify: false } },
    {
      tls: { server_name: '', insecure_skip_verify: true },
      expected: { serverName: undefined, insecureSkipVerify: true },
    },
  ];
  for (const { tls, expected } of cases)
    t.match(parse({ tls_config: tls }).tls, expected, Object.keys(tls).join());
});

t.test('invalid TLS settings are rejected when the configuration is loaded', async (t) => {
  const cases: { tls: Record<string, unknown>; message: RegExp }[] = [
    { tls: { ca: 'garbage' }, message: /tls_config\.ca: must contain a certificate in PEM form$/ },
    { tls: { ca: KEY }, message: /tls_config\.ca: must contain a certificate/ },
    { tls: { ca_file: '/user' }, message: /tls_config\.ca_file: must contain a certificate/ },
    {
      tls: { ca: CERT.replace(/[A-Z]{4}/, '!!!!') },
      message: /invalid certificate in PEM block 1|must contain a certificate/,
    },
    {
      tls: { ca: `${CERT}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----` },
      message: /invalid certificate in PEM block 2$/,
    },
    { tls: { cert: CERT }, message: /tls_config\.cert: exactly one of key or key_file/ },
    { tls: { key_file: '/key.pem' }, message: /tls_config\.key_file: exactly one of cert or cert_file/ },
    {
      tls: { cert: CERT, key: OTHER_KEY },
      message: /tls_config\.key: must be the private key of the certificate/,
    },
    { tls: { cert: CERT, key: 'garbage' }, message: /tls_config\.key: must be the private key/ },
    {
      tls: { cert: CERT, cert_file: '/cert.pem', key: KEY },
      message: /at most one of tls_config cert & cert_file/,
    },
    {
      tls: { min_version: 'TLS13', max_version: 'TLS12' },
      message: /max_version: TLS12 must not be below min_version TLS13/,
    },
    { tls: { min_version: 'TLS14' }, message: /must be one of TLS10, TLS11, TLS12, TLS13; got "TLS14"/ },
    { tls: { ca_file: '/none' }, message: /tls_config\.ca_file: \/none does not exist/ },
  ];
  for (const { tls, message } of cases) {
    t.throws(() => parse({ tls_config: tls }), { code: 'bad_data', message }, message.source);
  }
});
