// The token stream of the parser, with one token of lookahead and the parse errors.

import type { Position } from '../ast.js';
import type { FeatureSet } from '../features.js';
import { Lexer } from '../lexer/lexer.js';
import { isUtf8, unquote } from '../lexer/literals.js';
import { NodeCount } from './node-count.js';
import { ParseError } from '../parse-error.js';
import { quote } from '../printer/quote.js';
import { describeToken, type Token, type TokenKind } from '../lexer/tokens.js';

/**
 * Maximum depth of a duration expression: parentheses and chains of operators count. Functions of durations recurse
 * without checkpoints. Expressions themselves may have any depth.
 */
export const MAX_DURATION_DEPTH = 500;

/** A grammar rule that is named in errors about unexpected tokens. */
interface Context {
  readonly where: string;
  readonly expected: string;
}

/** Tokens are read on demand: Prometheus reports the first error and reads no further than needed to find it. */
export class TokenStream {
  readonly text: string;
  readonly features: FeatureSet;
  readonly #nodes: NodeCount;
  readonly #lexer: Lexer;
  readonly #contexts: Context[] = [];
  #lookahead: Token | undefined;
  #depth = 0;
  /** The end of the last token taken, as an index into the text. */
  #lastEnd = 0;

  /**
   * @param start `matchers` for the inside of braces.
   * @param nodes limit on the nodes. Default: none.
   */
  constructor(
    text: string,
    features: FeatureSet,
    start: 'statement' | 'matchers' = 'statement',
    nodes = new NodeCount(Infinity),
  ) {
    this.text = text;
    this.features = features;
    this.#nodes = nodes;
    this.#lexer = new Lexer(text, start);
  }

  /** Returns the next token without taking it. */
  peek(): Token {
    return (this.#lookahead ??= this.#lexer.next());
  }

  /** Takes the next token. */
  take(): Token {
    const token = this.peek();
    this.#lookahead = undefined;
    this.#lastEnd = token.end;
    return token;
  }

  /** Takes the next token if it has the kind. */
  tryTake(kind: TokenKind): Token | undefined {
    return this.peek().kind === kind ? this.take() : undefined;
  }

  /**
   * Takes the next token, which must have the kind.
   *
   * @throws ParseError as `unexpected` creates it.
   */
  expect(kind: TokenKind, where?: string, expected?: string): Token {
    const token = this.tryTake(kind);
    if (token === undefined) throw this.unexpected(where, expected);
    return token;
  }

  /**
   * Counts a node that begins at the next token or ends before it.
   *
   * @throws ParseError beyond the limit on nodes.
   */
  countNode(): void {
    if (this.#nodes.tryAdd()) return;
    const reason = `more than ${this.#nodes.max} expressions, matchers and labels (--query.max-nodes)`;
    throw this.error(this.position(this.peek()), reason);
  }

  /**
   * Counts a regular expression at a position.
   *
   * @throws ParseError beyond the limit on all regular expressions.
   */
  countPattern(instructions: number, position: Position): void {
    if (this.#nodes.tryAddPattern(instructions)) return;
    const reason = `regular expressions too large: together they compile to more than ${this.#nodes.maxInstructions} instructions`;
    throw this.error(position, reason);
  }

  /** Returns the byte offsets of a token. */
  position(token: Token): Position {
    return this.#lexer.position(token.start, token.end);
  }

  /** Returns the byte range from `start` to the end of the last token taken. */
  positionFrom(start: number): Position {
    return { start, end: this.#lexer.byteOffset(this.#lastEnd) };
  }

  /** Creates a parse error at a position of the query. */
  error(position: Position, reason: string): ParseError {
    return new ParseError(this.text, position, reason);
  }

  /**
   * Creates the error of an unexpected next token. Without `where` the error names the innermost context that was
   * entered: Prometheus' generated parser unwinds to the nearest rule that handles errors.
   */
  unexpected(where?: string, expected = ''): ParseError {
    const context = where === undefined ? this.#contexts.at(-1) : { where, expected };
    const token = this.peek();
    let reason = `unexpected ${describeToken(token)}`;
    if (context !== undefined) {
      reason += ` in ${context.where}`;
      if (context.expected !== '') reason += `, expected ${context.expected}`;
    }
    return this.error(this.position(token), reason);
  }

  /** Enters a grammar rule that handles errors. After an error the stream is not used, so nothing is unwound. */
  enter(where: string, expected: string): void {
    this.#contexts.push({ where, expected });
  }

  /** Leaves the rule entered last. */
  leave(): void {
    this.#contexts.pop();
  }

  /** Runs a grammar rule that handles errors. */
  inContext<T>(where: string, expected: string, parse: () => T): T {
    this.enter(where, expected);
    const result = parse();
    this.leave();
    return result;
  }

  /**
   * Parses a part of a duration one level deeper.
   *
   * @throws ParseError beyond MAX_DURATION_DEPTH levels.
   */
  nested<T>(parse: () => T): T {
    if (++this.#depth > MAX_DURATION_DEPTH) throw this.tooDeep(this.position(this.peek()));
    const result = parse();
    this.#depth--;
    return result;
  }

  /** Creates the error of a duration with more than MAX_DURATION_DEPTH levels. */
  tooDeep(position: Position): ParseError {
    return this.error(position, `duration is nested too deeply: the limit is ${MAX_DURATION_DEPTH} levels`);
  }

  /**
   * Returns the value of a string token.
   *
   * @throws ParseError when it is not UTF-8. Prometheus accepts the bytes, which match no label.
   */
  unquote(token: Token): string {
    const text = unquote(token.text);
    if (!isUtf8(text)) throw this.error(this.position(token), invalidUtf8(token.text));
    return text;
  }
}

/** The reason of the error for a string literal whose escapes are not valid UTF-8. */
export function invalidUtf8(literal: string): string {
  return `string ${quote(literal)} is not valid UTF-8`;
}
