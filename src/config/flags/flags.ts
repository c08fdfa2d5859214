// The command line: flags with their defaults, checked. flag-table.ts lists them.

import { PromfedError, tryNearest } from '../../model/index.js';
import { type BindAddress, parseBindAddress } from '../text/addresses.js';
import { parseConfigDuration } from '../text/parse-duration.js';
import { quote } from '../text/quote.js';
import { type BackfillFlags, parseBackfillFlags } from './backfill-flags.js';
import { FlagReader } from './flag-reader.js';
import { FLAGS, isCommandFlag, SCOPES, type Command, type FlagName, type FlagSpec } from './flag-table.js';
import {
  oneOf,
  parseConcurrency,
  parseCount,
  parseFeatures,
  parseLogLevel,
  parseMemory,
  parseOptionalUrl,
  parsePath,
  parsePositiveDuration,
  parseTimeout,
  parseTimeoutOrZero,
  parseWorkers,
  type LogLevelFlag,
  type MemoryFlag,
} from './flag-values.js';
import { parseQueryFlags, type QueryFlags } from './query-flags.js';
import { readArguments } from './read-arguments.js';
import {
  parseCheckRulesFlags,
  parseTestRulesFlags,
  type CheckRulesFlags,
  type TestRulesFlags,
} from './rule-flags.js';

/** The parsed command line. */
export interface Flags<Feature extends string = string> {
  /**
   * `demo` serves embedded regions instead of a configuration. `query` and `explain` run one query and exit, `check`
   * checks rule files and exits, `test` runs unit tests of rules and exits, `backfill` evaluates rules over the past and
   * exits.
   */
  readonly command: Command;
  /** Path of the configuration file. */
  readonly config: string;
  readonly bindAddr: BindAddress;
  readonly logLevel: LogLevelFlag;
  readonly logFormat: 'text' | 'json';
  /** Without a trailing slash; undefined when it is not given, or given as a path only. */
  readonly externalUrl: string | undefined;
  /** Path of the external URL: starts with a slash and ends without one, or is empty. */
  readonly routePrefix: string;
  /** Enables `/-/reload`. */
  readonly lifecycleEnabled: boolean;
  /** Number of processes; undefined when it is not given. */
  readonly workers: number | undefined;
  readonly clientLimits: {
    /** Connections of each process that serves requests. */
    readonly maxConnections: number;
    /** Time for running requests after the start of a shutdown. */
    readonly shutdownMs: number;
  };
  readonly queryTimeoutMs: number;
  readonly maxSamples: number;
  /** Maximum number of requests of one query to server groups. */
  readonly maxRequests: number;
  readonly limits: RequestLimitFlags;
  /** A share is of the memory of the machine or its control group. */
  readonly memory: MemoryFlag;
  /** A share is of the memory that the process has for queries. */
  readonly maxQueryMemory: MemoryFlag;
  /** Undefined for no limit. */
  readonly maxConcurrency: number | undefined;
  /** Undefined when it is not given: the regions then use their own default, five minutes in Prometheus. */
  readonly lookbackDeltaMs: number | undefined;
  /** False when the regions send raw samples only. */
  readonly pushdown: boolean;
  readonly features: ReadonlySet<Feature>;
  readonly rules: RuleFlags;
  /** Maximum number of alerts that wait for each Alertmanager. */
  readonly notificationQueueCapacity: number;
  /** Directory for the queue of remote write; undefined to keep it in memory. */
  readonly storagePath: string | undefined;
  readonly checkConfig: boolean;
  readonly version: boolean;
  readonly help: boolean;
  /** Flags of `query` and `explain`; undefined for other commands. */
  readonly query: QueryFlags | undefined;
  /** Flags of `check rules`; undefined for other commands. */
  readonly checkRules: CheckRulesFlags | undefined;
  /** Flags of `test rules`; undefined for other commands. */
  readonly testRules: TestRulesFlags | undefined;
  /** Flags of `backfill`; undefined for other commands. */
  readonly backfill: BackfillFlags | undefined;
  /** Values of all server flags as text, with defaults, in the order of the help text: `/api/v1/status/flags`. */
  readonly texts: Readonly<Record<string, string>>;
}

/** Limits of one request. */
export interface RequestLimitFlags {
  readonly maxQueryLength: number;
  readonly maxNodes: number;
  readonly maxSelectors: number;
}

/** The flags of rules. Source of names and defaults: Prometheus, cmd/prometheus/main.go. */
export interface RuleFlags {
  /** Maximum outage after which the state of alerts is restored. */
  readonly forOutageToleranceMs: number;
  /** Minimum time between the restored state of an alert and its firing. */
  readonly forGracePeriodMs: number;
  /** Minimum time between two notifications of the same alert. */
  readonly resendDelayMs: number;
  /** True to compute missing states of alerts from the past. */
  readonly alertBackfill: boolean;
}

const ALL_MEMORY: MemoryFlag = { unit: 'share', value: 1 };

const COMMANDS = ['demo', 'query', 'explain', 'check', 'test', 'backfill'] as const;

/**
 * Parses the arguments after the name of the program. Flags are `--flag=value` or `--flag value`; switches are
 * `--flag`, `--no-flag` or `--flag=false`. The last one of repeated flags wins, as in promxy.
 *
 * With --help or --version, problems of other arguments are ignored.
 *
 * @param knownFeatures the feature names that --enable-feature accepts.
 * @throws PromfedError `bad_data` with one line per problem.
 */
