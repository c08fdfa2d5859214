// Decodes YAML nodes to plain values. The schema decides the type: where it has a string, the text of the file is kept.

import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar, type YAMLMap } from 'yaml';

import type { FilePosition, Problem } from '../config-error.js';
import { quoteKey } from '../text/quote.js';
import { sourceOffset } from './scalar-offset.js';
import { isKnownKey, ROOT_SCHEMA, schemaOfKey, type Path, type SchemaNode } from './schema-walk.js';
import { MAX_DEPTH, MAX_VALUES, type YamlDocument } from './yaml-document.js';

/** A decoded mapping. It has no prototype: every key is from the file. */
export type DecodedMap = Record<string, unknown>;

/** Positions of an entry of a mapping or a list. */
interface EntryPosition {
  readonly key: FilePosition;
  readonly value: FilePosition;
  /** Undefined for an empty value. */
  readonly node: Node | undefined;
}

/** The values of a file and their positions. */
export class Decoded {
  readonly value: unknown;
  /** Duplicate keys, empty list items and the like. */
  readonly problems: readonly Problem[];
  /** True when the file exceeds the limits on values or depth. The values beyond them are missing. */
  readonly truncated: boolean;
  readonly #positions: WeakMap<object, Map<string, EntryPosition>>;
  readonly #document: YamlDocument;

  constructor(value: unknown, document: YamlDocument, { problems, truncated, positions }: Decoder) {
    this.#document = document;
    this.value = value;
    this.problems = problems;
    this.truncated = truncated;
    this.#positions = positions;
  }

  /** The position of the value at the path, or of its key. For a missing value, that of its nearest parent. */
  positionOf(path: Path, part: 'key' | 'value' = 'value'): FilePosition {
    const entries = this.#entriesAlong(path);
    return entries.at(-1)?.[entries.length === path.length ? part : 'value'] ?? { line: 1, column: 1 };
  }

  /** The position of a character of the string at the path, counted from 0 in UTF-16 units. */
  positionInText(path: Path, offset: number): FilePosition {
    const entries = this.#entriesAlong(path);
    const node = entries.length === path.length ? entries.at(-1)?.node : undefined;
    const scalar = isAlias(node) ? this.#document.aliases.get(node) : node;
    if (!isScalar(scalar)) return this.positionOf(path);
    return this.#document.positionAt(sourceOffset(this.#document.text, scalar, offset));
  }

  /** The entries on a path, up to the first missing one. */
  #entriesAlong(path: Path): EntryPosition[] {
    let parent: unknown = this.value;
    const entries: EntryPosition[] = [];
    for (const step of path) {
      if (typeof parent !== 'object' || parent === null) break;
      const entry = this.#positions.get(parent)?.get(String(step));
      if (entry === undefined) break;
      entries.push(entry);
      parent = (parent as DecodedMap)[step];
    }
    return entries;
  }

  /** The entries of a mapping in the order of the file. Plain objects reorder keys such as `10`. */
  entriesOf<T>(map: Readonly<Record<string, T>>): [key: string, value: T][] {
    const keys = this.#positions.get(map)?.keys() ?? Object.keys(map);
    return [...keys].map((key) => [key, map[key]!]);
  }
}

/** An unpaired surrogate, which escapes such as "\uD800" produce. UTF-8 cannot encode it. */
const LONE_SURROGATE = /\p{Surrogate}/u;
const NOT_UNICODE = 'invalid Unicode: the string contains an unpaired surrogate';

/** The value of a key with an empty value or `null`: the key counts as missing. */
const MISSING = Symbol('missing');

/**
 * Decodes a whole file. Never throws: a value that cannot be decoded is reported as a problem and left out.
 *
 * Follows Go's yaml package, which promxy uses. Where the schema has a string, numbers and booleans keep the text of
 * the file (`0123`, `yes`). Where it has a boolean, `yes`, `no`, `on` and `off` are accepted. A key with an empty value
 * counts as missing, and `<<` merges mappings.
 */
export function decode(document: YamlDocument, schema: SchemaNode = ROOT_SCHEMA): Decoded {
  const decoder = new Decoder(document);
  const value = document.root === undefined ? MISSING : decoder.decode(document.root, schema);
  return new Decoded(value === MISSING ? Object.create(null) : value, document, decoder);
}

class Decoder {
  readonly problems: Problem[] = [];
  readonly positions = new WeakMap<object, Map<string, EntryPosition>>();
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

  decode(written: Node, schema: SchemaNode): unknown {
    if (!this.#enter(written)) return MISSING;
    const value = this.#decode(written, this.#resolve(written), schema);
    this.#depth--;
    return value;
  }

  #decode(written: Node, node: Node, schema: SchemaNode): unknown {
    if (isScalar(node)) {
      const value = decodeScalar(node, schema.orOne === true ? schema.items : schema);
      if (typeof value === 'string' && LONE_SURROGATE.test(value)) this.#problem(written, NOT_UNICODE);
      return schema.orOne === true && value !== MISSING ? this.#singletonList(written, value) : value;
    }
    if (isSeq(node)) {
      const list: unknown[] = [];
      const positions = this.#positionsIn(list);
      for (const item of node.items as Node[]) {
        const value = this.decode(item, schema.items ?? {});
        if (value === MISSING) {
          if (!this.truncated) this.#problem(item, 'list item must not be empty');
          continue;
        }
        const position = this.#positionOf(item);
        positions.set(String(list.length), { key: position, value: position, node: item });
        list.push(value);
      }
      return list;
    }
    if (isMap(node)) {
      const map = Object.create(null) as DecodedMap;
      this.#fill(map, node, schema);
      return map;
    }
    return MISSING;
  }

