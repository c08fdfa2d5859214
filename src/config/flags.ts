// The command line: one table of flags, from which parsing, checks and the help text are made.

import { PromfedError, tryNearest } from '../model/index.js';
import { type BindAddress, parseBindAddress, parseExternalUrl } from './addresses.js';
import { parseDurationText } from './duration-text.js';
import { quote } from './formats.js';

export type LogLevelFlag = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** The command line, checked and completed with defaults. */
export interface Flags<Feature extends string = string> {
  /** `demo` serves embedded regions instead of a configuration. */
  readonly command: 'serve' | 'demo';
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
  readonly queryTimeoutMs: number;
  readonly maxSamples: number;
  /** Undefined when it is not given: the regions then use their own, five minutes in Prometheus. */
  readonly lookbackDeltaMs: number | undefined;
  /** Whether the regions compute what they can; if not, they are asked for raw samples only. */
  readonly pushdown: boolean;
  readonly features: ReadonlySet<Feature>;
  readonly checkConfig: boolean;
  readonly version: boolean;
  readonly help: boolean;
  /** Every flag with a value as text, defaults included, in the order of the help text: `/api/v1/status/flags`. */
  readonly texts: Readonly<Record<string, string>>;
}

interface FlagSpec {
  readonly short?: string;
  /** How the help text calls the value; undefined for a switch. */
  readonly value?: string;
  /** As it would be written. */
  readonly initial?: string;
  readonly repeatable?: true;
  readonly meaning: string;
}

