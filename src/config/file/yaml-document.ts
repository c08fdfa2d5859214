// YAML text to a tree of nodes that is safe to walk: one document, bounded in depth and size, without syntax errors.

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

import { ConfigError, type Place } from '../config-error.js';

/** The largest file that is read: some thousand server groups. */
export const MAX_FILE_BYTES = 4 * 1024 * 1024;
/** How deep values may be nested, aliases counted; promxy's own keys need eight levels. */
export const MAX_DEPTH = 64;
/** How many values a file may hold, aliases counted as often as they are used. */
export const MAX_VALUES = 250_000;
/** After so many syntax errors the rest is noise. */
const MAX_SYNTAX_ERRORS = 20;

/** A parsed file. Its tree has scalar keys only, no unresolved alias and no alias that holds itself. */
export interface YamlDocument {
  /** Undefined for a file without any value. */
  readonly root: Node | undefined;
  /** What each alias stands for. */
  readonly aliases: ReadonlyMap<Alias, Node>;
  placeAt(offset: number): Place;
}

/**
 * Parses a whole file. The work is bounded by the size of the text.
 *
 * @throws ConfigError that lists the syntax errors, without quoting the text: it may hold secrets.
 */
export function parseYaml(text: string, file: string): YamlDocument {
  const lines = new LineCounter();
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(Math.max(0, Math.min(offset, text.length)));
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const fail = (offset: number, reason: string): never => {
    throw new ConfigError(file, [{ place: placeAt(offset), text: reason }]);
  };

  const documents = parseDocuments(text, file, lines, placeAt, fail);
  const root = documents[0]?.contents ?? undefined;
  return { root, aliases: root === undefined ? new Map() : resolveAliases(root, fail), placeAt };
}

/** One document, or none of an empty file. */
function parseDocuments(
  text: string,
  file: string,
  lines: LineCounter,
  placeAt: (offset: number) => Place,
  fail: (offset: number, reason: string) => never,
): Document.Parsed[] {
  const documents: Document.Parsed[] = [];
  try {
    const tokens = [...new Parser(lines.addNewLine).parse(text)];
    checkSize(tokens, fail);
    // Uniqueness of keys is checked while decoding: here it would take quadratic time.
    const options = { lineCounter: lines, prettyErrors: false, uniqueKeys: false, schema: 'core' } as const;
    for (const document of new Composer(options).compose(tokens, true, text.length)) {
      // Warnings are about tags and directives that would not have the meaning their author hoped for.
      const errors: YAMLError[] = [...document.errors, ...document.warnings];
      if (errors.length > 0) {
        const problems = errors
          .slice(0, MAX_SYNTAX_ERRORS)
          .map((error) => ({ place: placeAt(error.pos[0]), text: SYNTAX_ERRORS[error.code] }));
        throw new ConfigError(file, distinct(problems));
      }
      documents.push(document);
      if (documents.length > 1) {
        fail(document.range[0], 'a second document begins here: the file must hold one');
      }
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    // A fault of the parser is no reason to stop a running promfed that is asked to reload.
    throw new ConfigError(file, [{ place: undefined, text: 'the file cannot be parsed as YAML' }]);
  }
  return documents;
}

/** Our own words for the parser's codes: the parser's messages quote the text. */
const SYNTAX_ERRORS: Readonly<Record<YAMLError['code'], string>> = {
  ALIAS_PROPS: 'an alias must not have an anchor or a tag',
  BAD_ALIAS: 'not a valid alias or anchor name',
  BAD_COLLECTION_TYPE: 'the tag does not fit the value',
  BAD_DIRECTIVE: 'not a valid YAML directive',
  BAD_DQ_ESCAPE: 'not a valid escape in double quotes',
  BAD_INDENT: 'the indentation does not fit the lines around it',
  BAD_PROP_ORDER: 'an anchor or a tag stands in the wrong place',
  BAD_SCALAR_START: 'a text must not begin with this character: put it in quotes',
  BLOCK_AS_IMPLICIT_KEY:
    'a mapping or list begins where a plain value is expected: check colons and indentation',
  BLOCK_IN_FLOW: 'an indented block must not stand inside { } or [ ]',
  DUPLICATE_KEY: 'this key is given twice',
  IMPOSSIBLE: 'not valid YAML',
  KEY_OVER_1024_CHARS: 'a key must not be longer than 1024 characters',
  MISSING_CHAR:
    'a character is missing here: a closing quote or bracket, a comma, or the space after a colon',
  MULTILINE_IMPLICIT_KEY: 'a key must stand on one line: is the colon after it missing?',
  MULTIPLE_ANCHORS: 'a value must not have two anchors',
  MULTIPLE_DOCS: 'the file must hold one document',
  MULTIPLE_TAGS: 'a value must not have two tags',
  NON_STRING_KEY: 'a key must be a text',
  RESOURCE_EXHAUSTION: 'values are nested too deeply',
  TAB_AS_INDENT: 'tabs must not be used for indentation: use spaces',
  TAG_RESOLVE_FAILED: 'this tag is not known',
  UNEXPECTED_TOKEN: 'this does not belong here: check indentation, quotes and brackets',
};

/** The same reason once a line is enough. */
function distinct<P extends { readonly place: Place; readonly text: string }>(problems: readonly P[]): P[] {
  const seen = new Set<string>();
  return problems.filter(({ place, text }) => {
    const key = `${place.line} ${text}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** Bounds depth and number of values before anything that is recursive or costly looks at the tokens. */
function checkSize(tokens: readonly CST.Token[], fail: (offset: number, reason: string) => never): void {
  let values = 0;
  let errors = 0;
  const stack: [token: CST.Token, depth: number][] = [];
  for (const top of tokens) {
    if (top.type === 'error' && ++errors > MAX_SYNTAX_ERRORS)
      fail(top.offset, SYNTAX_ERRORS.UNEXPECTED_TOKEN);
    if (!SPACE.has(top.type)) stack.push([top, 0]);
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const [token, depth] = next;
      if (depth > MAX_DEPTH) fail(token.offset, `values are nested more than ${MAX_DEPTH} levels deep`);
      if (++values > MAX_VALUES) fail(token.offset, `the file holds more than ${MAX_VALUES} values`);
      if (token.type === 'document' && token.value !== undefined) stack.push([token.value, depth]);
      if (!('items' in token)) continue;
      for (const { start, key, sep, value } of token.items) {
        // Stray commas and colons cost as much as values do.
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

/** Finds what each alias stands for: the last value before it that has the anchor. */
function resolveAliases(root: Node, fail: (offset: number, reason: string) => never): Map<Alias, Node> {
  const aliases = new Map<Alias, Node>();
  const anchors = new Map<string, Node>();
  const open = new Set<Node>();

  function visit(node: unknown): void {
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target === undefined)
        return fail(node.range![0], 'there is no anchor of this name before this alias');
      if (open.has(target)) return fail(node.range![0], 'this alias stands inside of what it stands for');
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
