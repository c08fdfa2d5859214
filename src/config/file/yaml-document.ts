// Parses YAML text to a tree of nodes that is safe to walk: one document, bounded in depth and size, without syntax
// errors.

import {
  Composer,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  Parser,
  type Alias,
  type CST,
  type Document,
  type Node,
  type YAMLError,
} from 'yaml';

import { ConfigError, type FilePosition } from '../config-error.js';

/** Maximum size of the file, enough for thousands of server groups. */
export const MAX_FILE_BYTES = 4 * 1024 * 1024;
/** Maximum depth of nested values, aliases counted. promxy's keys need eight levels. */
export const MAX_DEPTH = 64;
/** Maximum number of values, aliases counted each time they are used. */
export const MAX_VALUES = 250_000;
/** Maximum number of syntax errors that are reported. */
const MAX_SYNTAX_ERRORS = 20;

/** A parsed file. All keys of its tree are scalars, and all aliases are resolved and free of cycles. */
export interface YamlDocument {
  /** Undefined for a file without a value. */
  readonly root: Node | undefined;
  /** The node that each alias refers to. */
  readonly aliases: ReadonlyMap<Alias, Node>;
  /** The whole file, to which the offsets of nodes refer. */
  readonly text: string;
  /** Start of the second document, which is ignored; undefined for a single one. */
  readonly second: FilePosition | undefined;
  positionAt(offset: number): FilePosition;
}

export interface YamlOptions {
  /** True to ignore all documents after the first one. Default false: they are a problem. */
  readonly allowsSeveral?: boolean;
}

/**
 * Parses a whole file, in time linear in its size.
 *
 * @throws ConfigError with the syntax errors. It never quotes the text, which may contain secrets.
 */
