// Building blocks of the schemas: annotations, and the types of keys.

import Type, {
  type TBoolean,
  type TEnum,
  type TInteger,
  type TOptional,
  type TSchema,
  type TString,
  type TUnknown,
  type TUnsafe,
} from 'typebox';

import type { FormatName } from '../formats.js';

/** Annotations of a key beyond JSON schema. `default` is documentation: it is the value of a missing key. */
export interface SchemaAnnotations {
  /** The value is masked wherever the configuration is shown. */
  readonly secret?: true;
  /** A single value is accepted in place of a list. */
  readonly orOne?: true;
  /** An empty value is the empty string. Otherwise the key counts as missing. */
  readonly emptyText?: true;
  /** The key is accepted without effect. The reason completes `KEY has no effect: `. */
  readonly inert?: string;
  /** The key is rejected. `unless` is accepted: it is promxy's default and changes nothing. */
  readonly unsupported?: { readonly unless?: unknown };
}

export function string(
  format?: FormatName,
  annotations: SchemaAnnotations & { default?: string } = {},
): TOptional<TString> {
  // TypeBox types `format` as a list that lacks these formats.
  const options: Record<string, unknown> =
    format === undefined ? { ...annotations } : { format, ...annotations };
  return Type.Optional(Type.String(options));
}

/** A whole number. `minimum` and `maximum` are inclusive. */
export function integer(
  value: number,
  minimum: number,
  maximum = Number.MAX_SAFE_INTEGER,
): TOptional<TInteger> {
  return Type.Optional(Type.Integer({ default: value, minimum, maximum }));
}

/** One of several texts. */
export function oneOf<const Choice extends string>(
  choices: readonly Choice[],
  value?: NoInfer<Choice>,
): TOptional<TEnum<Choice[]>> {
  return Type.Optional(Type.Enum([...choices], value === undefined ? {} : { default: value }));
}

export function boolean(value: boolean): TOptional<TBoolean> {
  return Type.Optional(Type.Boolean({ default: value }));
}

/** A mapping with arbitrary keys. */
export function mapOf<Value extends TSchema>(
  value: Value,
  keys: FormatName,
): TOptional<TUnsafe<Record<string, Type.Static<Value>>>> {
  return Type.Optional(
    Type.Unsafe<Record<string, Type.Static<Value>>>({
      type: 'object',
      additionalProperties: value,
      propertyNames: { format: keys },
    }),
  );
}

/** A key without effect. Its value is not checked. */
export function inert(reason: string): TOptional<TUnknown> {
  return Type.Optional(Type.Unknown({ inert: reason }));
}

export function unsupported(unless?: unknown): TOptional<TUnknown> {
  return Type.Optional(Type.Unknown({ unsupported: unless === undefined ? {} : { unless } }));
}

/** Several keys with the same schema. */
export function each<const Name extends string>(
  names: readonly Name[],
  schema: () => TOptional<TUnknown>,
): Record<Name, TOptional<TUnknown>> {
  const entries = names.map((name) => [name, schema()] as const);
  return Object.fromEntries(entries) as Record<Name, TOptional<TUnknown>>;
}

export const closed = { additionalProperties: false } as const;
