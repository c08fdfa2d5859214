// `eq`, `ne`, `lt`, `le`, `gt` and `ge`. Source: Go, text/template/funcs.go.

import { compareStrings } from '../../../model/index.js';
import { Flags } from '../format/flags.js';
import { defaultText, formatValue } from '../format/printer.js';
import { bool, isNilValue, isUnsigned, typeName, type Value } from '../values/value.js';
import { CallError, type GoFunction } from './function.js';

type BasicKind = 'bool' | 'int' | 'uint' | 'float' | 'string';

function basicKind(value: Value): BasicKind | undefined {
  if (value.kind === 'int') return isUnsigned(value) ? 'uint' : 'int';
  const { kind } = value;
  return kind === 'bool' || kind === 'float' || kind === 'string' ? kind : undefined;
}

const isMissing = (value: Value): boolean => value.kind === 'invalid' || value.kind === 'nil';

function incompatible(a: Value, b: Value): CallError {
  return new CallError(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`);
}

/** Reports whether both integers are equal, whatever their signs. */
function areEqual(a: Value, b: Value): boolean {
  const kindOfA = basicKind(a);
  const kindOfB = basicKind(b);
  if (a.kind === 'int' && b.kind === 'int') return a.value === b.value;
  if (kindOfA !== kindOfB) {
    if (!isMissing(a) && !isMissing(b)) throw incompatible(a, b);
    return false;
  }
  if (kindOfA !== undefined) return 'value' in a && 'value' in b && a.value === b.value;
  return areEqualOthers(a, b);
}

/** Compares values that are neither numbers nor strings nor booleans. */
function areEqualOthers(a: Value, b: Value): boolean {
  if (a.kind !== b.kind && !isMissing(a) && !isMissing(b)) {
    throw new CallError(
      `non-comparable types ${stringText(a)}: ${typeName(a)}, ${typeName(b)}: ${defaultText(b)}`,
    );
  }
  if (isNilValue(a) || isNilValue(b)) return isNilValue(a) === isNilValue(b);
  if (b.kind === 'map' || b.kind === 'list' || b.kind === 'struct') {
    throw new CallError(`non-comparable type ${stringText(b)}: ${typeName(b)}`);
  }
  if (a.kind === 'time' && b.kind === 'time') return a.ns === b.ns;
  return a.kind === 'pointer' && b.kind === 'pointer' && a.to === b.to;
}

/** Prints a value like `%s`. */
function stringText(value: Value): string {
  return formatValue(value, 's', new Flags());
}

function isEqualToAny(args: readonly Value[]): boolean {
  const [first, ...rest] = args;
  if (rest.length === 0) throw new CallError('missing argument for comparison');
  return rest.some((value) => areEqual(first!, value));
}

function isLess(a: Value, b: Value): boolean {
  const kindOfA = basicKind(a);
  const kindOfB = basicKind(b);
  if (kindOfA === undefined || kindOfB === undefined) throw new CallError('invalid type for comparison');
  if (a.kind === 'int' && b.kind === 'int') return a.value < b.value;
  if (kindOfA !== kindOfB) throw incompatible(a, b);
  if (a.kind === 'float' && b.kind === 'float') return a.value < b.value;
  if (a.kind === 'string' && b.kind === 'string') return compareStrings(a.value, b.value) < 0;
  throw new CallError('invalid type for comparison');
}

/** True for `<` or `==`: neither holds for NaN. */
const isLessOrEqual = (a: Value, b: Value): boolean => isLess(a, b) || areEqual(a, b);

function comparison(test: (a: Value, b: Value) => boolean): GoFunction {
  return {
    parameters: ['reflect.Value', 'reflect.Value'],
    call: ([a, b]) => bool(test(a!, b!)),
  };
}

export const COMPARISONS: readonly (readonly [string, GoFunction])[] = [
  [
    'eq',
    { parameters: ['reflect.Value'], variadic: 'reflect.Value', call: (args) => bool(isEqualToAny(args)) },
  ],
  ['ne', comparison((a, b) => !areEqual(a, b))],
  ['lt', comparison(isLess)],
  ['le', comparison(isLessOrEqual)],
  ['gt', comparison((a, b) => !isLessOrEqual(a, b))],
  ['ge', comparison((a, b) => !isLess(a, b))],
];
