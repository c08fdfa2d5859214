// Starts real VictoriaMetrics, vmauth, vmalert, Prometheus and Alertmanager for tests, from the binaries that
// `npm run real-servers` unpacks. A test that needs them is skipped when they are missing:
// `t.test('…', { skip: withoutRealServers() }, async (t) => { … })`.

import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { remoteWrite } from './remote-write.js';
import type { TestSeries, TestValue } from '../series/series-set.js';
import { type RealServer, startServer, type Teardown } from './server-process.js';

export type { RealServer, Teardown } from './server-process.js';

interface RealServers {
  readonly available: boolean;
  /** Why they are not available; empty when they are. */
  readonly reason: string;
  /** The folder of the binaries, absolute. */
  readonly bin: string;
}

/** Looks for the binaries in `.real-servers/bin` of the current folder. */
function realServers(): RealServers {
  const bin = resolve('.real-servers/bin');
  const available = existsSync(join(bin, 'stamp.json'));
  const reason = available
    ? ''
    : 'no real servers on this machine (npm run real-servers unpacks them where apt is)';
  return { available, reason, bin };
}

/** The `skip` option of a tap test: the reason when the real servers are missing, else false. */
export function withoutRealServers(): string | false {
  const { available, reason } = realServers();
  return available ? false : reason;
}

export interface ScrapeJob {
  readonly job: string;
  /** `HOST:PORT` each; `self` is the server that scrapes. */
  readonly targets: readonly string[];
}

export interface VictoriaMetricsOptions {
  readonly scrape?: readonly ScrapeJob[];
  /** Default 1 s. */
  readonly scrapeIntervalMs?: number;
  /** More flags, after the ones set here. */
  readonly args?: readonly string[];
}

/** A single-node VictoriaMetrics; its query API is at `url` and at `url` + `/prometheus`. */
export function startVictoriaMetrics(t: Teardown, options: VictoriaMetricsOptions = {}): Promise<RealServer> {
  return startServer(t, {
    binary: binary('victoria-metrics'),
    readyPath: '/health',
    args: (port, directory) => {
      writeFileSync(join(directory, 'scrape.yaml'), json(scrapeSettings(options, port)));
      return [
        `-httpListenAddr=127.0.0.1:${port}`,
        `-storageDataPath=${join(directory, 'data')}`,
        `-promscrape.config=${join(directory, 'scrape.yaml')}`,
        '-retentionPeriod=100y',
        '-memory.allowedBytes=256MiB',
        '-loggerLevel=WARN',
        ...(options.args ?? []),
      ];
    },
  });
}

export interface VmauthOptions {
  /** Base URLs of VictoriaMetrics servers. vmauth balances requests over several. */
  readonly backends: readonly string[];
  /** Without basic auth and without a token, every client may query. */
  readonly basicAuth?: { readonly username: string; readonly password: string };
  readonly bearerToken?: string;
  /** The path of the query API for users. Default `/vm/select/0/prometheus`, as KOF's regions have it. */
  readonly pathPrefix?: string;
  /** The paths below the prefix that are forwarded, as a pattern. Default: all. */
  readonly paths?: string;
  readonly args?: readonly string[];
}

export interface Vmauth extends RealServer {
  /** `url` with the path prefix: the base URL of the query API as users see it. */
  readonly baseUrl: string;
  readonly pathPrefix: string;
}

