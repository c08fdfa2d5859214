import { createServer as createTcpServer, type AddressInfo } from 'node:net';
import { createServer } from 'node:https';
import { TLSSocket } from 'node:tls';

import t, { type Test } from 'tap';

import type { TlsSettings } from '../../../src/config/index.js';
import { systemClock } from '../../../src/runtime/index.js';
import { TEST_CERTIFICATE, TEST_KEY } from '../../helpers/upstreams/tls-certificate.js';
import { fetchContext, groupSettings, openGroup, success, type OpenGroup } from '../settings.js';

const EVERYTHING = { selectors: [], startMs: undefined, endMs: undefined, limit: undefined };

/** The connection of a request, as the server sees it. */
interface Connection {
  readonly serverName: string | false | null;
  readonly hasClient: boolean;
}

/** A TLS server that requests a client certificate and accepts connections without one. */
async function setUp(
  t: Test,
  tls: Partial<TlsSettings>,
): Promise<{ group: OpenGroup; connections: Connection[] }> {
  const connections: Connection[] = [];
  const options = {
    cert: TEST_CERTIFICATE,
    key: TEST_KEY,
    ca: TEST_CERTIFICATE,
    requestCert: true,
    rejectUnauthorized: false,
    maxVersion: 'TLSv1.2',
  } as const;
  const server = createServer(options, (request, response) => {
    const { socket } = request;
    if (!(socket instanceof TLSSocket)) throw new Error('not a TLS connection');
    const client: object = socket.getPeerCertificate();
    connections.push({
      serverName: socket.servername,
      hasClient: 'subject' in client,
    });
    response.setHeader('content-type', 'application/json').end(JSON.stringify(success(['job'])));
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const settings = groupSettings([`127.0.0.1:${(server.address() as AddressInfo).port}`], {
    scheme: 'https',
  });
  const group = openGroup(
    { ...settings, httpClient: { ...settings.httpClient, tls: { ...settings.httpClient.tls, ...tls } } },
    { clock: systemClock, version: '1.2.3' },
  );
  t.teardown(async () => {
    await group.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { group, connections };
}

const REJECTED: readonly { name: string; tls: Partial<TlsSettings>; reason: RegExp }[] = [
  {
    name: 'a self-signed certificate',
    tls: {},
    reason: /: TLS: certificate is self-signed and not trusted$/,
  },
  {
    name: 'a certificate of another host',
    tls: { ca: TEST_CERTIFICATE, serverName: 'other.example' },
    reason: /: TLS: .*other\.example.*region\.example/,
  },
  {
    name: 'a server without the required version',
    tls: { insecureSkipVerify: true, minVersion: 'TLSv1.3' },
    reason: /: TLS: .*(version|alert)/,
  },
];

for (const { name, tls, reason } of REJECTED) {
  t.test(`${name} is a readable error`, async (t) => {
    const { group, connections } = await setUp(t, tls);
    await t.rejects(group.labelNames(EVERYTHING, fetchContext()), { code: 'upstream', message: reason });
    t.strictSame(connections, []);
  });
}

const ACCEPTED: readonly { name: string; tls: Partial<TlsSettings>; connection: Connection }[] = [
  {
    name: 'a custom authority and a server name',
    tls: { ca: TEST_CERTIFICATE, serverName: 'region.example' },
    connection: { serverName: 'region.example', hasClient: false },
  },
  {
    name: 'insecure_skip_verify',
    tls: { insecureSkipVerify: true },
    connection: { serverName: false, hasClient: false },
  },
  {
    name: 'a client certificate',
    tls: { insecureSkipVerify: true, cert: TEST_CERTIFICATE, key: TEST_KEY, maxVersion: 'TLSv1.2' },
    connection: { serverName: false, hasClient: true },
  },
];

for (const { name, tls, connection } of ACCEPTED) {
  t.test(`a region is reached over TLS with ${name}, twice`, async (t) => {
    const { group, connections } = await setUp(t, tls);
    for (let i = 0; i < 2; i++) {
      t.strictSame((await group.labelNames(EVERYTHING, fetchContext())).data, ['job']);
    }
    t.strictSame(connections[0], connection);
    // A resumed session carries no server name.
    t.strictSame(connections[1]?.hasClient, connection.hasClient);
  });
}

t.test('an invalid certificate or key is rejected when the group is created', (t) => {
  const settings = groupSettings(['127.0.0.1:1'], { scheme: 'https' });
  for (const tls of [{ ca: 'x' }, { cert: 'x', key: 'y' }, { cert: TEST_CERTIFICATE, key: 'y' }]) {
    t.throws(
      () =>
        openGroup(
          {
            ...settings,
            httpClient: { ...settings.httpClient, tls: { ...settings.httpClient.tls, ...tls } },
          },
          { clock: systemClock, version: '1.2.3' },
        ),
      { code: 'bad_data', message: /^server group "eu": tls_config: / },
    );
  }
  t.end();
});

t.test('a handshake that does not complete ends with the dial timeout', async (t) => {
  const silent = createTcpServer((socket) => {
    socket.on('error', () => undefined).resume();
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const target = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const group = openGroup(groupSettings([target], { scheme: 'https', httpClient: { dialTimeoutMs: 100 } }), {
    clock: systemClock,
    version: '1.2.3',
  });
  t.teardown(async () => {
    await group.close();
    await new Promise((resolve) => silent.close(resolve));
  });
  await t.rejects(group.labelNames(EVERYTHING, fetchContext()), {
    code: 'upstream',
    message: `server group "eu": target ${target}: no connection within 100 ms (dial_timeout)`,
  });
});
