// Checks a decoded file against the schema, and words what is wrong for the person who wrote it.

import { Ajv, type ErrorObject } from 'ajv';
import type { TSchema } from 'typebox';

import { tryNearest } from '../../model/index.js';
import type { Place, Problem } from '../config-error.js';
import type { Decoded } from './decode.js';
import { tryDurationText } from '../text/duration-text.js';
import { FORMATS, type FormatName, quote, quoteKey } from './formats.js';
import { type ConfigFile, configFileSchema, type Remarks } from './schema.js';

/** A schema as it is walked here. */
interface SchemaNode extends Remarks {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: boolean | SchemaNode;
  readonly items?: SchemaNode;
  readonly default?: unknown;
}

export type Path = readonly (string | number)[];

/** A problem and the path of the value that has it. */
export interface PathProblem extends Problem {
  readonly path: Path;
}

const validate = createAjv().compile<ConfigFile>(configFileSchema);

/** The schema as it is walked: TypeBox's type of it has every key, and none by an unknown name. */
const rootSchema: SchemaNode = configFileSchema as TSchema;

function createAjv(): Ajv {
  const ajv = new Ajv({ allErrors: true, verbose: true, strict: true });
  ajv.addVocabulary(['secret', 'orOne', 'inert']);
  ajv.addKeyword({
    keyword: 'later',
    validate: (later: NonNullable<Remarks['later']>, value: unknown) =>
      'unless' in later && isSame(value, later.unless),
    errors: false,
  });
  for (const [name, problem] of Object.entries(FORMATS)) {
    ajv.addFormat(name, { type: 'string', validate: (text: string) => problem(text) === undefined });
  }
  return ajv;
}

/** Whether a value says the same as another: durations in any unit, an empty list or mapping as good as none. */
function isSame(value: unknown, other: unknown): boolean {
  if (Array.isArray(value) && Array.isArray(other)) return value.length === 0 && other.length === 0;
  if (typeof value === 'object' && value !== null && typeof other === 'object' && other !== null) {
    return !Array.isArray(value) && !Array.isArray(other) && Object.keys(value).length === 0;
  }
  if (typeof value === 'string' && typeof other === 'string' && value !== other) {
    const durationMs = tryDurationText(value);
    return durationMs !== undefined && durationMs === tryDurationText(other);
  }
  return value === other;
}

/** What is wrong with the shape of a file; empty when it is a ConfigFile. Never quotes a secret. */
export function checkShape(decoded: Decoded): readonly PathProblem[] {
  if (validate(decoded.value)) return [];
  return (validate.errors ?? []).flatMap((error, i) => describe(error, decoded, i < MAX_HINTS));
}

/** So many unknown keys are compared with the known ones, which takes time; not even all of these are listed. */
const MAX_HINTS = 100;

function describe(error: ErrorObject, decoded: Decoded, withHint: boolean): PathProblem[] {
  const path = error.instancePath.split('/').slice(1).map(unescapePointer);
  const schema = error.parentSchema as SchemaNode;
  const at = (text: string, where: Path = path, part: 'key' | 'value' = 'value'): PathProblem[] => [
    { place: decoded.placeOf(where, part), path: where, text },
  ];
  const name = printPath(path);
  const params = error.params as Readonly<Record<string, unknown>>;

  switch (error.keyword) {
    case 'additionalProperties': {
      const key = params['additionalProperty'] as string;
      const nearest = withHint ? tryNearest(key, Object.keys(schema.properties ?? {})) : undefined;
      const hint = nearest === undefined ? '' : `; did you mean ${quote(nearest)}?`;
      const inside = path.length === 0 ? '' : ` in ${name}`;
      return at(`unknown key ${quoteKey(key)}${inside}${hint}`, [...path, key], 'key');
    }
    case 'propertyNames':
      // The error of the name itself is reported as well, and says more.
      return [];
    case 'required':
      return at(`${name} has no ${quote(params['missingProperty'] as string)}`);
    case 'type':
      return at(
        `${name || 'the file'} must be ${TYPES[params['type'] as string]!}, not ${kindOf(error.data)}`,
      );
    case 'enum': {
      const allowed = (params['allowedValues'] as unknown[]).join(', ');
      const got = typeof error.data === 'string' ? quote(error.data) : kindOf(error.data);
      return at(`${name} must be one of ${allowed}, not ${got}`);
    }
    case 'minItems':
      return at(`${name} is empty`);
    case 'later': {
      const inside = path.length <= 1 ? '' : ` in ${printPath(path.slice(0, -1))}`;
      return at(`${quote(path.at(-1)!)}${inside} is not supported yet`, path, 'key');
    }
    case 'format': {
      const check = FORMATS[params['format'] as FormatName];
      // ajv's types do not know it: set when the text is a key of the mapping at the path.
      const key = (error as { readonly propertyName?: string }).propertyName;
      const reason = check(key ?? String(error.data)) ?? 'not valid';
      return key === undefined ? at(`${name}: ${reason}`) : at(`${name}: ${reason}`, [...path, key], 'key');
    }
    default:
      return at(`${name}: ${error.message ?? 'not valid'}`);
  }
}

const TYPES: Readonly<Record<string, string>> = {
  object: 'a mapping',
  array: 'a list',
  string: 'a text',
  boolean: 'true or false',
};

/** The value itself may be a secret that slipped into the wrong place, so only its kind is named. */
function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string') return 'a text';
  return typeof value === 'boolean' ? 'true or false' : 'a number';
}

function unescapePointer(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~');
}

/** `promxy.server_groups[0].labels`; keys that are not ours are quoted. */
function printPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number' || /^[0-9]+$/.test(step)) text += `[${step}]`;
    else if (/^[\w.-]+$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${quoteKey(step)}]`;
  }
  return text;
}

/** What a file says that has no effect, in the file's order. */
export function inertKeys(decoded: Decoded): { readonly place: Place; readonly text: string }[] {
  const found: { readonly place: Place; readonly text: string }[] = [];
  walk(decoded.value, rootSchema, [], (schema, path) => {
    if (schema.inert === undefined) return;
    const text = `${printPath(path)} has no effect: ${schema.inert}`;
    found.push({ place: decoded.placeOf(path, 'key'), text });
  });
  return found.sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
}

/** A copy of a checked file in which `change` has replaced what it returns something else for, parents first. */
export function mapValues(
  value: unknown,
  change: (value: unknown, schema: SchemaNode, path: Path) => unknown,
): unknown {
  return copy(value, rootSchema, []);

  function copy(old: unknown, schema: SchemaNode, path: Path): unknown {
    const changed = change(old, schema, path);
    if (changed !== old || typeof old !== 'object' || old === null) return changed;
    if (Array.isArray(old)) return old.map((item, i) => copy(item, schema.items ?? {}, [...path, i]));
    const entries = Object.entries(old).map(
      ([key, item]) => [key, copy(item, schemaOfKey(schema, key), [...path, key])] as const,
    );
    return Object.fromEntries(entries);
  }
}

function walk(
  value: unknown,
  schema: SchemaNode,
  path: Path,
  visit: (schema: SchemaNode, path: Path) => void,
): void {
  visit(schema, path);
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    const inner = Array.isArray(value) ? schema.items : schemaOfKey(schema, key);
    if (inner !== undefined) walk(item, inner, [...path, key], visit);
  }
}

function schemaOfKey(schema: SchemaNode, key: string): SchemaNode {
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, key))
    return schema.properties[key]!;
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {};
}