/** vmauth in front of VictoriaMetrics, its configuration shaped as KOF deploys it in each region. */
export async function startVmauth(t: Teardown, options: VmauthOptions): Promise<Vmauth> {
  const { backends, basicAuth, bearerToken, pathPrefix = '/vm/select/0/prometheus', paths = '.*' } = options;
  const routes = {
    url_map: [
      {
        src_paths: [`${pathPrefix}/${paths}`],
        drop_src_path_prefix_parts: pathPrefix.split('/').length - 1,
        url_prefix: backends.map((backend) => `${backend}/prometheus`),
      },
    ],
  };
  const users = [
    ...(basicAuth === undefined ? [] : [{ ...basicAuth, ...routes }]),
    ...(bearerToken === undefined ? [] : [{ bearer_token: bearerToken, ...routes }]),
  ];
  const config = users.length > 0 ? { users } : { unauthorized_user: routes };
  const server = await startServer(t, {
    binary: binary('vmauth'),
    readyPath: '/health',
    args: (port, directory) => {
      writeFileSync(join(directory, 'auth.yaml'), json(config));
      return [
        `-httpListenAddr=127.0.0.1:${port}`,
        `-auth.config=${join(directory, 'auth.yaml')}`,
        '-loggerLevel=WARN',
        ...(options.args ?? []),
      ];
    },
  });
  return { ...server, baseUrl: server.url + pathPrefix, pathPrefix };
}

export interface PrometheusOptions {
  readonly scrape?: readonly ScrapeJob[];
  /** Default 1 s. */
  readonly scrapeIntervalMs?: number;
  /** Rule files by content, in YAML. */
  readonly rules?: readonly string[];
  /** Paths of more rule files. */
  readonly ruleFiles?: readonly string[];
  /** Base URLs of remote-read servers. */
  readonly remoteRead?: readonly string[];
  /** The section `alerting`. */
  readonly alerting?: object;
  readonly externalLabels?: Readonly<Record<string, string>>;
  /** Maximum age of samples that are not in order. Default 20 years. */
  readonly outOfOrderWindow?: string;
  readonly args?: readonly string[];
}

