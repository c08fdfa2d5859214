// Fields of structs and keys of maps. Source: Go, text/template/exec.go (`evalField`).

import { tryHistogramField } from '../values/histogram.js';
import { EMPTY_STRING, indirect, NIL_INTERFACE, type Value } from '../values/value.js';

/** Reports whether the field has Go's type `interface {}`: errors show that type instead of the one of the value. */
export function isInterfaceField(receiver: Value, name: string): boolean {
  const target = indirect(receiver);
  return target.kind === 'map'
    ? target.element === 'interface {}'
    : target.kind === 'struct' && name === 'Value';
}

/** A field or a map entry; undefined when the type has neither. Pointers are not followed. */
export function tryField(target: Value, name: string): Value | undefined {
  if (target.kind === 'struct') return target.fields.get(name);
  if (target.kind === 'histogram') return tryHistogramField(target.value, name);
  if (target.kind !== 'map') return undefined;
  // Option missingkey=zero.
  return target.entries.get(name) ?? (target.element === 'string' ? EMPTY_STRING : NIL_INTERFACE);
}
