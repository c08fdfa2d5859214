// Parses templates to syntax trees. Source: Go, text/template/parse/parse.go.

import { PromfedError } from '../../../model/index.js';
import { quoteString } from '../format/quote.js';
import { MAX_SOURCE_CHARS } from '../limits.js';
import { Lexer } from './lexer.js';
import type { BlockNode, BranchNode, ListNode, PipeNode } from './nodes.js';
import { Nesting, PipelineParser } from './pipeline-parser.js';
import { isKeyword, type Token } from './token.js';
import { TokenBuffer } from './token-buffer.js';

/** Templates by name: the main one and its definitions. */
export type TemplateSet = ReadonlyMap<string, ListNode>;

export interface ParseOptions {
  /** Name of the main template, shown in errors. */
  readonly name: string;
  readonly functions: ReadonlySet<string>;
  /** Variables of the main template that are defined without a declaration, with `$`. */
  readonly variables: readonly string[];
}

/**
 * Parses a template and the definitions in it.
 *
 * @throws PromfedError `bad_data` with Go's text `template: NAME:LINE: …`.
 */
export function parseTemplateSet(source: string, options: ParseOptions): TemplateSet {
  const { name } = options;
  if (source.length > MAX_SOURCE_CHARS) {
    throw new PromfedError(
      'bad_data',
      `template: ${name}: the source exceeds the limit of ${MAX_SOURCE_CHARS} characters`,
    );
  }
  const set = new Map<string, ListNode>();
  const { functions, variables } = options;
  const shared = { lexer: new Lexer(source), name, functions, set, nesting: new Nesting() };
  new Parser(shared, name, ['$', ...variables]).parseMain();
  return set;
}

interface Shared {
  readonly lexer: Lexer;
  readonly name: string;
  readonly functions: ReadonlySet<string>;
  readonly set: Map<string, ListNode>;
  readonly nesting: Nesting;
}

/** `{{end}}` or `{{else}}`, which end a list. */
interface ListEnd {
  readonly kind: 'end' | 'else';
  readonly pos: number;
}

/** Parser of one template or definition. */
class Parser {
  readonly #shared: Shared;
  readonly #tokens: TokenBuffer;
  readonly #pipelines: PipelineParser;
  #name: string;
  /** Variables in scope. */
  readonly #variables: string[];
  #rangeDepth = 0;

  constructor(shared: Shared, name: string, variables: string[]) {
    this.#shared = shared;
    this.#tokens = new TokenBuffer(shared.lexer, shared.name);
    this.#pipelines = new PipelineParser(this.#tokens, variables, shared);
    this.#name = name;
    this.#variables = variables;
  }

  parseMain(): void {
    const pos = this.#tokens.peek().pos;
    const nodes: BlockNode[] = [];
    while (this.#tokens.peek().kind !== 'eof') {
      if (this.#tokens.peek().kind === 'leftDelim') {
        const delim = this.#tokens.next();
        if (isKeyword(this.#tokens.nextNonSpace(), 'define')) {
          this.#createChild('definition').#parseDefinition();
          continue;
        }
        this.#tokens.backup2(delim);
      }
      const node = this.#textOrAction();
      if (isEnd(node)) this.#tokens.fail(`unexpected {{${node.kind}}}`);
      nodes.push(node);
    }
    this.#add({ kind: 'list', pos, nodes });
  }

  #createChild(name: string): Parser {
    return new Parser(this.#shared, name, ['$']);
  }

  /** Parses `{{define "NAME"}}…{{end}}` after its keyword. */
  #parseDefinition(): void {
    const context = 'define clause';
    const name = this.#tokens.nextNonSpace();
    if (name.kind !== 'string' && name.kind !== 'rawString') this.#tokens.unexpected(name, context);
    this.#name = this.#tokens.unquote(name);
    this.#tokens.expect('rightDelim', context);
    const { list, end } = this.#list();
    if (end.kind !== 'end') this.#tokens.fail(`unexpected {{${end.kind}}} in ${context}`);
    this.#add(list);
  }

