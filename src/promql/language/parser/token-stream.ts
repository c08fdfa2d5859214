// The tokens of a query as the parser takes them, and the errors it raises about them.

import type { Position } from '../ast.js';
import type { FeatureSet } from '../features.js';
import { Lexer } from '../lexer/lexer.js';
import { isUtf8, unquote } from '../lexer/literals.js';
import { ParseError } from '../parse-error.js';
import { quote } from '../printer/quote.js';
import { describe, type Token, type TokenKind } from '../lexer/tokens.js';

/**
 * How many levels deep a duration expression may be, parentheses and chains of operators alike: whoever walks one
 * recurses. Durations that somebody wrote have three. Expressions themselves are of any depth.
 */
export const MAX_DURATION_DEPTH = 500;

/** A place of the grammar that says more about an unexpected token than the token itself. */
interface Context {
  readonly where: string;
  readonly expected: string;
}

/**
 * One token of lookahead, read when it is asked for: Prometheus reports the first thing that is wrong, and reads no
 * further than it must to find it.
 */
export class TokenStream {
  readonly text: string;
  readonly features: FeatureSet;
  readonly #lexer: Lexer;
  readonly #contexts: Context[] = [];
  #lookahead: Token | undefined;
  #depth = 0;
  /** The end of the last token taken, as an index into the text. */
  #lastEnd = 0;

  constructor(text: string, features: FeatureSet) {
    this.text = text;
    this.features = features;
    this.#lexer = new Lexer(text);
  }

  peek(): Token {
    return (this.#lookahead ??= this.#lexer.next());
  }

  take(): Token {
    const token = this.peek();
    this.#lookahead = undefined;
    this.#lastEnd = token.end;
    return token;
  }

  /** Takes the next token if it is of a kind. */
  tryTake(kind: TokenKind): Token | undefined {
    return this.peek().kind === kind ? this.take() : undefined;
  }

  /** Takes the next token, which must be of a kind. */
  expect(kind: TokenKind, where?: string, expected?: string): Token {
    const token = this.tryTake(kind);
    if (token === undefined) throw this.unexpected(where, expected);
    return token;
  }

  position(token: Token): Position {
    return this.#lexer.position(token.start, token.end);
  }

  /** From a byte offset to the end of the last token taken. */
  positionFrom(start: number): Position {
    return { start, end: this.#lexer.byteOffset(this.#lastEnd) };
  }

  error(position: Position, reason: string): ParseError {
    return new ParseError(this.text, position, reason);
  }

  /**
   * The next token should not be there. Without a place of its own the error names the innermost one that is
   * entered: Prometheus' generated parser unwinds to the nearest rule that handles errors.
   */
  unexpected(where?: string, expected = ''): ParseError {
    const context = where === undefined ? this.#contexts.at(-1) : { where, expected };
    const token = this.peek();
    let reason = `unexpected ${describe(token)}`;
    if (context !== undefined) {
      reason += ` in ${context.where}`;
      if (context.expected !== '') reason += `, expected ${context.expected}`;
    }
    return this.error(this.position(token), reason);
  }

  /** Enters a part of the grammar that handles its errors. There is no way on after an error, so none back either. */
  enter(where: string, expected: string): void {
    this.#contexts.push({ where, expected });
  }

  /** Leaves the part entered last. */
  leave(): void {
    this.#contexts.pop();
  }

  /** Runs a part of the grammar that handles its errors. */
  inContext<T>(where: string, expected: string, parse: () => T): T {
    this.enter(where, expected);
    const result = parse();
    this.leave();
    return result;
  }

  /** Runs a part of a duration one level deeper. */
  nested<T>(parse: () => T): T {
    if (++this.#depth > MAX_DURATION_DEPTH) throw this.tooDeep(this.position(this.peek()));
    const result = parse();
    this.#depth--;
    return result;
  }

  tooDeep(position: Position): ParseError {
    return this.error(
      position,
      `duration is nested too deeply, at most ${MAX_DURATION_DEPTH} levels are allowed`,
    );
  }

  /** The text of a string token, unescaped. */
  unquote(token: Token): string {
    const text = unquote(token.text);
    // Prometheus would go on with the bytes, and find no label that has them.
    if (!isUtf8(text)) throw this.error(this.position(token), notUtf8(token.text));
    return text;
  }
}

/** What is wrong with a string whose escapes do not spell UTF-8. */
export function notUtf8(literal: string): string {
  return `string ${quote(literal)} is not valid UTF-8`;
}
