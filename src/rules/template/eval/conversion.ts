// Conversion of values to the types of parameters. Source: Go, text/template/exec.go (`validateType`).

import type { ParameterType } from '../functions/function.js';
import { INVALID, NIL_INTERFACE, NIL_LIST, SAMPLE, typeName, type Value } from '../values/value.js';

/** Returns nil of a type; undefined when the type has no nil. */
export function tryNil(type: ParameterType): Value | undefined {
  if (type === 'interface {}') return NIL_INTERFACE;
  if (type === 'reflect.Value') return INVALID;
  if (type === 'template.queryResult') return NIL_LIST;
  return type === '*template.sample' ? { kind: 'pointer', target: SAMPLE, to: undefined } : undefined;
}

/** Returns the value as a parameter of the type, or the text of an error. */
export function convert(value: Value, type: ParameterType): Value | string {
  if (type === 'reflect.Value') return value;
  if (value.kind === 'invalid') return tryNil(type) ?? `invalid value; expected ${type}`;
  if (type === 'interface {}' || typeName(value) === type) return value;
  if (value.kind === 'pointer' && value.target === type) {
    return value.to ?? `dereference of nil pointer of type ${type}`;
  }
  return `wrong type for value; expected ${type}; got ${typeName(value)}`;
}
