// Checks a decoded file against the schema, and words the problems that it finds.

import { Ajv, type AnySchema, type ErrorObject, type ValidateFunction } from 'ajv';

import { tryNearest } from '../../model/index.js';
import { comparePositions, type FilePosition, type Problem } from '../config-error.js';
import { tryParseConfigDuration } from '../text/parse-duration.js';
import { quote, quoteKey } from '../text/quote.js';
import type { Decoded } from './decode.js';
import { FORMATS, type FormatName } from './formats.js';
import type { SchemaAnnotations } from './schema/keys.js';
import { type Path, printPath, type SchemaNode, walkValues } from './schema-walk.js';

/** A problem and the path of the value that has it. */
export interface PathProblem extends Problem {
  readonly path: Path;
  /** True for a key that the schema does not have. */
  readonly isUnknownKey?: boolean;
}

let ajv: Ajv | undefined;

function createAjv(): Ajv {
  const ajv = new Ajv({ allErrors: true, verbose: true, strict: true });
  ajv.addVocabulary(['secret', 'orOne', 'emptyText', 'inert']);
  ajv.addKeyword({
    keyword: 'unsupported',
    validate: (unsupported: NonNullable<SchemaAnnotations['unsupported']>, value: unknown) =>
      'unless' in unsupported && isEquivalent(value, unsupported.unless),
    errors: false,
  });
  for (const [name, check] of Object.entries(FORMATS)) {
    ajv.addFormat(name, { type: 'string', validate: (text: string) => check(text) === undefined });
  }
  return ajv;
}

/** True for equal values, equal durations in different units, and two empty lists or mappings. */
function isEquivalent(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === 0 && b.length === 0;
  if (typeof a === 'object' && a !== null && typeof b === 'object' && b !== null) {
    return !Array.isArray(a) && !Array.isArray(b) && Object.keys(a).length === 0;
  }
  if (typeof a === 'string' && typeof b === 'string' && a !== b) {
    const durationMs = tryParseConfigDuration(a);
    return durationMs !== undefined && durationMs === tryParseConfigDuration(b);
  }
  return a === b;
}

/** Number of errors with a search for similar keys, which takes time. Errors beyond it are not listed anyway. */
const MAX_HINTS = 100;

/** Returns the problems of a file's shape; empty when it has the shape of the schema. Never quotes a secret. */
export type ShapeCheck = (decoded: Decoded) => readonly PathProblem[];

/** The check compiles the schema when it first runs, because that takes longer than starting a command without one. */
export function createShapeCheck(schema: AnySchema): ShapeCheck {
  let validate: ValidateFunction | undefined;
  return (decoded) => {
    validate ??= (ajv ??= createAjv()).compile(schema);
    if (validate(decoded.value)) return [];
    return (validate.errors ?? []).flatMap((error, i) => describe(error, decoded, i < MAX_HINTS));
  };
}

/** Converts an error of ajv to a problem. Returns an empty list when another error reports the same problem. */
function describe(error: ErrorObject, decoded: Decoded, withHint: boolean): PathProblem[] {
  const path = error.instancePath.split('/').slice(1).map(unescapePointer);
  const schema = error.parentSchema as SchemaNode;
  const params = error.params as Readonly<Record<string, unknown>>;
  const problem = (reason: string, key?: string): PathProblem[] => {
    const where = key === undefined ? path : [...path, key];
    const position = decoded.positionOf(where, key === undefined ? 'value' : 'key');
    return [{ position, path: where, text: path.length === 0 ? reason : `${printPath(path)}: ${reason}` }];
  };

  const subject = path.length === 0 ? 'the file ' : '';
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = params['additionalProperty'] as string;
      const nearest = withHint ? tryNearest(key, Object.keys(schema.properties ?? {})) : undefined;
      const hint = nearest === undefined ? '' : `; did you mean ${quote(nearest)}?`;
      const found = problem(`unknown key ${quoteKey(key)}${hint}`, key);
      return found.map((one) => ({ ...one, isUnknownKey: true }));
    }
    case 'propertyNames':
      // The error of the key itself is reported as well.
      return [];
    case 'required':
      return problem(`missing key ${quote(params['missingProperty'] as string)}`);
    case 'type':
      return problem(
        `${subject}must be ${TYPE_NAMES[params['type'] as string]!}; got ${typeNameOf(error.data)}`,
      );
    case 'enum': {
      const allowed = (params['allowedValues'] as unknown[]).join(', ');
      const value = typeof error.data === 'string' ? quote(error.data) : typeNameOf(error.data);
      return problem(`must be one of ${allowed}; got ${value}`);
    }
    case 'minItems':
      return problem('must not be empty');
    case 'minimum':
    case 'maximum':
      return problem(
        `must be at ${error.keyword === 'minimum' ? 'least' : 'most'} ${params['limit'] as number}; got ${String(error.data)}`,
      );
    case 'unsupported':
      return [
        {
          position: decoded.positionOf(path, 'key'),
          path,
          text: `${printPath(path)}: not supported yet; ${remedyFor(schema.unsupported?.unless)}`,
        },
      ];
    case 'format': {
      const check = FORMATS[params['format'] as FormatName];
      // Set when the text is a key of the mapping at the path. Missing in the types of ajv.
      const key = (error as { readonly propertyName?: string }).propertyName;
      return problem(check(key ?? String(error.data)) ?? 'invalid value', key);
    }
    default:
      return problem(error.message ?? 'invalid value');
  }
}

/** `unless` is the only accepted value, if any. Empty values are left out. */
function remedyFor(unless: unknown): string {
  const isScalar = typeof unless === 'boolean' || typeof unless === 'number' || typeof unless === 'string';
  return isScalar && unless !== '' ? `remove the key or set it to ${unless}` : 'remove the key';
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  object: 'a mapping',
  array: 'a list',
  string: 'a string',
  integer: 'a whole number',
  boolean: 'true or false',
};

/** Names only the type of the value, which may be a misplaced secret. */
function typeNameOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string') return 'a string';
  return typeof value === 'boolean' ? 'a boolean' : 'a number';
}

function unescapePointer(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~');
}

/** A warning for each key that is accepted without effect, in the order of the file. */
export function inertKeys(decoded: Decoded): { readonly position: FilePosition; readonly text: string }[] {
  const found: { readonly position: FilePosition; readonly text: string }[] = [];
  walkValues(decoded.value, (schema, path) => {
    if (schema.inert === undefined) return;
    const text = `${printPath(path)} has no effect: ${schema.inert}`;
    found.push({ position: decoded.positionOf(path, 'key'), text });
  });
  return found.sort((a, b) => comparePositions(a.position, b.position));
}
