// Parses pipelines: declarations, commands and their operands. Source: Go, text/template/parse/parse.go.

import { PromfedError } from '../../../model/index.js';
import { quoteString } from '../format/quote.js';
import { MAX_NESTING } from '../limits.js';
import { type CommandNode, type OperandNode, type PipeNode, printNode, type VariableNode } from './nodes.js';
import { type NumberConstant, parseNumber } from './number.js';
import { isKeyword, type Token, type TokenKind } from './token.js';
import type { TokenBuffer } from './token-buffer.js';

/** Current nesting of blocks and parentheses, in all parsers of a template together. */
export class Nesting {
  #depth = 0;

  enter(tokens: TokenBuffer): void {
    if (++this.#depth > MAX_NESTING) tokens.fail(`more than ${MAX_NESTING} nested blocks and parentheses`);
  }

  leave(): void {
    this.#depth--;
  }
}

const OPERAND_STARTS: ReadonlySet<TokenKind> = new Set([
  'bool',
  'charConstant',
  'field',
  'identifier',
  'number',
  'rawString',
  'string',
  'variable',
  'leftParen',
]);

export class PipelineParser {
  readonly #tokens: TokenBuffer;
  /** Variables in scope; declarations are added. */
  readonly #variables: string[];
  readonly #functions: ReadonlySet<string>;
  readonly #nesting: Nesting;

  constructor(
    tokens: TokenBuffer,
    variables: string[],
    { functions, nesting }: { readonly functions: ReadonlySet<string>; readonly nesting: Nesting },
  ) {
    this.#tokens = tokens;
    this.#variables = variables;
    this.#functions = functions;
    this.#nesting = nesting;
  }

  /**
   * Parses a pipeline and the token after it.
   *
   * @param context the part of the template, as errors name it.
   * @param endKind the token that ends the pipeline.
   */
  parse(context: string, endKind: TokenKind): PipeNode {
    const { pos } = this.#tokens.peekNonSpace();
    const { variables, isAssign } = this.#declarations(context);
    const commands: CommandNode[] = [];
    for (;;) {
      const token = this.#tokens.nextNonSpace();
      if (token.kind === endKind) {
        this.#checkPipeline(commands, context);
        return { kind: 'pipe', pos, isAssign, variables, commands };
      }
      if (!OPERAND_STARTS.has(token.kind) && !isKeyword(token, '.') && !isKeyword(token, 'nil')) {
        this.#tokens.unexpected(token, context);
      }
      this.#tokens.backup();
      commands.push(this.#command());
    }
  }

  /** Parses `$x :=`, `$x =` or, in a range, `$i, $x :=`. */
  #declarations(context: string): { variables: readonly VariableNode[]; isAssign: boolean } {
    const variables: VariableNode[] = [];
    while (this.#tokens.peekNonSpace().kind === 'variable') {
      const token = this.#tokens.next();
      const after = this.#tokens.peek();
      const next = this.#tokens.peekNonSpace();
      const isComma = next.kind === 'char' && next.text === ',';
      if (!isComma && next.kind !== 'assign' && next.kind !== 'declare') {
        if (after.kind === 'space') this.#tokens.backup3(token, after);
        else this.#tokens.backup2(token);
        break;
      }
      this.#tokens.nextNonSpace();
      variables.push({ kind: 'variable', pos: token.pos, names: [token.text] });
      this.#variables.push(token.text);
      if (!isComma) return { variables, isAssign: next.kind === 'assign' };
      if (context !== 'range' || variables.length >= 2)
        this.#tokens.fail(`too many declarations in ${context}`);
      const { kind } = this.#tokens.peekNonSpace();
      if (kind !== 'variable' && kind !== 'rightDelim' && kind !== 'rightParen') {
        this.#tokens.fail('range can only initialize variables');
      }
    }
    return { variables, isAssign: false };
  }

  #checkPipeline(commands: readonly CommandNode[], context: string): void {
    if (commands.length === 0) this.#tokens.fail(`missing value for ${context}`);
    commands.forEach(({ args }, i) => {
      const kind = args[0]!.kind;
      const isConstant = kind === 'bool' || kind === 'dot' || kind === 'nil' || kind === 'number';
      if (i > 0 && (isConstant || kind === 'string')) {
        this.#tokens.fail(`non executable command in pipeline stage ${i + 1}`);
      }
    });
  }

  /** Parses operands up to `|`, which is consumed, or the end of the pipeline, which is not. */
  #command(): CommandNode {
    const { pos } = this.#tokens.peekNonSpace();
    const args: OperandNode[] = [];
    for (;;) {
      this.#tokens.peekNonSpace();
      const operand = this.#operand();
      if (operand !== undefined) args.push(operand);
      const token = this.#tokens.next();
      if (token.kind === 'space') continue;
      if (token.kind === 'rightDelim' || token.kind === 'rightParen') this.#tokens.backup();
      else if (token.kind !== 'pipe') this.#tokens.unexpected(token, 'operand');
      break;
    }
    if (args.length === 0) this.#tokens.fail('empty command');
    return { kind: 'command', pos, args };
  }

  /** Parses a term and the fields after it; undefined when the next token does not start a term. */
  #operand(): OperandNode | undefined {
    const node = this.#term();
    if (node === undefined || this.#tokens.peek().kind !== 'field') return node;
    const { pos } = this.#tokens.peek();
    const names: string[] = [];
    while (this.#tokens.peek().kind === 'field') names.push(this.#tokens.next().text.slice(1));
    if (node.kind === 'field' || node.kind === 'variable') {
      return { kind: node.kind, pos, names: [...node.names, ...names] };
    }
    if (node.kind === 'chain' || node.kind === 'identifier' || node.kind === 'pipe') {
      return { kind: 'chain', pos, node, names };
    }
    return this.#tokens.fail(`unexpected . after term ${quoteString(printNode(node))}`);
  }

  #term(): OperandNode | undefined {
    const token = this.#tokens.nextNonSpace();
    const node = this.#tryTerm(token);
    if (node === undefined) this.#tokens.backup();
    return node;
  }

  #tryTerm(token: Token): OperandNode | undefined {
    const { kind, pos, text } = token;
    if (isKeyword(token, '.')) return { kind: 'dot', pos };
    if (isKeyword(token, 'nil')) return { kind: 'nil', pos };
    if (kind === 'identifier') {
      if (!this.#functions.has(text)) this.#tokens.fail(`function ${quoteString(text)} not defined`);
      return { kind: 'identifier', pos, name: text };
    }
    if (kind === 'variable') {
      if (!this.#variables.includes(text)) this.#tokens.fail(`undefined variable ${quoteString(text)}`);
      return { kind: 'variable', pos, names: [text] };
    }
    if (kind === 'field') return { kind: 'field', pos, names: [text.slice(1)] };
    if (kind === 'bool') return { kind: 'bool', pos, value: text === 'true' };
    if (kind === 'charConstant' || kind === 'number') {
      return { kind: 'number', pos, constant: this.#number(text) };
    }
    if (kind === 'string' || kind === 'rawString') {
      return { kind: 'string', pos, quoted: text, text: this.#tokens.unquote(token) };
    }
    return kind === 'leftParen' ? this.#parenthesized() : undefined;
  }

  #parenthesized(): PipeNode {
    this.#nesting.enter(this.#tokens);
    const pipe = this.parse('parenthesized pipeline', 'rightParen');
    this.#nesting.leave();
    return pipe;
  }

  #number(text: string): NumberConstant {
    try {
      return parseNumber(text);
    } catch (error) {
      if (error instanceof PromfedError) return this.#tokens.fail(error.message);
      throw error;
    }
  }
}