  #add(list: ListNode): void {
    const present = this.#shared.set.get(this.#name);
    if (present === undefined || isEmpty(present)) this.#shared.set.set(this.#name, list);
    else if (!isEmpty(list)) {
      this.#tokens.fail(`template: multiple definition of template ${quoteString(this.#name)}`);
    }
  }

  /** Parses up to `{{end}}` or `{{else}}`. */
  #list(): { list: ListNode; end: ListEnd } {
    const pos = this.#tokens.peekNonSpace().pos;
    const nodes: BlockNode[] = [];
    this.#shared.nesting.enter(this.#tokens);
    while (this.#tokens.peekNonSpace().kind !== 'eof') {
      const node = this.#textOrAction();
      if (isEnd(node)) {
        this.#shared.nesting.leave();
        return { list: { kind: 'list', pos, nodes }, end: node };
      }
      nodes.push(node);
    }
    return this.#tokens.fail('unexpected EOF');
  }

  #textOrAction(): BlockNode | ListEnd {
    const token = this.#tokens.nextNonSpace();
    if (token.kind === 'text') return { kind: 'text', pos: token.pos, text: token.text };
    if (token.kind !== 'leftDelim') return this.#tokens.unexpected(token, 'input');
    this.#tokens.actionLine = token.line;
    const node = this.#action();
    this.#tokens.actionLine = 0;
    return node;
  }

  #action(): BlockNode | ListEnd {
    const token = this.#tokens.nextNonSpace();
    if (token.kind === 'keyword') {
      switch (token.text) {
        case 'block':
          return this.#block();
        case 'break':
        case 'continue':
          return this.#jump(token.text, token.pos);
        case 'else':
          return this.#else();
        case 'end':
          return { kind: 'end', pos: this.#tokens.expect('rightDelim', 'end').pos };
        case 'if':
        case 'range':
        case 'with':
          return this.#branch(token.text);
        case 'template':
          return this.#templateCall();
      }
    }
    this.#tokens.backup();
    const { pos } = this.#tokens.peek();
    return { kind: 'action', pos, pipe: this.#pipelines.parse('command', 'rightDelim') };
  }

  #jump(kind: 'break' | 'continue', pos: number): BlockNode {
    const token = this.#tokens.nextNonSpace();
    if (token.kind !== 'rightDelim') this.#tokens.unexpected(token, `{{${kind}}}`);
    if (this.#rangeDepth === 0) this.#tokens.fail(`{{${kind}}} outside {{range}}`);
    return { kind, pos };
  }

  #else(): ListEnd {
    const next = this.#tokens.peekNonSpace();
    // `{{else if …}}` and `{{else with …}}` are parsed as `{{else}}{{if …}}`.
    if (isKeyword(next, 'if') || isKeyword(next, 'with')) return { kind: 'else', pos: next.pos };
    return { kind: 'else', pos: this.#tokens.expect('rightDelim', 'else').pos };
  }

  #branch(kind: BranchNode['kind']): BranchNode {
    const scope = this.#variables.length;
    const pipe = this.#pipelines.parse(kind, 'rightDelim');
    if (kind === 'range') this.#rangeDepth++;
    const { list, end } = this.#list();
    if (kind === 'range') this.#rangeDepth--;
    let elseList: ListNode | undefined;
    if (end.kind === 'else') elseList = this.#elseList(kind, end);
    this.#variables.length = scope;
    return { kind, pos: pipe.pos, pipe, list, elseList };
  }

  #elseList(kind: BranchNode['kind'], { pos }: ListEnd): ListNode {
    if (kind !== 'range' && isKeyword(this.#tokens.peek(), kind)) {
      this.#tokens.next();
      this.#shared.nesting.enter(this.#tokens);
      const node = this.#branch(kind);
      this.#shared.nesting.leave();
      // One `{{end}}` ends both.
      return { kind: 'list', pos, nodes: [node] };
    }
    const { list, end } = this.#list();
    if (end.kind !== 'end') this.#tokens.fail(`expected end; found {{${end.kind}}}`);
    return list;
  }

  /** Parses `{{block "NAME" PIPELINE}}…{{end}}` after its keyword: a definition and a call of it. */
  #block(): BlockNode {
    const context = 'block clause';
    const token = this.#tokens.nextNonSpace();
    const name = this.#templateName(token, context);
    const pipe = this.#pipelines.parse(context, 'rightDelim');
    const child = this.#createChild(name);
    const { list, end } = child.#list();
    if (end.kind !== 'end') this.#tokens.fail(`unexpected {{${end.kind}}} in ${context}`);
    child.#add(list);
    return { kind: 'template', pos: token.pos, name, pipe };
  }

  #templateCall(): BlockNode {
    const context = 'template clause';
    const token = this.#tokens.nextNonSpace();
    const name = this.#templateName(token, context);
    let pipe: PipeNode | undefined;
    if (this.#tokens.nextNonSpace().kind !== 'rightDelim') {
      this.#tokens.backup();
      pipe = this.#pipelines.parse(context, 'rightDelim');
    }
    return { kind: 'template', pos: token.pos, name, pipe };
  }

  #templateName(token: Token, context: string): string {
    if (token.kind !== 'string' && token.kind !== 'rawString') this.#tokens.unexpected(token, context);
    return this.#tokens.unquote(token);
  }
}

function isEnd(node: BlockNode | ListEnd): node is ListEnd {
  return node.kind === 'end' || node.kind === 'else';
}

/** Reports whether a template has only spaces: a later definition may replace it. */
function isEmpty({ nodes }: ListNode): boolean {
  return nodes.every((node) => node.kind === 'text' && node.text.trim() === '');
}