export function parseFlags<Feature extends string>(
  argv: readonly string[],
  knownFeatures: readonly Feature[],
): Flags<Feature> {
  const problems: string[] = [];
  const { given, positionals } = readArguments(argv, problems);
  const reader = new FlagReader(given, problems);
  const command = commandOf(positionals, problems);
  rejectFlagsWithoutEffect(given.keys(), command, problems);
  const external = reader.read('web.external-url', parseOptionalUrl, { url: undefined, path: '' });
  const flags: Flags<Feature> = {
    command,
    config: reader.read('config', parsePath, ''),
    bindAddr: reader.read('bind-addr', parseBindAddress, { host: '', port: 0 }),
    logLevel: reader.read('log-level', parseLogLevel, 'info'),
    logFormat: reader.read('log-format', oneOf('text', 'json'), 'text'),
    externalUrl: external.url,
    routePrefix: external.path,
    lifecycleEnabled: reader.isOn('web.enable-lifecycle'),
    clientLimits: {
      maxConnections: reader.read('web.max-connections', parseCount, 1),
      shutdownMs: reader.read('http.shutdown-timeout', parseTimeoutOrZero, 0),
    },
    workers: reader.tryRead('workers', parseWorkers),
    queryTimeoutMs: Math.ceil(reader.read('query.timeout', parseTimeout, 1)),
    maxSamples: reader.read('query.max-samples', parseCount, 1),
    maxRequests: reader.read('query.max-requests', parseCount, 1),
    limits: {
      maxQueryLength: reader.read('query.max-length', parseCount, 1),
      maxNodes: reader.read('query.max-nodes', parseCount, 1),
      maxSelectors: reader.read('query.max-selectors', parseCount, 1),
    },
    memory: reader.read('memory', parseMemory, ALL_MEMORY),
    maxQueryMemory: reader.read('query.max-memory', parseMemory, ALL_MEMORY),
    maxConcurrency: reader.read('query.max-concurrency', parseConcurrency, undefined),
    lookbackDeltaMs: reader.tryRead('query.lookback-delta', (text) => Math.ceil(parsePositiveDuration(text))),
    pushdown: reader.read('query.pushdown', oneOf('on', 'off'), 'on') === 'on',
    features: parseFeatures(reader.values('enable-feature'), knownFeatures, problems),
    rules: readRuleFlags(reader),
    notificationQueueCapacity: reader.read('alertmanager.notification-queue-capacity', parseCount, 1),
    storagePath: reader.tryRead('storage.path', parsePath),
    checkConfig: reader.isOn('check-config'),
    version: reader.isOn('version'),
    help: reader.isOn('help'),
    query: runsQuery(command) ? parseQueryFlags(positionals, reader, problems) : undefined,
    checkRules: command === 'check' ? parseCheckRulesFlags(positionals, reader, problems) : undefined,
    testRules: command === 'test' ? parseTestRulesFlags(positionals, reader, problems) : undefined,
    backfill: command === 'backfill' ? parseBackfillFlags(positionals, reader, problems) : undefined,
    texts: textsOf(reader),
  };
  if (problems.length > 0 && !flags.help && !flags.version) {
    throw new PromfedError('bad_data', `${problems.join('\n')}\ntry --help for the list of flags`);
  }
  return flags;
}

function readRuleFlags(reader: FlagReader): RuleFlags {
  const duration = (name: FlagName): number => Math.ceil(reader.read(name, parseConfigDuration, 0));
  return {
    forOutageToleranceMs: duration('rules.alert.for-outage-tolerance'),
    forGracePeriodMs: duration('rules.alert.for-grace-period'),
    resendDelayMs: duration('rules.alert.resend-delay'),
    alertBackfill: reader.isOn('rules.alertbackfill'),
  };
}

function textsOf(reader: FlagReader): Record<string, string> {
  const names = (Object.keys(FLAGS) as FlagName[]).filter(
    (name) => name !== 'help' && name !== 'version' && !isCommandFlag(FLAGS[name]),
  );
  return Object.fromEntries(
    names.map((name) => {
      const { repeatable }: FlagSpec = FLAGS[name];
      return [name, repeatable === true ? reader.values(name).join(',') : reader.text(name)];
    }),
  );
}

function commandOf(positionals: readonly string[], problems: string[]): Flags['command'] {
  const [first, ...more] = positionals;
  if (first === undefined) return 'serve';
  if (first !== 'demo') {
    const command = COMMANDS.find((one) => one === first);
    if (command !== undefined) return command;
  }
  const unexpected = first === 'demo' ? more : positionals;
  for (const text of unexpected) {
    const command = tryNearest(text, COMMANDS);
    const flag = /\.ya?ml$/.test(text) ? `--config=${text}` : undefined;
    const hint = flag ?? command;
    problems.push(
      `unexpected argument ${quote(text)}${hint === undefined ? '' : `; did you mean ${quote(hint)}?`}`,
    );
  }
  return first === 'demo' ? 'demo' : 'serve';
}

/** True for commands that run one query and exit. */
function runsQuery(command: Command): boolean {
  return command === 'query' || command === 'explain';
}

/** Rejects flags of other commands: they are more likely a mistake than intended. */
function rejectFlagsWithoutEffect(names: Iterable<FlagName>, command: Command, problems: string[]): void {
  for (const name of names) {
    const { scope }: FlagSpec = FLAGS[name];
    if (scope === undefined) continue;
    const commands: readonly Command[] = SCOPES[scope];
    if (commands.includes(command)) continue;
    const hint = scope === 'server' ? '' : `; use ${usageOf(commands[0]!)}`;
    problems.push(`--${name}: not a flag of ${usageOf(command)}${hint}`);
  }
}

function usageOf(command: Command): string {
  if (command === 'serve') return 'promfed';
  return command === 'check' || command === 'test' ? `promfed ${command} rules` : `promfed ${command}`;
}