/** Source of names and defaults: promxy, cmd/promxy/main.go; of --enable-feature: Prometheus. */
const FLAGS = {
  config: { value: 'file', initial: 'config.yaml', meaning: 'The configuration file.' },
  'bind-addr': {
    value: 'host:port',
    initial: ':8082',
    meaning: 'The address to listen on. Without a host: on every interface. Port 0: any that is free.',
  },
  'log-level': {
    value: 'level',
    initial: 'info',
    meaning: 'What is logged at least: trace, debug, info, warn, error or fatal.',
  },
  'log-format': { value: 'format', initial: 'text', meaning: 'How log lines are written: text or json.' },
  'web.external-url': {
    value: 'url',
    meaning:
      'The URL under which promfed is reached from outside. Its path becomes the prefix of every endpoint.',
  },
  'web.enable-lifecycle': { meaning: 'Lets the configuration be reloaded with POST /-/reload.' },
  'query.timeout': {
    value: 'duration',
    initial: '2m',
    meaning: 'How long a query may take, the time in the regions included.',
  },
  'query.max-samples': {
    value: 'number',
    initial: '50000000',
    meaning: 'How many samples a query may hold in memory at once.',
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
  'check-config': { meaning: 'Checks the configuration file and exits.' },
  version: { short: 'v', meaning: 'Prints the version and exits.' },
  help: { short: 'h', meaning: 'Prints this text and exits.' },
} as const satisfies Readonly<Record<string, FlagSpec>>;

type FlagName = keyof typeof FLAGS;

/** Flags of promxy that a later version will have; true for those that take a value. */
const LATER: ReadonlyMap<string, boolean> = new Map([
  ['log-max-form-prefix', true],
  ['web.config.file', true],
  ['web.cors.origin', true],
  ['web.read-timeout', true],
  ['metrics-path', true],
  ['proxy-headers', true],
  ['web.route-prefix', true],
  ['query.max-concurrency', true],
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

const LEVELS: Readonly<Record<string, LogLevelFlag>> = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  fatal: 'fatal',
  panic: 'fatal',
};

const COMMANDS = ['demo'] as const;

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

  const external = read('web.external-url', parseOptionalUrl, { url: undefined, path: '' });
  const flags: Flags<Feature> = {
    command: commandOf(positionals, problems),
    config: read('config', parsePath, ''),
    bindAddr: read('bind-addr', parseBindAddress, { host: '', port: 0 }),
    logLevel: read('log-level', parseLevel, 'info'),
    logFormat: read('log-format', parseFormat, 'text'),
    externalUrl: external.url,
    routePrefix: external.path,
    lifecycleEnabled: isOn(given.get('web.enable-lifecycle')),
    queryTimeoutMs: Math.ceil(read('query.timeout', parseTimeout, 1)),
    maxSamples: read('query.max-samples', parseCount, 1),
    lookbackDeltaMs: given.has('query.lookback-delta')
      ? Math.ceil(read('query.lookback-delta', parsePositiveDuration, 1))
      : undefined,
    pushdown: read('query.pushdown', parseOnOff, true),
    features: featuresOf(given.get('enable-feature') ?? [], knownFeatures, problems),
    checkConfig: isOn(given.get('check-config')),
    version: isOn(given.get('version')),
    help: isOn(given.get('help')),
    texts: Object.fromEntries(
      (Object.keys(FLAGS) as FlagName[])
        .filter((name) => name !== 'help' && name !== 'version')
        .map((name) => [name, name === 'enable-feature' ? (given.get(name) ?? []).join(',') : textOf(name)]),
    ),
  };
  if (problems.length > 0 && !asksForText) {
    throw new PromfedError('bad_data', `${problems.join('\n')}\nTry --help for the list of flags.`);
  }
  return flags;
}

interface Arguments {
  /** All values of each flag, in order; those of a switch are `true` and `false`. */
  readonly given: ReadonlyMap<FlagName, readonly string[]>;
  readonly positionals: readonly string[];
}

function readArguments(argv: readonly string[], problems: string[]): Arguments {
  const given = new Map<FlagName, string[]>();
  const positionals: string[] = [];
  const add = (name: FlagName, value: string): void => {
    const values = given.get(name);
    if (values === undefined) given.set(name, [value]);
    else values.push(value);
  };

  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i]!;
    if (argument === '--') {
      positionals.push(...argv.slice(i + 1));
      break;
    }
    if (!argument.startsWith('-') || argument === '-') {
      positionals.push(argument);
      continue;
    }
    const equals = argument.indexOf('=');
    const written = equals < 0 ? argument : argument.slice(0, equals);
    const inline = equals < 0 ? undefined : argument.slice(equals + 1);
    const next = argv[i + 1];
    // A value may begin with a dash (`-1`), but what looks like a flag of its own is one.
    const following = next === undefined || /^--?[A-Za-z]/.test(next) ? undefined : next;
    const { name, negated } = lookUp(written);

    if (name === undefined) {
      const later = LATER.get(written.slice(2));
      const nearest = later === undefined ? tryNearestFlag(written) : undefined;
      problems.push(
        later === undefined ? unknownFlag(written, nearest) : `the flag ${written} is not supported yet`,
      );
      // What follows it is its value, as far as that can be known, and not an argument of its own.
      const takesValue = later ?? (nearest !== undefined && takesAValue(nearest));
      if (takesValue && inline === undefined && following !== undefined) i++;
      continue;
    }
    const spec: FlagSpec = FLAGS[name];
    if (spec.value === undefined) {
      const on = parseSwitch(inline ?? 'true');
      if (on === undefined) problems.push(`${written} takes true or false, not ${quote(inline!)}`);
      else add(name, String(on !== negated));
    } else if (inline !== undefined) {
      add(name, inline);
    } else if (following !== undefined) {
      add(name, following);
      i++;
    } else {
      problems.push(`${written} needs a value: ${written}=<${spec.value}>`);
    }
  }
  return { given, positionals };
}

/** The flag of a word with its dashes, `--no-` in front of a switch and the short forms included. */
function lookUp(written: string): { readonly name: FlagName | undefined; readonly negated: boolean } {
  const names = Object.keys(FLAGS) as FlagName[];
  if (!written.startsWith('--')) {
    const name = names.find((candidate) => (FLAGS[candidate] as FlagSpec).short === written.slice(1));
    return { name, negated: false };
  }
  const long = written.slice(2);
  const name = names.find((candidate) => candidate === long);
  if (name !== undefined || !long.startsWith('no-')) return { name, negated: false };
  const switched = names.find(
    (candidate) => candidate === long.slice(3) && (FLAGS[candidate] as FlagSpec).value === undefined,
  );
  return { name: switched, negated: true };
}

function tryNearestFlag(written: string): string | undefined {
  return tryNearest(written.replace(/^-+/, ''), [...Object.keys(FLAGS), ...LATER.keys()]);
}

function takesAValue(name: string): boolean {
  const spec: FlagSpec | undefined = Object.hasOwn(FLAGS, name) ? FLAGS[name as FlagName] : undefined;
  return spec === undefined ? LATER.get(name) === true : spec.value !== undefined;
}

