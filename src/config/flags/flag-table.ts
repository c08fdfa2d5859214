// The table of flags, from which parsing, checks and the help text are made.

export type Command = 'serve' | 'demo' | 'query' | 'explain';

export interface FlagSpec {
  readonly short?: string;
  /** How the help text calls the value; undefined for a switch. */
  readonly value?: string;
  /** As it would be written. */
  readonly initial?: string;
  readonly repeatable?: true;
  /** Who takes it: the serving commands, `query` and `explain`, or only the latter. Absent for all. */
  readonly of?: 'server' | 'query' | 'explain';
  readonly meaning: string;
}

/** Source of names and defaults: promxy, cmd/promxy/main.go; of --enable-feature: Prometheus. */
export const FLAGS = {
  config: { value: 'file', initial: 'config.yaml', meaning: 'The configuration file.' },
  'bind-addr': {
    of: 'server',
    value: 'host:port',
    initial: ':8082',
    meaning: 'The address to listen on. Without a host: on every interface. Port 0: any that is free.',
  },
  'log-level': {
    of: 'server',
    value: 'level',
    initial: 'info',
    meaning: 'What is logged at least: trace, debug, info, warn, error or fatal.',
  },
  'log-format': {
    of: 'server',
    value: 'format',
    initial: 'text',
    meaning: 'How log lines are written: text or json.',
  },
  memory: {
    of: 'server',
    value: 'size',
    initial: '80%',
    meaning:
      'How much memory promfed may use: 512MB, 2GiB, or a part of what the machine or its control group has, as 80%.',
  },
  'web.external-url': {
    of: 'server',
    value: 'url',
    meaning:
      'The URL under which promfed is reached from outside. Its path becomes the prefix of every endpoint.',
  },
  'web.enable-lifecycle': {
    of: 'server',
    meaning: 'Lets the configuration be reloaded with POST /-/reload.',
  },
  workers: {
    of: 'server',
    value: 'number',
    meaning:
      'How many processes answer requests. One for each core that is available when it is not given; one for the demo.',
  },
  'query.timeout': {
    of: 'server',
    value: 'duration',
    initial: '2m',
    meaning: 'How long a query may take, the time in the regions included.',
  },
  'query.max-samples': {
    value: 'number',
    initial: '50000000',
    meaning: 'How many samples a query may hold in memory at once.',
  },
  'query.max-memory': {
    of: 'server',
    value: 'size',
    initial: '50%',
    meaning: 'How much memory a query may hold: 512MB, or a part of what all queries together may, as 50%.',
  },
  'query.max-concurrency': {
    of: 'server',
    value: 'number',
    initial: '0',
    meaning: 'How many queries run at once; more wait for their turn. 0: as many as there is memory for.',
  },
  'query.lookback-delta': {
    value: 'duration',
    initial: '5m',
    meaning: 'How far back the latest sample of a series is looked for. Sent to the regions when given.',
  },
  'query.pushdown': {
    value: 'on|off',
    initial: 'on',
    meaning:
      'Whether the regions compute what they can. off: they send raw samples, and everything is computed here.',
  },
  'enable-feature': {
    value: 'name,…',
    repeatable: true,
    meaning: "Switches features on, by Prometheus' names, separated by commas. May be given several times.",
  },
  url: {
    of: 'query',
    value: 'url',
    meaning: 'Asks the Prometheus-compatible API at this URL instead of the regions of the configuration.',
  },
  time: { of: 'query', value: 'time', initial: 'now', meaning: 'The time of an instant query.' },
  start: {
    of: 'query',
    value: 'time',
    meaning: 'Where a range query starts. An hour before its end when it is not given.',
  },
  end: { of: 'query', value: 'time', initial: 'now', meaning: 'Where a range query ends.' },
  step: {
    of: 'query',
    value: 'duration',
    meaning:
      'Between two points of a range query, as 30s or in seconds. About 250 points when it is not given.',
  },
  output: {
    of: 'query',
    value: 'format',
    meaning:
      'How the answer is written: table, chart or json. When it is not given, a table; a chart for a range query on a terminal. An explanation: text or json.',
  },
  timeout: { of: 'query', value: 'duration', initial: '2m', meaning: 'How long the query may take.' },
  analyze: {
    of: 'explain',
    meaning: 'Runs the query too, and tells what every fetch and operator took. Of promfed explain only.',
  },
  'check-config': { of: 'server', meaning: 'Checks the configuration file and exits.' },
  version: { short: 'v', meaning: 'Prints the version and exits.' },
  help: { short: 'h', meaning: 'Prints this text and exits.' },
} as const satisfies Readonly<Record<string, FlagSpec>>;

export type FlagName = keyof typeof FLAGS;

/** Whether it is a flag of `query` or `explain` alone. */
export function ofAsking({ of }: FlagSpec): boolean {
  return of === 'query' || of === 'explain';
}

/** Flags of promxy that a later version will have; true for those that take a value. */
export const LATER: ReadonlyMap<string, boolean> = new Map([
  ['log-max-form-prefix', true],
  ['web.config.file', true],
  ['web.cors.origin', true],
  ['web.read-timeout', true],
  ['metrics-path', true],
  ['proxy-headers', true],
  ['web.route-prefix', true],
  ['storage.path', true],
  ['storage.tsdb.path', true],
  ['remote-read.max-concurrency', true],
  ['alertmanager.notification-queue-capacity', true],
  ['access-log-destination', true],
  ['rules.alert.for-outage-tolerance', true],
  ['rules.alert.for-grace-period', true],
  ['rules.alert.resend-delay', true],
  ['rules.alertbackfill', false],
  ['http.shutdown-delay', true],
  ['http.shutdown-timeout', true],
]);
