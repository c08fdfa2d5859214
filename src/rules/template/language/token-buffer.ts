// Tokens with a lookahead of three, and the errors about them. Source: Go, text/template/parse/parse.go.

import { PromfedError } from '../../../model/index.js';
import type { Lexer } from './lexer.js';
import { describeToken, type Token, type TokenKind } from './token.js';
import { tryUnquote } from './unquote.js';

/** Tokens of a lexer that can be put back. */
export class TokenBuffer {
  readonly #lexer: Lexer;
  readonly #templateName: string;
  /** Line of the action that is being parsed; 0 outside of actions. */
  actionLine = 0;
  /** The last token read is the first one, even when it was put back. */
  readonly #tokens: Token[] = [];
  #peeked = 0;

  constructor(lexer: Lexer, templateName: string) {
    this.#lexer = lexer;
    this.#templateName = templateName;
  }

  next(): Token {
    if (this.#peeked > 0) this.#peeked--;
    else this.#tokens[0] = this.#lexer.next();
    return this.#tokens[this.#peeked]!;
  }

  /** Puts back the token that was returned last. */
  backup(): void {
    this.#peeked++;
  }

  /** Puts back two tokens: `first`, and the one read last. */
  backup2(first: Token): void {
    this.#tokens[1] = first;
    this.#peeked = 2;
  }

  /** Puts back three tokens: `first`, `second`, and the one read last. */
  backup3(first: Token, second: Token): void {
    this.#tokens[1] = second;
    this.#tokens[2] = first;
    this.#peeked = 3;
  }

  peek(): Token {
    if (this.#peeked === 0) {
      this.#peeked = 1;
      this.#tokens[0] = this.#lexer.next();
    }
    return this.#tokens[this.#peeked - 1]!;
  }

  nextNonSpace(): Token {
    let token = this.next();
    while (token.kind === 'space') token = this.next();
    return token;
  }

  peekNonSpace(): Token {
    const token = this.nextNonSpace();
    this.backup();
    return token;
  }

  /** Returns the next token, which must be of a kind. */
  expect(kind: TokenKind, context: string): Token {
    const token = this.nextNonSpace();
    return token.kind === kind ? token : this.unexpected(token, context);
  }

  unquote({ text }: Token): string {
    return tryUnquote(text) ?? this.fail('invalid syntax');
  }

  unexpected(token: Token, context: string): never {
    if (token.kind !== 'error') return this.fail(`unexpected ${describeToken(token)} in ${context}`);
    if (this.actionLine === 0 || this.actionLine === token.line) return this.fail(token.text);
    // Go avoids "action in action".
    const action = token.text.endsWith(' action') ? '' : ' in action';
    return this.fail(`${token.text}${action} started at ${this.#templateName}:${this.actionLine}`);
  }

  /** Throws with Go's text, at the line of the token read last. */
  fail(text: string): never {
    const line = this.#tokens[0]?.line ?? 0;
    throw new PromfedError('bad_data', `template: ${this.#templateName}:${line}: ${text}`);
  }
}
