// The command line, checked and completed with defaults. Its flags are listed in flag-table.ts.

import { PromfedError, tryNearest } from '../../model/index.js';
import { type BindAddress, parseBindAddress } from '../text/addresses.js';
import { FLAGS, ofAsking, type Command, type FlagName, type FlagSpec } from './flag-table.js';
import {
  featuresOf,
  parseConcurrency,
  parseCount,
  parseFormat,
  parseLevel,
  parseMemory,
  parseOnOff,
  parseOptionalUrl,
  parsePath,
  parsePositiveDuration,
  parseTimeout,
  parseWorkers,
  type LogLevelFlag,
  type MemoryFlag,
} from './flag-values.js';
import { quote } from '../file/formats.js';
import { queryFlags, type QueryFlags } from './query-flags.js';
import { readArguments, type Arguments } from './read-arguments.js';

/** The command line, checked and completed with defaults. */
export interface Flags<Feature extends string = string> {
  /** `demo` serves embedded regions instead of a configuration; `query` and `explain` answer one query and end. */
  readonly command: Command;
  /** The path of the configuration file. */
  readonly config: string;
  readonly bindAddr: BindAddress;
  readonly logLevel: LogLevelFlag;
  readonly logFormat: 'text' | 'json';
  /** Without a slash at its end; undefined when it is not given, or given as a path only. */
  readonly externalUrl: string | undefined;
  /** The path of the external URL: starts with a slash and ends without one, or is empty. */
  readonly routePrefix: string;
  /** Whether `/-/reload` may be used. */
  readonly lifecycleEnabled: boolean;
  /** How many processes; undefined when it is not given. */
  readonly workers: number | undefined;
  readonly queryTimeoutMs: number;
  readonly maxSamples: number;
  /** Of what the machine, or the control group, has. */
  readonly memory: MemoryFlag;
  /** What one query may hold of what the process may. */
  readonly maxQueryMemory: MemoryFlag;
  /** Undefined for no limit. */
  readonly maxConcurrency: number | undefined;
  /** Undefined when it is not given: the regions then use their own, five minutes in Prometheus. */
  readonly lookbackDeltaMs: number | undefined;
  /** Whether the regions compute what they can; if not, they are asked for raw samples only. */
  readonly pushdown: boolean;
  readonly features: ReadonlySet<Feature>;
  readonly checkConfig: boolean;
  readonly version: boolean;
  readonly help: boolean;
  /** What `query` or `explain` is asked; undefined for the other commands. */
  readonly query: QueryFlags | undefined;
  /** Every flag of a server with a value as text, defaults included, in the order of the help text: `/api/v1/status/flags`. */
  readonly texts: Readonly<Record<string, string>>;
}

const ALL_MEMORY: MemoryFlag = { unit: 'share', value: 1 };

const COMMANDS = ['demo', 'query', 'explain'] as const;

/**
 * Parses the arguments after the program's name. Flags are written `--flag=value` or `--flag value`, switches
 * `--flag`, `--no-flag` or `--flag=false`; a flag that is given again wins over the earlier one, as in promxy.
 *
 * With --help or --version nothing else is checked.
 *
 * @param knownFeatures the names that --enable-feature takes.
 * @throws PromfedError `bad_data` with one line for each thing that is wrong.
 */
export function parseFlags<Feature extends string>(
  argv: readonly string[],
  knownFeatures: readonly Feature[],
): Flags<Feature> {
  const problems: string[] = [];
  const { given, positionals } = readArguments(argv, problems);
  const asksForText = isOn(given.get('help')) || isOn(given.get('version'));

  const textOf = (name: FlagName): string => {
    const spec: FlagSpec = FLAGS[name];
    return given.get(name)?.at(-1) ?? spec.initial ?? (spec.value === undefined ? 'false' : '');
  };
  const read = <T>(name: FlagName, parse: (text: string) => T, otherwise: T): T => {
    try {
      return parse(textOf(name));
    } catch (error) {
      if (!(error instanceof PromfedError)) throw error;
      problems.push(`--${name}: ${error.message}`);
      return otherwise;
    }
  };

  const command = commandOf(positionals, problems);
  refuseForeign(given, command, problems);
  const external = read('web.external-url', parseOptionalUrl, { url: undefined, path: '' });
  const flags: Flags<Feature> = {
    command,
    config: read('config', parsePath, ''),
    bindAddr: read('bind-addr', parseBindAddress, { host: '', port: 0 }),
    logLevel: read('log-level', parseLevel, 'info'),
    logFormat: read('log-format', parseFormat, 'text'),
    externalUrl: external.url,
    routePrefix: external.path,
    lifecycleEnabled: isOn(given.get('web.enable-lifecycle')),
    workers: given.has('workers') ? read('workers', parseWorkers, 1) : undefined,
    queryTimeoutMs: Math.ceil(read('query.timeout', parseTimeout, 1)),
    maxSamples: read('query.max-samples', parseCount, 1),
    memory: read('memory', parseMemory, ALL_MEMORY),
    maxQueryMemory: read('query.max-memory', parseMemory, ALL_MEMORY),
    maxConcurrency: read('query.max-concurrency', parseConcurrency, undefined),
    lookbackDeltaMs: given.has('query.lookback-delta')
      ? Math.ceil(read('query.lookback-delta', parsePositiveDuration, 1))
      : undefined,
    pushdown: read('query.pushdown', parseOnOff, true),
    features: featuresOf(given.get('enable-feature') ?? [], knownFeatures, problems),
    checkConfig: isOn(given.get('check-config')),
    version: isOn(given.get('version')),
    help: isOn(given.get('help')),
    query: isAsking(command) ? queryFlags(positionals, given, read, problems) : undefined,
    texts: Object.fromEntries(
      (Object.keys(FLAGS) as FlagName[])
        .filter((name) => name !== 'help' && name !== 'version' && !ofAsking(FLAGS[name]))
        .map((name) => [name, name === 'enable-feature' ? (given.get(name) ?? []).join(',') : textOf(name)]),
    ),
  };
  if (problems.length > 0 && !asksForText) {
    throw new PromfedError('bad_data', `${problems.join('\n')}\nTry --help for the list of flags.`);
  }
  return flags;
}

function isOn(values: readonly string[] | undefined): boolean {
  return values?.at(-1) === 'true';
}

function commandOf(positionals: readonly string[], problems: string[]): Flags['command'] {
  const [first, ...more] = positionals;
  if (first === undefined) return 'serve';
  if (first === 'query' || first === 'explain') return first;
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

/** Whether the command asks one query and ends. */
function isAsking(command: Command): boolean {
  return command === 'query' || command === 'explain';
}

/** A flag that has no effect on the command is more likely a mistake than a wish. */
function refuseForeign(given: Arguments['given'], command: Command, problems: string[]): void {
  for (const name of given.keys()) {
    const { of }: FlagSpec = FLAGS[name];
    if (of === 'query' && !isAsking(command)) problems.push(`--${name} is a flag of promfed query`);
    if (of === 'explain' && command !== 'explain') problems.push(`--${name} is a flag of promfed explain`);
    if (of === 'server' && isAsking(command)) problems.push(`--${name} is no flag of promfed ${command}`);
  }
}
