// YAML nodes to plain values, led by the schema: a text stays the text that was written where a text is wanted.

import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar, type YAMLMap } from 'yaml';

import type { Place, Problem } from '../config-error.js';
import { quoteKey } from './formats.js';
import { MAX_DEPTH, MAX_VALUES, type YamlDocument } from './yaml-document.js';

/** The parts of a JSON Schema that decoding is led by. */
export interface DecodeSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, DecodeSchema>>;
  readonly additionalProperties?: boolean | DecodeSchema;
  readonly items?: DecodeSchema;
  readonly orOne?: boolean;
}

/** A mapping as it was decoded. It has no prototype: every key is the file's. */
export type DecodedMap = Record<string, unknown>;

interface Spot {
  readonly key: Place;
  readonly value: Place;
}

/** What a file says, and where it says it. */
export class Decoded {
  readonly value: unknown;
  /** Duplicate keys, empty list items and the like. */
  readonly problems: readonly Problem[];
  /** Whether the file holds more than may be decoded, or nests deeper; the rest is missing. */
  readonly truncated: boolean;
  readonly #spots: WeakMap<object, Map<string, Spot>>;

  constructor(value: unknown, { problems, truncated, spots }: Decoder) {
    this.value = value;
    this.problems = problems;
    this.truncated = truncated;
    this.#spots = spots;
  }

  /**
   * The place of the value (or of its key) that stands at the end of the path; of the nearest one above it that
   * the file has, when it has none.
   */
  placeOf(path: readonly (string | number)[], part: 'key' | 'value' = 'value'): Place {
    let at: unknown = this.value;
    let place: Place = { line: 1, column: 1 };
    for (const [i, step] of path.entries()) {
      if (typeof at !== 'object' || at === null) break;
      const spot = this.#spots.get(at)?.get(String(step));
      if (spot === undefined) break;
      place = i === path.length - 1 ? spot[part] : spot.value;
      at = (at as DecodedMap)[step];
    }
    return place;
  }

  /** The entries of a mapping in the file's order, which plain objects do not keep for keys like `10`. */
  entriesOf<T>(map: Readonly<Record<string, T>>): [key: string, value: T][] {
    const keys = this.#spots.get(map)?.keys() ?? Object.keys(map);
    return [...keys].map((key) => [key, map[key]!]);
  }
}

/** Half a character, which UTF-8 has no bytes for: escapes such as "\uD800" can write one. */
const LONE_SURROGATE = /\p{Surrogate}/u;
const NOT_UNICODE = 'this text holds half a character, which is not valid Unicode';

/** A key without a value, or with `null`: as good as not there. */
const NOTHING = Symbol('nothing');

/**
 * Decodes a whole file. Never throws: what cannot be decoded becomes a problem and is left out.
 *
 * Differences to plain YAML, all of them what Go's yaml package does for promxy: where the schema wants a text,
 * numbers and booleans stay the text that was written (`0123`, `yes`); where it wants a boolean, `yes`, `no`,
 * `on` and `off` are ones; a key with an empty value is not there; `<<` merges mappings.
 */
export function decode(document: YamlDocument, schema: DecodeSchema): Decoded {
  const decoder = new Decoder(document);
  const value = document.root === undefined ? NOTHING : decoder.decode(document.root, schema);
  return new Decoded(value === NOTHING ? Object.create(null) : value, decoder);
}

class Decoder {
  readonly problems: Problem[] = [];
  readonly spots = new WeakMap<object, Map<string, Spot>>();
  readonly #document: YamlDocument;
  #values = 0;
  #depth = 0;
  #isTooDeep = false;

  constructor(document: YamlDocument) {
    this.#document = document;
  }

  get truncated(): boolean {
    return this.#values > MAX_VALUES || this.#isTooDeep;
  }

  decode(written: Node, schema: DecodeSchema): unknown {
    if (!this.#enter(written)) return NOTHING;
    const value = this.#decode(written, this.#resolve(written), schema);
    this.#depth--;
    return value;
  }

  #decode(written: Node, node: Node, schema: DecodeSchema): unknown {
    if (isScalar(node)) {
      const value = decodeScalar(node, schema.orOne === true ? schema.items : schema);
      if (typeof value === 'string' && LONE_SURROGATE.test(value)) this.#problem(written, NOT_UNICODE);
      return schema.orOne === true && value !== NOTHING ? this.#listOfOne(written, value) : value;
    }
    if (isSeq(node)) {
      const list: unknown[] = [];
      const spots = this.#spotsOf(list);
      for (const item of node.items as Node[]) {
        const value = this.decode(item, schema.items ?? {});
        if (value === NOTHING) {
          if (!this.truncated) this.#problem(item, 'this item of the list is empty');
          continue;
        }
        const place = this.#placeOf(item);
        spots.set(String(list.length), { key: place, value: place });
        list.push(value);
      }
      return list;
    }
    if (isMap(node)) {
      const map = Object.create(null) as DecodedMap;
      this.#fill(map, node, schema);
      return map;
    }
    return NOTHING;
  }