/** A Prometheus that accepts remote write of samples of any time in the past. */
export function startPrometheus(t: Teardown, options: PrometheusOptions = {}): Promise<RealServer> {
  return startServer(t, {
    binary: binary('prometheus'),
    readyPath: '/-/ready',
    args: (port, directory) => {
      const rules = (options.rules ?? []).map((content, i) => writeIn(directory, `rules-${i}.yaml`, content));
      const scrape = scrapeSettings(options, port);
      const { alerting, externalLabels: external_labels } = options;
      const config = {
        ...scrape,
        global: { ...scrape.global, ...(external_labels && { external_labels }) },
        ...(alerting && { alerting }),
        rule_files: [...rules, ...(options.ruleFiles ?? [])],
        storage: { tsdb: { out_of_order_time_window: options.outOfOrderWindow ?? '20y' } },
        remote_read: (options.remoteRead ?? []).map((url) => ({
          url: `${url}/api/v1/read`,
          read_recent: true,
        })),
      };
      writeFileSync(join(directory, 'prometheus.yaml'), json(config));
      return [
        `--config.file=${join(directory, 'prometheus.yaml')}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
        '--storage.tsdb.retention.time=20y',
        `--web.listen-address=127.0.0.1:${port}`,
        '--web.enable-remote-write-receiver',
        '--web.enable-lifecycle',
        '--log.level=warn',
        ...(options.args ?? []),
      ];
    },
  });
}

export interface VmalertOptions {
  /** Base URL of the query API to evaluate against. */
  readonly datasource: string;
  /** Rule files by content, in YAML. */
  readonly rules: readonly string[];
  /** Base URL of an Alertmanager. Without it, alerts are not sent. */
  readonly notifier?: string;
  /** Base URL for remote write of results and alert state. */
  readonly remoteWrite?: string;
  /** Base URL to restore alert state from. */
  readonly remoteRead?: string;
  /** Default 1 s. */
  readonly evaluationIntervalMs?: number;
  readonly args?: readonly string[];
}

export function startVmalert(t: Teardown, options: VmalertOptions): Promise<RealServer> {
  return startServer(t, {
    binary: binary('vmalert'),
    readyPath: '/health',
    args: (port, directory) => [
      `-httpListenAddr=127.0.0.1:${port}`,
      `-datasource.url=${options.datasource}`,
      ...options.rules.map((content, i) => `-rule=${writeIn(directory, `rules-${i}.yaml`, content)}`),
      `-evaluationInterval=${options.evaluationIntervalMs ?? 1_000}ms`,
      options.notifier === undefined ? '-notifier.blackhole' : `-notifier.url=${options.notifier}`,
      ...(options.remoteWrite === undefined ? [] : [`-remoteWrite.url=${options.remoteWrite}`]),
      ...(options.remoteRead === undefined ? [] : [`-remoteRead.url=${options.remoteRead}`]),
      '-loggerLevel=WARN',
      ...(options.args ?? []),
    ],
  });
}

export interface AlertmanagerOptions {
  /** Default: one receiver, which drops alerts. */
  readonly config?: object;
  /** Path of all routes, starting with a slash. Default: none. */
  readonly routePrefix?: string;
  /** True to require basic authentication with `ALERTMANAGER_USER`. */
  readonly basicAuth?: boolean;
  readonly args?: readonly string[];
}

export const ALERTMANAGER_USER = { username: 'promfed', password: 'alert-password' };

/** A bcrypt hash of the password. */
const ALERTMANAGER_PASSWORD_HASH = '$2b$04$abcdefghijklmnopqrstuuo.JpAJQPPCqNtDCO4tjy1cPjhlBW3pO';

/** A single Alertmanager. Its alerts can be read at `/api/v2/alerts`. */
export function startAlertmanager(t: Teardown, options: AlertmanagerOptions = {}): Promise<RealServer> {
  const { routePrefix = '', basicAuth = false } = options;
  const { username, password } = ALERTMANAGER_USER;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return startServer(t, {
    binary: binary('prometheus-alertmanager'),
    readyPath: `${routePrefix}/-/ready`,
    ...(basicAuth ? { readyHeaders: { authorization } } : {}),
    // The folder of its templates, see scripts/real-servers.mjs.
    cwd: realServers().bin,
    args: (port, directory) => {
      const config = options.config ?? { route: { receiver: 'none' }, receivers: [{ name: 'none' }] };
      const users = { basic_auth_users: { [username]: ALERTMANAGER_PASSWORD_HASH } };
      return [
        `--config.file=${writeIn(directory, 'alertmanager.yaml', json(config))}`,
        `--storage.path=${join(directory, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        ...(routePrefix === '' ? [] : [`--web.route-prefix=${routePrefix}`]),
        ...(basicAuth ? [`--web.config.file=${writeIn(directory, 'web.yaml', json(users))}`] : []),
        '--cluster.listen-address=',
        '--log.level=warn',
        ...(options.args ?? []),
      ];
    },
  });
}

/** Writes the series into a single-node VictoriaMetrics; every sample is queryable when it returns. */
export async function importIntoVictoriaMetrics(url: string, series: readonly TestSeries[]): Promise<void> {
  await remoteWrite(url, series, '/internal/force_flush');
}

/** Writes the series into a Prometheus of {@link startPrometheus}; every sample is queryable when it returns. */
export async function importIntoPrometheus(
  url: string,
  series: readonly TestSeries<TestValue>[],
): Promise<void> {
  await remoteWrite(url, series);
}

function binary(name: string): string {
  const { available, reason, bin } = realServers();
  if (!available) throw new Error(reason);
  return join(bin, name);
}

function scrapeSettings(
  options: { readonly scrape?: readonly ScrapeJob[]; readonly scrapeIntervalMs?: number },
  ownPort: number,
): { readonly global: object; readonly scrape_configs: object } {
  const interval = `${options.scrapeIntervalMs ?? 1_000}ms`;
  return {
    global: { scrape_interval: interval, scrape_timeout: interval },
    scrape_configs: (options.scrape ?? []).map(({ job, targets }) => ({
      job_name: job,
      static_configs: [
        { targets: targets.map((target) => (target === 'self' ? `127.0.0.1:${ownPort}` : target)) },
      ],
    })),
  };
}

function writeIn(directory: string, name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

/** Returns YAML in the form of JSON, which needs no indentation. */
function json(value: object): string {
  return JSON.stringify(value, null, 2);
}