  /** Adds the entries of a mapping to `map`. Existing keys win. */
  #fill(map: DecodedMap, node: YAMLMap, schema: SchemaNode): void {
    const positions = this.#positionsIn(map);
    const ownKeys = new Map<string, FilePosition>();
    const merges: Node[] = [];
    for (const { key, value } of node.items as Pair<Node, Node | null>[]) {
      if (this.truncated) return;
      const keyNode = this.#resolve(key);
      const name = isScalar(keyNode) ? textOf(keyNode) : undefined;
      if (name === undefined || (isScalar(keyNode) && keyNode.value === null && keyNode.type === 'PLAIN')) {
        this.#problem(key, 'key must be a string');
        continue;
      }
      if (name === '<<' && (keyNode as Scalar).type === 'PLAIN' && value !== null) {
        merges.push(value);
        continue;
      }
      if (LONE_SURROGATE.test(name)) this.#problem(key, NOT_UNICODE);
      const position = this.#positionOf(key);
      const first = ownKeys.get(name);
      if (first !== undefined) {
        this.#problem(key, `duplicate key ${quoteKey(name)}; first defined on line ${first.line}`);
        continue;
      }
      ownKeys.set(name, position);
      if (positions.has(name)) continue;
      const valueSchema = schemaOfKey(schema, name);
      const decoded = value === null ? MISSING : this.decode(value, valueSchema);
      const kept = decoded === MISSING ? valueOfEmptyKey(schema, name, valueSchema) : decoded;
      if (kept === MISSING) continue;
      positions.set(name, {
        key: position,
        value: value === null ? position : this.#positionOf(value),
        node: value ?? undefined,
      });
      map[name] = kept;
    }
    for (const merge of merges) this.#merge(map, merge, schema);
  }

  #merge(map: DecodedMap, written: Node, schema: SchemaNode): void {
    const node = this.#resolve(written);
    if (isSeq(node) && (node.items as Node[]).every((item) => isMap(this.#resolve(item)))) {
      for (const item of node.items as Node[]) this.#merge(map, item, schema);
      return;
    }
    if (!isMap(node)) {
      this.#problem(written, 'value of << must be a mapping or a list of mappings');
      return;
    }
    if (!this.#enter(written)) return;
    this.#fill(map, node, schema);
    this.#depth--;
  }

  /**
   * Counts a value and enters it. Returns false beyond a limit, after which nothing more is decoded: aliases of aliases
   * grow exponentially.
   */
  #enter(node: Node): boolean {
    if (this.truncated) return false;
    if (++this.#values > MAX_VALUES) {
      this.#problem(node, `too many values: at most ${MAX_VALUES} are allowed, aliases counted`);
      return false;
    }
    // A chain of aliases is deeper than the text.
    if (this.#depth === MAX_DEPTH) {
      this.#isTooDeep = true;
      this.#problem(
        node,
        `values are nested too deeply: at most ${MAX_DEPTH} levels are allowed, aliases counted`,
      );
      return false;
    }
    this.#depth++;
    return true;
  }

  #singletonList(written: Node, value: unknown): unknown[] {
    const list = [value];
    const position = this.#positionOf(written);
    this.#positionsIn(list).set('0', { key: position, value: position, node: written });
    return list;
  }

  #resolve(node: Node): Node {
    return isAlias(node) ? this.#document.aliases.get(node)! : node;
  }

  #positionsIn(value: object): Map<string, EntryPosition> {
    let positions = this.positions.get(value);
    if (positions === undefined) {
      positions = new Map();
      this.positions.set(value, positions);
    }
    return positions;
  }

  #positionOf(node: Node): FilePosition {
    return this.#document.positionAt(node.range?.[0] ?? 0);
  }

  #problem(node: Node, text: string): void {
    this.problems.push({ position: this.#positionOf(node), text });
  }
}

/**
 * The value of a key with an empty value. In a mapping with arbitrary keys it is the empty string. A known key counts as
 * missing, or is the empty string if the schema says so. An unknown key must stay, so that it is reported.
 */
function valueOfEmptyKey(schema: SchemaNode, name: string, value: SchemaNode): unknown {
  if (typeof schema.additionalProperties === 'object') {
    if (value.type === 'string') return '';
    return value.orOne === true ? [''] : MISSING;
  }
  if (value.emptyText === true) return '';
  return isKnownKey(schema, name) ? MISSING : null;
}

function decodeScalar(node: Scalar, schema: SchemaNode | undefined): unknown {
  const plain = node.type === 'PLAIN';
  if (node.value === null && plain) return MISSING;
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