  /** Adds what the mapping says to `map`, where keys that are there already win. */
  #fill(map: DecodedMap, node: YAMLMap, schema: DecodeSchema): void {
    const spots = this.#spotsOf(map);
    const own = new Map<string, Place>();
    const merges: Node[] = [];
    for (const { key, value } of node.items as Pair<Node, Node | null>[]) {
      if (this.truncated) return;
      const keyNode = this.#resolve(key);
      const name = isScalar(keyNode) ? textOf(keyNode) : undefined;
      if (name === undefined || (isScalar(keyNode) && keyNode.value === null && keyNode.type === 'PLAIN')) {
        this.#problem(key, 'a key must be a text');
        continue;
      }
      if (name === '<<' && (keyNode as Scalar).type === 'PLAIN' && value !== null) {
        merges.push(value);
        continue;
      }
      if (LONE_SURROGATE.test(name)) this.#problem(key, NOT_UNICODE);
      const place = this.#placeOf(key);
      const first = own.get(name);
      if (first !== undefined) {
        this.#problem(key, `the key ${quoteKey(name)} is given twice, first in line ${first.line}`);
        continue;
      }
      own.set(name, place);
      if (spots.has(name)) continue;
      const valueSchema = schemaOf(schema, name);
      const decoded = value === null ? NOTHING : this.decode(value, valueSchema);
      const kept = decoded === NOTHING ? nothingIn(schema, name, valueSchema) : decoded;
      if (kept === NOTHING) continue;
      spots.set(name, { key: place, value: value === null ? place : this.#placeOf(value) });
      map[name] = kept;
    }
    for (const merge of merges) this.#merge(map, merge, schema);
  }

  #merge(map: DecodedMap, written: Node, schema: DecodeSchema): void {
    const node = this.#resolve(written);
    if (isSeq(node) && (node.items as Node[]).every((item) => isMap(this.#resolve(item)))) {
      for (const item of node.items as Node[]) this.#merge(map, item, schema);
      return;
    }
    if (!isMap(node)) {
      this.#problem(written, '<< must be followed by a mapping, or a list of mappings');
      return;
    }
    if (!this.#enter(written)) return;
    this.#fill(map, node, schema);
    this.#depth--;
  }

  /** Counts a value. Aliases of aliases grow exponentially: past a limit nothing more is decoded. */
  #enter(node: Node): boolean {
    if (this.truncated) return false;
    if (++this.#values > MAX_VALUES) {
      this.#problem(node, `the file holds more than ${MAX_VALUES} values, its aliases counted`);
      return false;
    }
    // Chains of aliases reach deeper than the text does.
    if (this.#depth === MAX_DEPTH) {
      this.#isTooDeep = true;
      this.#problem(node, `values are nested more than ${MAX_DEPTH} levels deep, aliases counted`);
      return false;
    }
    this.#depth++;
    return true;
  }

  #listOfOne(written: Node, value: unknown): unknown[] {
    const list = [value];
    const place = this.#placeOf(written);
    this.#spotsOf(list).set('0', { key: place, value: place });
    return list;
  }

  #resolve(node: Node): Node {
    return isAlias(node) ? this.#document.aliases.get(node)! : node;
  }

  #spotsOf(value: object): Map<string, Spot> {
    let spots = this.spots.get(value);
    if (spots === undefined) {
      spots = new Map();
      this.spots.set(value, spots);
    }
    return spots;
  }

  #placeOf(node: Node): Place {
    return this.#document.placeAt(node.range?.[0] ?? 0);
  }

  #problem(node: Node, text: string): void {
    this.problems.push({ place: this.#placeOf(node), text });
  }
}

function schemaOf(schema: DecodeSchema, name: string): DecodeSchema {
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, name))
    return schema.properties[name]!;
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {};
}

/**
 * What stands for a key without a value: in a mapping of the file's own keys an empty text. A key of ours is not
 * there, while one that the schema does not know must not get lost.
 */
function nothingIn(schema: DecodeSchema, name: string, value: DecodeSchema): unknown {
  if (typeof schema.additionalProperties === 'object') {
    if (value.type === 'string') return '';
    return value.orOne === true ? [''] : NOTHING;
  }
  const isKnown = schema.properties !== undefined && Object.hasOwn(schema.properties, name);
  return isKnown ? NOTHING : null;
}

function decodeScalar(node: Scalar, schema: DecodeSchema | undefined): unknown {
  const plain = node.type === 'PLAIN';
  if (node.value === null && plain) return NOTHING;
  if (schema?.type === 'string') return textOf(node);
  if (schema?.type === 'boolean' && plain && typeof node.value === 'string') {
    if (/^(?:y|yes|on)$/i.test(node.value)) return true;
    if (/^(?:n|no|off)$/i.test(node.value)) return false;
  }
  return node.value;
}

function textOf(node: Scalar): string {
  if (typeof node.value === 'string') return node.value;
  return node.source ?? String(node.value);
}
