// Values of a template, with the Go types that Prometheus' templates can observe.

import type { Histogram } from '../../../model/index.js';

/** No value, as a missing variable of an interface type yields it. Printed as `<no value>`. */
export interface Invalid {
  readonly kind: 'invalid';
}

/** A nil interface: the value of a missing key of `map[string]interface {}`. */
export interface NilInterface {
  readonly kind: 'nil';
}

export interface BoolValue {
  readonly kind: 'bool';
  readonly value: boolean;
}

/** Integer types. All of them hold up to 64 bits; the named ones have methods. */
export type IntType =
  | 'int'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint64'
  | 'time.Duration'
  | 'time.Month'
  | 'time.Weekday'
  | 'histogram.CounterResetHint';

export interface IntValue {
  readonly kind: 'int';
  readonly type: IntType;
  readonly value: bigint;
}

export interface FloatValue {
  readonly kind: 'float';
  readonly value: number;
}

export interface StringValue {
  readonly kind: 'string';
  readonly type: 'string' | 'template.HTML';
  readonly value: string;
}

/** A map with string keys. Entries are never properties of an object: no key reaches a prototype. */
export interface MapValue {
  readonly kind: 'map';
  readonly element: 'string' | 'interface {}';
  readonly entries: ReadonlyMap<string, Value>;
}

/** A list of samples, the result of a query. Lists are values: functions return new ones. */
export interface ListValue {
  readonly kind: 'list';
  readonly items: readonly PointerValue[];
  readonly isNil: boolean;
}

export interface StructValue {
  readonly kind: 'struct';
  /** Go's name of the type. */
  readonly type: string;
  readonly fields: ReadonlyMap<string, Value>;
}

/** A time in UTC, in nanoseconds since the epoch. */
export interface TimeValue {
  readonly kind: 'time';
  readonly ns: bigint;
}

export interface HistogramValue {
  readonly kind: 'histogram';
  readonly value: Histogram;
}

/** A pointer; `to` is undefined for a nil pointer. */
export interface PointerValue {
  readonly kind: 'pointer';
  /** Go's name of the type of the target. */
  readonly target: string;
  readonly to: StructValue | TimeValue | IntValue | HistogramValue | undefined;
}

export type Value =
  | Invalid
  | NilInterface
  | BoolValue
  | IntValue
  | FloatValue
  | StringValue
  | MapValue
  | ListValue
  | StructValue
  | TimeValue
  | HistogramValue
  | PointerValue;

export const INVALID: Invalid = { kind: 'invalid' };
export const NIL_INTERFACE: NilInterface = { kind: 'nil' };
export const EMPTY_STRING: StringValue = { kind: 'string', type: 'string', value: '' };

const TRUE: BoolValue = { kind: 'bool', value: true };
const FALSE: BoolValue = { kind: 'bool', value: false };

export function bool(value: boolean): BoolValue {
  return value ? TRUE : FALSE;
}

export function int(value: number | bigint, type: IntType = 'int'): IntValue {
  return { kind: 'int', type, value: BigInt(value) };
}

export function float(value: number): FloatValue {
  return { kind: 'float', value };
}

export function string(value: string): StringValue {
  return { kind: 'string', type: 'string', value };
}

export function list(items: readonly PointerValue[]): ListValue {
  return { kind: 'list', items, isNil: false };
}

export const NIL_LIST: ListValue = { kind: 'list', items: [], isNil: true };

/** Go's name of the type of query results. */
const QUERY_RESULT = 'template.queryResult';
/** Go's name of the type of samples. */
export const SAMPLE = 'template.sample';

export function pointer(to: NonNullable<PointerValue['to']>): PointerValue {
  return { kind: 'pointer', target: typeName(to), to };
}

/** Creates a value of Go's type `map[string]string`. */
export function stringMap(entries: Iterable<readonly [string, string]>): MapValue {
  const map = new Map<string, Value>();
  for (const [name, value] of entries) map.set(name, string(value));
  return { kind: 'map', element: 'string', entries: map };
}

/** Creates a float, or a pointer to a histogram. */
export function sampleValue(value: number | Histogram): Value {
  return typeof value === 'number' ? float(value) : pointer({ kind: 'histogram', value });
}

/** Returns Go's name of the type of a value, as `%T` prints it. */
export function typeName(value: Value): string {
  switch (value.kind) {
    case 'invalid':
    case 'nil':
      return 'interface {}';
    case 'bool':
      return 'bool';
    case 'float':
      return 'float64';
    case 'int':
    case 'string':
    case 'struct':
      return value.type;
    case 'map':
      return `map[string]${value.element}`;
    case 'list':
      return QUERY_RESULT;
    case 'time':
      return 'time.Time';
    case 'histogram':
      return 'histogram.FloatHistogram';
    case 'pointer':
      return `*${value.target}`;
  }
}

/** Follows pointers to their target. Returns the pointer itself when it is nil. */
export function indirect(value: Value): Value {
  return value.kind === 'pointer' ? (value.to ?? value) : value;
}

/** Reports whether the value is nil of its type. */
export function isNilValue(value: Value): boolean {
  if (value.kind === 'pointer') return value.to === undefined;
  return value.kind === 'list' ? value.isNil : value.kind === 'invalid' || value.kind === 'nil';
}

/** Reports whether the value is true: neither zero, nor empty, nor nil. Source: Go, text/template (`IsTrue`). */
export function isTrue(value: Value): boolean {
  switch (value.kind) {
    case 'invalid':
    case 'nil':
      return false;
    case 'bool':
      return value.value;
    case 'int':
      return value.value !== 0n;
    case 'float':
      return value.value !== 0;
    case 'string':
      return value.value !== '';
    case 'map':
      return value.entries.size > 0;
    case 'list':
      return value.items.length > 0;
    case 'struct':
    case 'time':
    case 'histogram':
      return true;
    case 'pointer':
      return value.to !== undefined;
  }
}

/** Reports whether the type is an unsigned integer. */
export function isUnsigned({ type }: IntValue): boolean {
  return type === 'uint8' || type === 'uint64' || type === 'histogram.CounterResetHint';
}
