// Prints values with a verb. Source: Go, fmt/print.go.

import { compareStrings } from '../../../model/index.js';
import { floorDiv } from '../values/calendar.js';
import { goTimeText } from '../values/time.js';
import {
  indirect,
  int,
  isNilValue,
  isUnsigned,
  type StructValue,
  typeName,
  type Value,
} from '../values/value.js';
import { stringOf } from '../values/string-of.js';
import { Flags } from './flags.js';
import { tryFormatFloat, tryFormatInteger } from './number.js';
import { tryFormatString } from './text.js';

/** Pointers have no address in promfed. Go prints one of its heap. */
const ADDRESS = 0xc000000000n;

/** Verbs that print the text of a value with a String method. */
const TEXT_VERBS = 'vsxXq';

/** Prints a value with a verb. */
export function formatValue(value: Value, verb: string, flags: Flags): string {
  return printAt(value, verb, flags, 0, false);
}

/** Prints a value like `%v`. */
export function defaultText(value: Value): string {
  return formatValue(value, 'v', new Flags());
}

function printAt(value: Value, verb: string, flags: Flags, depth: number, isError: boolean): string {
  if (verb === 'T' && depth === 0) {
    const isNil = value.kind === 'invalid' || value.kind === 'nil';
    return isNil ? flags.pad('<nil>') : tryFormatString(typeName(value), 's', flags)!;
  }
  if (verb === 'p' && depth === 0) return tryPrintAddress(value, flags) ?? badVerb(value, verb, flags);
  const target = indirect(value);
  if (flags.sharpV && target.kind === 'time') return tryFormatString(goTimeText(target.ns), 's', flags)!;
  // The text of a value with a String method, unless an error is printed.
  if (!isError && !flags.sharpV && TEXT_VERBS.includes(verb)) {
    const text = stringOf(value);
    if (text !== undefined) return tryFormatString(text, verb, flags)!;
  }
  return tryPrint(value, verb, flags, depth, isError) ?? badVerb(value, verb, flags);
}

/** Returns undefined when the type lacks the verb. */
function tryPrint(
  value: Value,
  verb: string,
  flags: Flags,
  depth: number,
  isError: boolean,
): string | undefined {
  switch (value.kind) {
    case 'invalid':
    case 'nil':
      if (verb !== 'v') return undefined;
      return depth === 0 || !flags.sharpV ? flags.pad('<nil>') : 'interface {}(nil)';
    case 'bool':
      return verb === 't' || verb === 'v' ? flags.pad(String(value.value)) : undefined;
    case 'int':
      if (verb === 'v' && flags.sharpV && isUnsigned(value)) return printHex(value.value, flags);
      return tryFormatInteger(value.value, verb === 'v' ? 'd' : verb, flags);
    case 'float':
      return tryFormatFloat(value.value, verb, flags);
    case 'string':
      return tryFormatString(value.value, verb, flags);
    case 'map':
    case 'list':
      return printItems(value, verb, flags, depth, isError);
    case 'struct':
      return printStruct(value, verb, flags, depth, isError);
    case 'time':
      return printStruct(timeStruct(value.ns), verb, flags, depth, isError);
    case 'histogram':
      // Go prints spans and buckets.
      return `{${stringOf(value) ?? ''}}`;
    case 'pointer':
      return printPointer(value, verb, flags, depth, isError);
  }
}

function printItems(
  value: Value & { kind: 'map' | 'list' },
  verb: string,
  flags: Flags,
  depth: number,
  isError: boolean,
): string {
  const print = (item: Value): string => printAt(item, verb, flags, depth + 1, isError);
  const items =
    value.kind === 'list'
      ? value.items.map(print)
      : [...value.entries.keys()]
          .sort(compareStrings)
          .map(
            (key) =>
              `${print({ kind: 'string', type: 'string', value: key })}:${print(value.entries.get(key)!)}`,
          );
  if (flags.sharpV) {
    if (value.kind === 'list' && value.isNil) return `${typeName(value)}(nil)`;
    return `${typeName(value)}{${items.join(', ')}}`;
  }
  return `${value.kind === 'map' ? 'map' : ''}[${items.join(' ')}]`;
}

function printStruct(
  value: StructValue,
  verb: string,
  flags: Flags,
  depth: number,
  isError: boolean,
): string {
  const hasNames = flags.plusV || flags.sharpV;
  const fields = [...value.fields].map(
    ([name, field]) => (hasNames ? `${name}:` : '') + printAt(field, verb, flags, depth + 1, isError),
  );
  return flags.sharpV ? `${value.type}{${fields.join(', ')}}` : `{${fields.join(' ')}}`;
}

function printPointer(
  value: Value & { kind: 'pointer' },
  verb: string,
  flags: Flags,
  depth: number,
  isError: boolean,
): string | undefined {
  const { to } = value;
  if (depth === 0 && to !== undefined && to.kind !== 'int') {
    return `&${printAt(to, verb, flags, depth + 1, isError)}`;
  }
  const address = to === undefined ? 0n : ADDRESS;
  if (verb !== 'v') return 'bodxX'.includes(verb) ? tryFormatInteger(address, verb, flags) : undefined;
  if (flags.sharpV) return `(${typeName(value)})(${to === undefined ? 'nil' : printHex(address, flags)})`;
  return to === undefined ? flags.pad('<nil>') : printHex(address, flags, !flags.sharp);
}

/** Prints the address of a pointer, a map or a list, like `%p`; undefined for other values. */
function tryPrintAddress(value: Value, flags: Flags): string | undefined {
  if (value.kind !== 'pointer' && value.kind !== 'map' && value.kind !== 'list') return undefined;
  return printHex(isNilValue(value) ? 0n : ADDRESS, flags, !flags.sharp);
}

/** The private fields of Go's `time.Time`: nanoseconds of the second, seconds since the year 1, location. */
function timeStruct(ns: bigint): StructValue {
  const seconds = floorDiv(ns, 1_000_000_000n);
  return {
    kind: 'struct',
    type: 'time.Time',
    fields: new Map<string, Value>([
      ['wall', int(ns - seconds * 1_000_000_000n, 'uint64')],
      ['ext', int(seconds + 62_135_596_800n, 'int64')],
      ['loc', { kind: 'pointer', target: 'time.Location', to: undefined }],
    ]),
  };
}

function printHex(value: bigint, flags: Flags, hasPrefix = true): string {
  const hex = Object.assign(new Flags(), flags, { sharp: hasPrefix });
  return tryFormatInteger(value, 'x', hex)!;
}

/** Prints Go's `%!d(string=a)`. */
function badVerb(value: Value, verb: string, flags: Flags): string {
  if (value.kind === 'invalid' || value.kind === 'nil') return `%!${verb}(<nil>)`;
  return `%!${verb}(${typeName(value)}=${printAt(value, 'v', flags, 0, true)})`;
}
