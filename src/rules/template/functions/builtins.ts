// Functions of Go's template language. Source: Go, text/template/funcs.go.

import { sprint, sprintf, sprintln } from '../format/sprint.js';
import {
  bool,
  EMPTY_STRING,
  indirect,
  int,
  INVALID,
  isTrue,
  NIL_INTERFACE,
  string,
  typeName,
  type Value,
} from '../values/value.js';
import { COMPARISONS } from './comparison.js';
import { escapeHtml, escapeJavaScript, escapeQuery } from './escape.js';
import { CallError, type GoFunction, textOf } from './function.js';

/** Converts an index; strings and lists have bytes and items. */
function positionOf(index: Value, max: bigint): number {
  if (index.kind === 'invalid' || index.kind === 'nil') {
    throw new CallError('cannot index slice/array with nil');
  }
  if (index.kind !== 'int') throw new CallError(`cannot index slice/array with type ${typeName(index)}`);
  if (index.value < 0n || index.value > max) throw new CallError(`index out of range: ${index.value}`);
  return Number(index.value);
}

function indexOnce(item: Value, index: Value): Value {
  const target = indirect(item);
  if (target.kind === 'string') {
    const bytes = Buffer.from(target.value);
    const position = positionOf(index, BigInt(bytes.length));
    return int(bytes[position] ?? panic('reflect: string index out of range'), 'uint8');
  }
  if (target.kind === 'list') {
    const position = positionOf(index, BigInt(target.items.length));
    return target.items[position] ?? panic('reflect: slice index out of range');
  }
  if (target.kind === 'map') {
    if (index.kind === 'invalid' || index.kind === 'nil') panic('value is nil; should be of type string');
    if (typeName(index) !== 'string') panic(`value has type ${typeName(index)}; should be string`);
    return target.entries.get(textOf(index)) ?? (target.element === 'string' ? EMPTY_STRING : NIL_INTERFACE);
  }
  if (target.kind === 'pointer' || target.kind === 'nil') return panic('index of nil pointer');
  return panic(`can't index item of type ${typeName(target)}`);
}

function panic(text: string): never {
  throw new CallError(text);
}

function index([item, ...indexes]: readonly Value[]): Value {
  if (item!.kind === 'invalid' || item!.kind === 'nil') throw new CallError('index of untyped nil');
  return indexes.reduce(indexOnce, item!);
}

function slice([item, ...indexes]: readonly Value[]): Value {
  const target = indirect(item!);
  if (target.kind === 'pointer') throw new CallError('slice of nil pointer');
  if (target.kind === 'invalid' || target.kind === 'nil') throw new CallError('slice of untyped nil');
  if (indexes.length > 3) throw new CallError(`too many slice indexes: ${indexes.length}`);
  if (target.kind !== 'string' && target.kind !== 'list') {
    throw new CallError(`can't slice item of type ${typeName(target)}`);
  }
  if (target.kind === 'string' && indexes.length === 3) {
    throw new CallError('cannot 3-index slice a string');
  }
  const content = target.kind === 'string' ? Buffer.from(target.value) : target.items;
  const positions = indexes.map((one) => positionOf(one, BigInt(content.length)));
  const [start = 0, end = content.length, capacity = content.length] = positions;
  if (start > end) throw new CallError(`invalid slice index: ${start} > ${end}`);
  if (end > capacity) throw new CallError(`invalid slice index: ${end} > ${capacity}`);
  if (target.kind === 'list') return { ...target, items: target.items.slice(start, end) };
  return { ...target, value: Buffer.from(target.value).subarray(start, end).toString('utf8') };
}

function length([item]: readonly Value[]): Value {
  const target = indirect(item!);
  if (target.kind === 'string') return int(Buffer.byteLength(target.value));
  if (target.kind === 'list') return int(target.items.length);
  if (target.kind === 'map') return int(target.entries.size);
  if (target.kind === 'pointer' || target.kind === 'nil') return panic('len of nil pointer');
  if (target.kind === 'invalid') return panic('reflect: call of reflect.Value.Type on zero Value');
  return panic(`len of type ${typeName(target)}`);
}

/** Prints arguments as the output of an action does. */
function printed(args: readonly Value[]): string {
  return sprint(args.map(printable));
}

/** Returns the value that the output of an action prints: pointers are followed, a missing value has a text. */
export function printable(value: Value): Value {
  return value.kind === 'invalid' || value.kind === 'nil' ? string('<no value>') : indirect(value);
}

function ofAny(print: (args: readonly Value[]) => string): GoFunction {
  return { parameters: [], variadic: 'interface {}', call: (args) => string(print(args)) };
}

/** The evaluator implements `and`, `or` and `call`: they evaluate their arguments in a way of their own. */
const SHORT_CIRCUIT: GoFunction = {
  parameters: ['reflect.Value'],
  variadic: 'reflect.Value',
  call: () => INVALID,
};

export const BUILTINS: readonly (readonly [string, GoFunction])[] = [
  ['and', SHORT_CIRCUIT],
  ['or', SHORT_CIRCUIT],
  ['call', SHORT_CIRCUIT],
  ['not', { parameters: ['reflect.Value'], call: ([value]) => bool(!isTrue(value!)) }],
  ['index', { parameters: ['reflect.Value'], variadic: 'reflect.Value', call: index }],
  ['slice', { parameters: ['reflect.Value'], variadic: 'reflect.Value', call: slice }],
  ['len', { parameters: ['reflect.Value'], call: length }],
  ['print', ofAny(sprint)],
  ['println', ofAny(sprintln)],
  [
    'printf',
    {
      parameters: ['string'],
      variadic: 'interface {}',
      call: ([format, ...args]) => string(sprintf(textOf(format), args)),
    },
  ],
  ['html', ofAny((args) => escapeHtml(printed(args)))],
  ['js', ofAny((args) => escapeJavaScript(printed(args)))],
  ['urlquery', ofAny((args) => escapeQuery(printed(args)))],
  ...COMPARISONS,
];