function unknownFlag(written: string, nearest: string | undefined): string {
  const hint = nearest === undefined ? '' : `; did you mean --${nearest}?`;
  return `unknown flag ${quote(written)}${hint}`;
}

function parseSwitch(text: string): boolean | undefined {
  if (/^(?:true|1|t)$/i.test(text)) return true;
  if (/^(?:false|0|f)$/i.test(text)) return false;
  return undefined;
}

function isOn(values: readonly string[] | undefined): boolean {
  return values?.at(-1) === 'true';
}

function commandOf(positionals: readonly string[], problems: string[]): Flags['command'] {
  const [first, ...more] = positionals;
  if (first === undefined) return 'serve';
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

function featuresOf<Feature extends string>(
  values: readonly string[],
  known: readonly Feature[],
  problems: string[],
): Set<Feature> {
  const features = new Set<Feature>();
  for (const text of values.flatMap((value) => value.split(','))) {
    const written = text.trim();
    const feature = known.find((candidate) => candidate === written);
    if (feature !== undefined) {
      features.add(feature);
    } else if (written === '') {
      problems.push('--enable-feature: the name of a feature is empty');
    } else {
      const nearest = tryNearest(written, known);
      const hint =
        nearest === undefined ? `; there are ${known.join(', ')}` : `; did you mean ${quote(nearest)}?`;
      problems.push(`--enable-feature: unknown feature ${quote(written)}${hint}`);
    }
  }
  return features;
}

function parsePath(text: string): string {
  if (text === '') throw new PromfedError('bad_data', 'the path is empty');
  if (text.includes('\0')) throw new PromfedError('bad_data', 'a path must not contain a NUL character');
  return text;
}

function parseLevel(text: string): LogLevelFlag {
  const name = text.toLowerCase();
  const level = Object.hasOwn(LEVELS, name) ? LEVELS[name] : undefined;
  if (level !== undefined) return level;
  const levels = [...new Set(Object.values(LEVELS))].join(', ');
  throw new PromfedError('bad_data', `${quote(text)} is not a log level; there are ${levels}`);
}

function parseFormat(text: string): 'text' | 'json' {
  if (text === 'text' || text === 'json') return text;
  throw new PromfedError('bad_data', `${quote(text)} is not a log format; there are text and json`);
}

function parseOnOff(text: string): boolean {
  if (text === 'on' || text === 'off') return text === 'on';
  throw new PromfedError('bad_data', `${quote(text)} is neither on nor off`);
}

function parseOptionalUrl(text: string): ReturnType<typeof parseExternalUrl> {
  return text === '' ? { url: undefined, path: '' } : parseExternalUrl(text);
}

/** What a timer of the runtime can hold: 2^31 − 1 milliseconds. */
const MAX_TIMEOUT_MS = 2_147_483_647;

function parseTimeout(text: string): number {
  const ms = parsePositiveDuration(text);
  if (ms > MAX_TIMEOUT_MS) throw new PromfedError('bad_data', 'a timeout may be 24 days at most');
  return ms;
}

function parsePositiveDuration(text: string): number {
  const ms = parseDurationText(text);
  if (ms > 0) return ms;
  throw new PromfedError('bad_data', 'the duration must be above zero');
}

function parseCount(text: string): number {
  const count = /^[0-9]{1,16}$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new PromfedError('bad_data', `${quote(text)} is not a whole number above zero`);
}

const WIDTH = 100;
const INDENT = 6;

/** What --help prints: every flag with its value, default and meaning, at most 100 characters wide. */
export function helpText(): string {
  const lines = [
    'promfed answers PromQL queries over many Prometheus-compatible regions as if they were one.',
    '',
    'Usage:',
    '  promfed [flags]         serve the regions of a configuration file',
    '  promfed demo [flags]    serve two small regions that run inside of this program',
    '',
    'Flags, as --flag=value or --flag value; switches as --flag, --no-flag or --flag=false:',
  ];
  for (const [name, spec] of Object.entries<FlagSpec>(FLAGS)) {
    const short = spec.short === undefined ? '' : `-${spec.short}, `;
    const value = spec.value === undefined ? '' : `=<${spec.value}>`;
    const initial = spec.initial === undefined ? '' : ` (default ${spec.initial})`;
    lines.push(`  ${short}--${name}${value}${initial}`, ...wrap(spec.meaning));
  }
  return lines.join('\n');
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= WIDTH)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(' '.repeat(INDENT) + word);
  }
  return lines;
}
