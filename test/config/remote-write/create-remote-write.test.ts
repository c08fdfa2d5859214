// The section `remote_write`.

import t from 'tap';

import { type ConfigOptions, parseConfig, type RemoteWriteSettings } from '../../../src/config/index.js';

const parse = (entries: string, options: ConfigOptions = {}): readonly RemoteWriteSettings[] =>
  parseConfig(`remote_write: [${entries}]`, 'c.yaml', options).settings.remoteWrite;

function errorOf(entry: string): string {
  try {
    parse(entry);
    return 'accepted';
  } catch (error) {
    return (error as Error).message.replaceAll(/remote_write\[\d\]/g, 'X').replace(/^c.yaml:\S+ /gm, '');
  }
}

t.test('missing keys have the defaults of Prometheus', async (t) => {
  t.match(parse('{url: "http://a/write"}'), [
    {
      url: 'http://a/write',
      name: /^[0-9a-f]{6}$/,
      timeoutMs: 30_000,
      protocol: '1.0',
      headers: [],
      writeRelabel: [],
      sendNativeHistograms: false,
      queue: {
        capacity: 10_000,
        maxShards: 50,
        minShards: 1,
        maxSamplesPerSend: 2000,
        batchSendDeadlineMs: 5000,
        minBackoffMs: 30,
        maxBackoffMs: 5000,
        retryOnRateLimit: false,
        sampleAgeLimitMs: 0,
      },
      httpClient: { dialTimeoutMs: 30_000, authentication: undefined },
    },
  ]);
});

t.test('every key becomes a setting', async (t) => {
  t.match(
    parse(
      '{url: "https://a:1/w/?x=1", name: n, remote_timeout: 5s, protobuf_message: io.prometheus.write.v2.Request, ' +
        'headers: {X-A: a}, http_headers: {X-B: {secrets: [b]}}, write_relabel_configs: [{action: drop}], ' +
        'send_native_histograms: true, round_robin_dns: false, ' +
        'queue_config: {capacity: 1, max_shards: 3, min_shards: 2, max_samples_per_send: 4, batch_send_deadline: 6s, ' +
        'min_backoff: 1s, max_backoff: 1s, retry_on_http_429: true, sample_age_limit: 1h}, ' +
        'bearer_token: t}',
    ),
    [
      {
        url: 'https://a:1/w/?x=1',
        name: 'n',
        timeoutMs: 5000,
        protocol: '2.0',
        headers: [
          ['X-A', 'a'],
          ['X-B', 'b'],
        ],
        writeRelabel: [{ action: 'drop' }],
        sendNativeHistograms: true,
        queue: {
          capacity: 1,
          maxShards: 3,
          minShards: 2,
          maxSamplesPerSend: 4,
          batchSendDeadlineMs: 6000,
          minBackoffMs: 1000,
          maxBackoffMs: 1000,
          retryOnRateLimit: true,
          sampleAgeLimitMs: 3_600_000,
        },
        httpClient: { dialTimeoutMs: 5000, authentication: { kind: 'token', credentials: { value: 't' } } },
      },
    ],
  );
});

t.test('credentials of the URL are used for basic authentication', async (t) => {
  const [entry] = parse('{url: "http://user%40x:p%3Aw@a/w"}');
  t.equal(entry!.url, 'http://a/w');
  t.same(entry!.httpClient.authentication, {
    kind: 'basic',
    username: { value: 'user@x', file: undefined },
    password: { value: 'p:w', file: undefined },
  });
  const [other] = parse('{url: "http://u:p@a/w", bearer_token: t}');
  t.match(other!.httpClient.authentication, { kind: 'token' });
});

t.test('names are unique, and do not depend on credentials', async (t) => {
  const entries = parse(
    '{url: "http://a"}, {url: "http://a", bearer_token: x}, {url: "http://a?token=x"}, {url: "http://b"}',
  );
  const names = entries.map(({ name }) => name);
  t.equal(new Set(names).size, 4);
  t.equal(parse('{url: "http://a", bearer_token: y}')[0]!.name, names[0]);
});

t.test('invalid entries are reported', async (t) => {
  const cases: { yaml: string; expected: string }[] = [
    { yaml: '{}', expected: 'X: missing key "url"' },
    {
      yaml: '{url: a}',
      expected:
        'X.url: invalid URL "a": must be an http or https URL, for example http://prometheus.example.com:9090/api/v1/write',
    },
    {
      yaml: '{url: "http://u:hunter2@a b"}',
      expected:
        'X.url: invalid URL: must be an http or https URL, for example http://prometheus.example.com:9090/api/v1/write',
    },
    {
      yaml: '{url: "http://a", remote_timeout: 0s}',
      expected: 'X.remote_timeout: duration must be greater than 0',
    },
    {
      yaml: '{url: "http://a", protobuf_message: v2}',
      expected:
        'X.protobuf_message: must be one of prometheus.WriteRequest, io.prometheus.write.v2.Request; got "v2"',
    },
    {
      yaml: '{url: "http://a", headers: {X-Prometheus-Remote-Write-Version: "1"}}',
      expected: 'X.headers: header "X-Prometheus-Remote-Write-Version" must not be set: it is reserved',
    },
    {
      yaml: '{url: "http://a", queue_config: {max_shards: 0, capacity: 1.5}}',
      expected:
        'X.queue_config.max_shards: must be at least 1; got 0\nX.queue_config.capacity: must be a whole number; got a number',
    },
    {
      yaml: '{url: "http://a", queue_config: {max_shards: 100000, capacity: 1e300}}',
      expected:
        'X.queue_config.max_shards: must be at most 1000; got 100000\nX.queue_config.capacity: must be at most 10000000; got 1e+300',
    },
    {
      yaml: '{url: "http://a", queue_config: {min_shards: 51, max_backoff: 29ms}}',
      expected:
        'X.queue_config.min_shards: must not be greater than max_shards\nX.queue_config.max_backoff: must not be less than min_backoff',
    },
    {
      yaml: '{url: "http://a", name: a}, {url: "http://b", name: a}',
      expected: 'X.name: found multiple remote write configs with job name "a"',
    },
    {
      yaml: '{url: "http://a", sigv4: {}, azuread: {}, google_iam: {}, oauth2: {}, round_robin_dns: true}',
      expected: [
        'X.sigv4: not supported yet; remove the key',
        'X.azuread: not supported yet; remove the key',
        'X.google_iam: not supported yet; remove the key',
        'X.oauth2: not supported yet; remove the key',
        'X.round_robin_dns: not supported yet; remove the key or set it to false',
      ].join('\n'),
    },
  ];
  for (const { yaml, expected } of cases) t.equal(errorOf(yaml), expected, yaml);
});
