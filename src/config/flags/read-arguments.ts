// Splits the command line into flags and positional arguments, by the table of flags. Values are not parsed.

import { appendAll, tryNearest } from '../../model/index.js';
import { FLAGS, UNSUPPORTED_FLAGS, type FlagName, type FlagSpec } from './flag-table.js';
import { quote } from '../text/quote.js';

export interface Arguments {
  /** All values of each flag, in order; those of a switch are `true` and `false`. */
  readonly given: ReadonlyMap<FlagName, readonly string[]>;
  readonly positionals: readonly string[];
}

/** Splits the arguments after the name of the program. Adds errors to `problems`. */
export function readArguments(argv: readonly string[], problems: string[]): Arguments {
  const reader = new ArgumentReader(argv, problems);
  reader.readAll();
  return reader;
}

class ArgumentReader implements Arguments {
  readonly given = new Map<FlagName, string[]>();
  readonly positionals: string[] = [];
  readonly #argv: readonly string[];
  readonly #problems: string[];
  /** Position of the next argument. */
  #next = 0;

  constructor(argv: readonly string[], problems: string[]) {
    this.#argv = argv;
    this.#problems = problems;
  }

  readAll(): void {
    while (this.#next < this.#argv.length) {
      const argument = this.#argv[this.#next++]!;
      if (argument === '--') {
        appendAll(this.positionals, this.#argv.slice(this.#next));
        return;
      }
      if (argument.startsWith('-') && argument !== '-') this.#readFlag(argument);
      else this.positionals.push(argument);
    }
  }

  #readFlag(argument: string): void {
    const equals = argument.indexOf('=');
    const written = equals < 0 ? argument : argument.slice(0, equals);
    const inline = equals < 0 ? undefined : argument.slice(equals + 1);
    const { name, negated } = lookUp(written);
    if (name === undefined) {
      this.#rejectFlag(written, inline);
      return;
    }
    const spec: FlagSpec = FLAGS[name];
    if (spec.value === undefined) {
      const isOn = parseSwitch(inline ?? 'true');
      if (isOn === undefined) this.#problems.push(`${written} takes true or false, not ${quote(inline!)}`);
      else this.#add(name, String(isOn !== negated));
      return;
    }
    const value = inline ?? this.#tryTakeValue();
    if (value === undefined) this.#problems.push(`${written} needs a value: ${written}=<${spec.value}>`);
    else this.#add(name, value);
  }

  /** Returns the next argument, unless it starts like a flag. A value such as `-1` may start with a dash. */
  #tryTakeValue(): string | undefined {
    const next = this.#argv[this.#next];
    if (next === undefined || /^--?[A-Za-z]/.test(next)) return undefined;
    this.#next++;
    return next;
  }

  /** Reports an unknown or unsupported flag. An argument that is likely its value is skipped: it is not positional. */
  #rejectFlag(written: string, inline: string | undefined): void {
    const unsupportedTakesValue = UNSUPPORTED_FLAGS.get(written.slice(2));
    const nearest = unsupportedTakesValue === undefined ? tryNearestFlag(written) : undefined;
    this.#problems.push(
      unsupportedTakesValue === undefined
        ? unknownFlag(written, nearest)
        : `the flag ${written} is not supported yet`,
    );
    const likelyTakesValue = unsupportedTakesValue ?? (nearest !== undefined && takesValue(nearest));
    if (likelyTakesValue && inline === undefined) this.#tryTakeValue();
  }

  #add(name: FlagName, value: string): void {
    const values = this.given.get(name);
    if (values === undefined) this.given.set(name, [value]);
    else values.push(value);
  }
}

/** Finds the flag of a word such as `--config`, `-h` or `--no-check-config`. Only a switch can be negated. */
function lookUp(written: string): { readonly name: FlagName | undefined; readonly negated: boolean } {
  const names = Object.keys(FLAGS) as FlagName[];
  if (!written.startsWith('--')) {
    const name = names.find((candidate) => (FLAGS[candidate] as FlagSpec).short === written.slice(1));
    return { name, negated: false };
  }
  const long = written.slice(2);
  const name = names.find((candidate) => candidate === long);
  if (name !== undefined || !long.startsWith('no-')) return { name, negated: false };
  const negatedName = names.find(
    (candidate) => candidate === long.slice(3) && (FLAGS[candidate] as FlagSpec).value === undefined,
  );
  return { name: negatedName, negated: true };
}

function tryNearestFlag(written: string): string | undefined {
  return tryNearest(written.replace(/^-+/, ''), [...Object.keys(FLAGS), ...UNSUPPORTED_FLAGS.keys()]);
}

/** @param name a supported or an unsupported flag. */
function takesValue(name: string): boolean {
  const spec: FlagSpec | undefined = Object.hasOwn(FLAGS, name) ? FLAGS[name as FlagName] : undefined;
  return spec === undefined ? UNSUPPORTED_FLAGS.get(name) === true : spec.value !== undefined;
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