export function parseYaml(text: string, file: string, options: YamlOptions = {}): YamlDocument {
  const lines = new LineCounter();
  const positionAt = (offset: number): FilePosition => {
    const { line, col } = lines.linePos(Math.max(0, Math.min(offset, text.length)));
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const fail: Fail = (offset, reason) => {
    throw new ConfigError(file, [{ position: positionAt(offset), text: `invalid YAML: ${reason}` }]);
  };

  const { allowsSeveral = false } = options;
  const documents = parseDocuments(text, file, lines, positionAt, fail, allowsSeveral);
  const second = documents[1]?.range[0];
  if (second !== undefined && !allowsSeveral) fail(second, SYNTAX_ERRORS.MULTIPLE_DOCS);
  const root = documents[0]?.contents ?? undefined;
  return {
    root,
    aliases: root === undefined ? new Map() : resolveAliases(root, fail),
    text,
    second: second === undefined ? undefined : positionAt(second),
    positionAt,
  };
}

/** Throws a ConfigError at the offset. */
type Fail = (offset: number, reason: string) => never;

/** Up to two documents of the file; none for an empty file. The second one may have errors if several are allowed. */
function parseDocuments(
  text: string,
  file: string,
  lines: LineCounter,
  positionAt: YamlDocument['positionAt'],
  fail: Fail,
  allowsSeveral: boolean,
): Document.Parsed[] {
  const parsed: Document.Parsed[] = [];
  try {
    const tokens = [...new Parser(lines.addNewLine).parse(text)];
    checkSize(tokens, fail);
    // Keys are checked for duplicates while decoding: the option of the parser takes quadratic time.
    const options = { lineCounter: lines, prettyErrors: false, uniqueKeys: false, schema: 'core' } as const;
    for (const document of new Composer(options).compose(tokens, true, text.length)) {
      if (parsed.length === 1 && allowsSeveral) return [...parsed, document];
      // Warnings are about tags and directives that would be ignored.
      const errors: YAMLError[] = [...document.errors, ...document.warnings];
      if (errors.length > 0) {
        const problems = errors.slice(0, MAX_SYNTAX_ERRORS).map((error) => ({
          position: positionAt(error.pos[0]),
          text: `invalid YAML: ${SYNTAX_ERRORS[error.code]}`,
        }));
        throw new ConfigError(file, onePerLine(problems));
      }
      parsed.push(document);
      if (parsed.length === 2) break;
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    // A bug of the parser must not stop a process that reloads its configuration.
    throw new ConfigError(file, [{ position: undefined, text: 'invalid YAML: the file cannot be parsed' }]);
  }
  return parsed;
}

/** Reasons by the parser's error codes. The messages of the parser quote the text, which may contain secrets. */
const SYNTAX_ERRORS: Readonly<Record<YAMLError['code'], string>> = {
  ALIAS_PROPS: 'an alias must not have an anchor or a tag',
  BAD_ALIAS: 'invalid alias or anchor name',
  BAD_COLLECTION_TYPE: 'the tag does not match the type of the value',
  BAD_DIRECTIVE: 'invalid directive',
  BAD_DQ_ESCAPE: 'invalid escape sequence in a double-quoted string',
  BAD_INDENT: 'inconsistent indentation',
  BAD_PROP_ORDER: 'misplaced anchor or tag',
  BAD_SCALAR_START: 'a string must not start with this character; enclose the string in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'mapping or list in place of a plain value; check colons and indentation',
  BLOCK_IN_FLOW: 'indented block inside { } or [ ]',
  DUPLICATE_KEY: 'duplicate key',
  IMPOSSIBLE: 'syntax error',
  KEY_OVER_1024_CHARS: 'key is longer than 1024 characters',
  MISSING_CHAR: 'missing character; check closing quotes and brackets, commas, and spaces after colons',
  MULTILINE_IMPLICIT_KEY: 'key spans several lines; check the colon after it',
  MULTIPLE_ANCHORS: 'value has two anchors',
  MULTIPLE_DOCS: 'the file must contain a single document',
  MULTIPLE_TAGS: 'value has two tags',
  NON_STRING_KEY: 'key must be a string',
  RESOURCE_EXHAUSTION: 'values are nested too deeply',
  TAB_AS_INDENT: 'tab in indentation; use spaces',
  TAG_RESOLVE_FAILED: 'unknown tag',
  UNEXPECTED_TOKEN: 'unexpected token; check indentation, quotes and brackets',
};

/** Drops problems with the text of an earlier one on the same line. */
function onePerLine<P extends { readonly position: FilePosition; readonly text: string }>(
  problems: readonly P[],
): P[] {
  const byLine = new Map<string, P>();
  for (const problem of problems) {
    const key = `${problem.position.line} ${problem.text}`;
    if (!byLine.has(key)) byLine.set(key, problem);
  }
  return [...byLine.values()];
}

/** Limits the depth and number of values before recursive or costly steps. */
function checkSize(tokens: readonly CST.Token[], fail: Fail): void {
  let values = 0;
  let errors = 0;
  const stack: [token: CST.Token, depth: number][] = [];
  for (const top of tokens) {
    if (top.type === 'error' && ++errors > MAX_SYNTAX_ERRORS)
      fail(top.offset, SYNTAX_ERRORS.UNEXPECTED_TOKEN);
    if (!SPACE.has(top.type)) stack.push([top, 0]);
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const [token, depth] = next;
      if (depth > MAX_DEPTH)
        fail(token.offset, `values are nested too deeply: at most ${MAX_DEPTH} levels are allowed`);
      if (++values > MAX_VALUES) fail(token.offset, `too many values: at most ${MAX_VALUES} are allowed`);
      if (token.type === 'document' && token.value !== undefined) stack.push([token.value, depth]);
      if (!('items' in token)) continue;
      for (const { start, key, sep, value } of token.items) {
        // Stray commas and colons cost as much time as values.
        values += countMeaningful(start) + (sep === undefined ? 0 : countMeaningful(sep));
        if (key !== undefined && key !== null) stack.push([key, depth + 1]);
        if (value !== undefined) stack.push([value, depth + 1]);
      }
    }
  }
}

function countMeaningful(tokens: readonly CST.SourceToken[]): number {
  return tokens.reduce((count, { type }) => count + (SPACE.has(type) ? 0 : 1), 0);
}

const SPACE: ReadonlySet<string> = new Set(['space', 'newline', 'comment']);

/** Finds the node of each alias: the last one before it that has the anchor. */
function resolveAliases(root: Node, fail: Fail): Map<Alias, Node> {
  const aliases = new Map<Alias, Node>();
  const anchors = new Map<string, Node>();
  const open = new Set<Node>();

  function visit(node: unknown): void {
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target === undefined)
        return fail(node.range![0], 'unknown alias: no anchor with this name precedes it');
      if (open.has(target)) return fail(node.range![0], 'alias refers to a value that contains it');
      aliases.set(node, target);
      return;
    }
    if (!isMap(node) && !isSeq(node) && !isScalar(node)) return;
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    open.add(node);
    if (isMap(node)) {
      for (const { key, value } of node.items) {
        visit(key);
        visit(value);
      }
    } else if (isSeq(node)) {
      node.items.forEach(visit);
    }
    open.delete(node);
  }

  visit(root);
  return aliases;
}
