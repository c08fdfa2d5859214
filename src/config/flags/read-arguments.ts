// Arguments to flags and positionals, by the table of flags; what the values mean is not looked at.

import { tryNearest } from '../../model/index.js';
import { FLAGS, LATER, type FlagName, type FlagSpec } from './flag-table.js';
import { quote } from '../text/quote.js';

export interface Arguments {
  /** All values of each flag, in order; those of a switch are `true` and `false`. */
  readonly given: ReadonlyMap<FlagName, readonly string[]>;
  readonly positionals: readonly string[];
}

/** Separates flags, each with its values, from positional arguments. Adds errors to `problems`. */
export function readArguments(argv: readonly string[], problems: string[]): Arguments {
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
      // The next argument is likely the value of the unknown flag, not a positional one.
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
