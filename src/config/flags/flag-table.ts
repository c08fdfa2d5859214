// The table of flags. Parsing, checks and the help text are derived from it.

export type Command = 'serve' | 'demo' | 'query' | 'explain' | 'check' | 'test' | 'backfill';

/** The commands that accept the flags of each scope. The first one is named in the error of other commands. */
export const SCOPES = {
  server: ['serve', 'demo'],
  query: ['query', 'explain'],
  explain: ['explain'],
  range: ['query', 'explain', 'backfill'],
  backfill: ['backfill'],
  check: ['check'],
  test: ['test'],
  ruleFiles: ['check', 'test'],
} as const satisfies Readonly<Record<string, readonly Command[]>>;

export interface FlagSpec {
  readonly short?: string;
  /** Name of the value in the help text; undefined for a switch. */
  readonly value?: string;
  /** The text on the command line. */
  readonly default?: string;
  readonly repeatable?: true;
  /** Commands that accept the flag. All when missing. */
  readonly scope?: keyof typeof SCOPES;
  readonly help: string;
}

/** Source of names and defaults: promxy, cmd/promxy/main.go. Source of --enable-feature: Prometheus. */
export const FLAGS = {
  config: { value: 'file', default: 'config.yaml', help: 'Configuration file path.' },
  'bind-addr': {
    scope: 'server',
    value: 'host:port',
    default: ':8082',
    help: 'Address to listen on. Without a host, all interfaces. Port 0 selects a free port.',
  },
  'log-level': {
    scope: 'server',
    value: 'level',
    default: 'info',
    help: 'Only log messages with the given severity or above. One of: [trace, debug, info, warn, error, fatal].',
  },
  'log-format': {
    scope: 'server',
    value: 'format',
    default: 'text',
    help: 'Output format of log messages. One of: [text, json].',
  },
  memory: {
    scope: 'server',
    value: 'size',
    default: '80%',
    help: 'Maximum memory of all processes: a size such as 512MB or 2GiB, or a percentage of the memory of the machine or its control group.',
  },
  'web.external-url': {
    scope: 'server',
    value: 'url',
    help: 'URL under which promfed is externally reachable (for example, if promfed is served via a reverse proxy). If the URL has a path portion, it prefixes all HTTP endpoints.',
  },
  'web.enable-lifecycle': {
    scope: 'server',
    help: 'Enable reload via HTTP request (POST /-/reload).',
  },
  'web.max-connections': {
    scope: 'server',
    value: 'number',
    default: '512',
    help: 'Maximum number of simultaneous connections of each process that serves requests. Further connections take the place of idle ones, or get an error.',
  },
  'http.shutdown-timeout': {
    scope: 'server',
    value: 'duration',
    default: '60s',
    help: 'Maximum time that running requests have to finish when promfed stops.',
  },
  workers: {
    scope: 'server',
    value: 'number',
    help: 'Number of processes that serve requests. By default one for every two available cores, fewer if memory is short; the demo runs one.',
  },
  'query.timeout': {
    scope: 'server',
    value: 'duration',
    default: '2m',
    help: 'Maximum time a query may take before being aborted, including the time in the regions.',
  },
  'query.max-samples': {
    value: 'number',
    default: '50000000',
    help: 'Maximum number of samples a single query can load into memory. Queries that would load more fail.',
  },
  'query.max-requests': {
    value: 'number',
    default: '5000',
    help: 'Maximum number of requests a single query can send to server groups. A request counts once for all replicas of its group. Queries that would send more fail.',
  },
  'query.max-nodes': {
    scope: 'server',
    value: 'number',
    default: '10000',
    help: 'Maximum number of expressions, matchers and labels of a single query, or of all match[] selectors of a request. Larger queries are rejected.',
  },
  'query.max-length': {
    scope: 'server',
    value: 'number',
    default: '1048576',
    help: 'Maximum length of a query or a match[] selector, in characters. Longer ones are rejected.',
  },
  'query.max-selectors': {
    scope: 'server',
    value: 'number',
    default: '1000',
    help: 'Maximum number of match[] selectors of a request. Requests with more are rejected.',
  },
  'query.max-memory': {
    scope: 'server',
    value: 'size',
    default: '50%',
    help: 'Maximum memory a single query can hold: a size such as 512MB, or a percentage of the memory that its process has for queries. Queries that would hold more fail.',
  },
  'query.max-concurrency': {
    scope: 'server',
    value: 'number',
    default: '0',
    help: 'Maximum number of queries executed concurrently. Further queries wait. 0 means no limit other than memory.',
  },
  'query.lookback-delta': {
    value: 'duration',
    default: '5m',
    help: 'Maximum lookback duration for retrieving samples during expression evaluation. Sent to the regions if set.',
  },
  'query.pushdown': {
    value: 'on|off',
    default: 'on',
    help: 'Let the regions compute parts of a query where the result stays exact. If off, they send raw samples only, and promfed computes everything.',
  },
  'rules.alert.for-outage-tolerance': {
    scope: 'server',
    value: 'duration',
    default: '1h',
    help: 'Maximum outage of promfed after which the state of pending and firing alerts is restored.',
  },
  'rules.alert.for-grace-period': {
    scope: 'server',
    value: 'duration',
    default: '10m',
    help: 'Minimum time between the restored state of an alert and its firing, for rules whose `for` is longer.',
  },
  'rules.alert.resend-delay': {
    scope: 'server',
    value: 'duration',
    default: '1m',
    help: 'Minimum time to wait before resending an alert to the Alertmanagers.',
  },
  'rules.alertbackfill': {
    scope: 'server',
    help: 'Evaluate alerting rules over the past at the start, for alerts without a stored state.',
  },
  'alertmanager.notification-queue-capacity': {
    scope: 'server',
    value: 'number',
    default: '10000',
    help: 'Capacity of the queue for pending notifications to the Alertmanagers.',
  },
  'storage.path': {
    scope: 'server',
    value: 'directory',
    help: 'Directory for the samples that wait for remote write, so that a restart does not lose them. By default they are kept in memory.',
  },
  'enable-feature': {
    value: 'name,…',
    repeatable: true,
    help: "Comma separated feature names to enable, with Prometheus' names. Repeatable.",
  },
  url: {
    scope: 'query',
    value: 'url',
    help: 'Query the Prometheus-compatible API at this URL instead of the regions of the configuration file.',
  },
  time: { scope: 'query', value: 'time', default: 'now', help: 'Evaluation time of an instant query.' },
  start: {
    scope: 'range',
    value: 'time',
    help: 'Start time of a range query, by default one hour before the end time, or of a backfill.',
  },
  end: { scope: 'range', value: 'time', default: 'now', help: 'End time of a range query or a backfill.' },
  step: {
    scope: 'query',
    value: 'duration',
    help: 'Step of a range query: a duration such as 30s, or seconds. By default the range has about 250 steps.',
  },
  output: {
    scope: 'query',
    value: 'format',
    help: 'Output format. One of: [table, chart, json]; for explain: [text, json]. By default chart for a range query on a terminal, table otherwise, and text for explain.',
  },
  timeout: { scope: 'range', value: 'duration', default: '2m', help: 'Maximum time the query may take.' },
  analyze: {
    scope: 'explain',
    help: 'Run the query as well, and report the cost of every fetch and operator. For explain only.',
  },
  'eval-interval': {
    scope: 'backfill',
    value: 'duration',
    help: 'Evaluation interval of rule groups that have none, instead of global.evaluation_interval.',
  },
  rule: {
    scope: 'backfill',
    value: 'name',
    repeatable: true,
    help: 'Evaluate the recording rules with this name only. Repeatable.',
  },
  partial: {
    scope: 'backfill',
    value: 'fail|write',
    default: 'fail',
    help: 'Stop at a result without the data of a region that does not answer, or write it.',
  },
  'resume-file': {
    scope: 'backfill',
    value: 'file',
    default: 'promfed-backfill.json',
    help: 'File with the progress. The next run with the same flags continues after the last confirmed chunk.',
  },
  lint: {
    scope: 'check',
    value: 'names',
    default: 'duplicate-rules',
    help: 'Comma separated linting checks. Of: [all, duplicate-rules, none].',
  },
  'lint-fatal': { scope: 'check', help: 'Exit with status 3 when linting finds something.' },
  live: {
    scope: 'check',
    help: 'Also report selectors that match nothing now, for each server group of --config.',
  },
  'live-range': {
    scope: 'check',
    value: 'duration',
    default: '5m',
    help: 'Time in which a selector must match a sample, unless its own range is longer.',
  },
  'fail-on-missing': {
    scope: 'check',
    help: 'Exit with status 1 when a selector matches nothing, or a server group does not answer.',
  },
  run: {
    scope: 'test',
    value: 'regex',
    repeatable: true,
    help: 'Run the tests whose names match the regular expression. Repeatable.',
  },
  diff: { scope: 'test', help: 'Print the differences between expected and actual alerts as colored JSON.' },
  debug: { scope: 'test', help: 'Print the duration of each test, and all series at its end.' },
  junit: { scope: 'test', value: 'file', help: 'Write the results to a file as JUnit XML.' },
  'ignore-unknown-fields': { scope: 'ruleFiles', help: 'Ignore unknown keys in rule files.' },
  'check-config': { scope: 'server', help: 'Check the configuration file and exit.' },
  version: { short: 'v', help: 'Print the version and exit.' },
  help: { short: 'h', help: 'Show this help and exit.' },
} as const satisfies Readonly<Record<string, FlagSpec>>;

export type FlagName = keyof typeof FLAGS;

/** True for a flag that `query` accepts, and commands other than it may. */
export function isQueryFlag({ scope }: FlagSpec): boolean {
  return scope === 'query' || scope === 'explain' || scope === 'range';
}

/** True for a flag of `check rules` or `test rules`. */
export function isRuleFlag({ scope }: FlagSpec): boolean {
  return scope === 'check' || scope === 'test' || scope === 'ruleFiles';
}

/** True for a flag that a server does not accept. */
export function isCommandFlag({ scope }: FlagSpec): boolean {
  return scope !== undefined && scope !== 'server';
}

/** Flags of promxy that are not supported yet, and whether each takes a value. */
export const UNSUPPORTED_FLAGS: ReadonlyMap<string, boolean> = new Map([
  ['log-max-form-prefix', true],
  ['web.config.file', true],
  ['web.cors.origin', true],
  ['web.read-timeout', true],
  ['metrics-path', true],
  ['proxy-headers', true],
  ['web.route-prefix', true],
  ['storage.tsdb.path', true],
  ['remote-read.max-concurrency', true],
  ['access-log-destination', true],
  ['http.shutdown-delay', true],
]);
