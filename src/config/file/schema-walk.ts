// The schema as a tree that is walked along with the value of a file.

import type { TSchema } from 'typebox';

import { quoteKey } from '../text/quote.js';
import { configFileSchema } from './schema/config-file.js';
import type { SchemaAnnotations } from './schema/keys.js';

/** The parts of a JSON schema that the configuration reads, with the annotations of its keys. */
export interface SchemaNode extends SchemaAnnotations {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: boolean | SchemaNode;
  readonly items?: SchemaNode;
  readonly default?: unknown;
}

/** Keys and list indexes from the root of the file. */
export type Path = readonly (string | number)[];

/** The schema of the whole configuration file. */
export const ROOT_SCHEMA: SchemaNode = configFileSchema as TSchema;

/** The schema of one key of a mapping; an empty schema for an unknown key. */
export function schemaOfKey(schema: SchemaNode, key: string): SchemaNode {
  if (isKnownKey(schema, key)) return schema.properties![key]!;
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {};
}

/** True when the schema lists the key by name. */
export function isKnownKey({ properties }: SchemaNode, key: string): boolean {
  return properties !== undefined && Object.hasOwn(properties, key);
}

/** Visits every value of a checked configuration file with its schema, parents first. */
export function walkValues(value: unknown, visit: (schema: SchemaNode, path: Path) => void): void {
  walk(value, ROOT_SCHEMA, []);

  function walk(value: unknown, schema: SchemaNode, path: Path): void {
    visit(schema, path);
    if (typeof value !== 'object' || value === null) return;
    for (const [key, item] of Object.entries(value)) {
      const inner = Array.isArray(value) ? schema.items : schemaOfKey(schema, key);
      if (inner !== undefined) walk(item, inner, [...path, key]);
    }
  }
}

/** A copy of a checked configuration file. `change` returns the value itself or its replacement; it is called for parents first. */
export function mapValues(
  value: unknown,
  change: (value: unknown, schema: SchemaNode, path: Path) => unknown,
): unknown {
  return copy(value, ROOT_SCHEMA, []);

  function copy(value: unknown, schema: SchemaNode, path: Path): unknown {
    const changed = change(value, schema, path);
    if (changed !== value || typeof value !== 'object' || value === null) return changed;
    if (Array.isArray(value)) return value.map((item, i) => copy(item, schema.items ?? {}, [...path, i]));
    const entries = Object.entries(value).map(
      ([key, item]) => [key, copy(item, schemaOfKey(schema, key), [...path, key])] as const,
    );
    return Object.fromEntries(entries);
  }
}

/** Prints `promxy.server_groups[0].labels`. Keys with other characters than those of the schema are quoted. */
export function printPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number' || /^[0-9]+$/.test(step)) text += `[${step}]`;
    else if (/^[\w.-]+$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${quoteKey(step)}]`;
  }
  return text;
}
