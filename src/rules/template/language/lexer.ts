// Divides the source of a template into tokens. Source: Go, text/template/parse/lex.go.

import { describeRune, quoteString } from '../format/quote.js';
import { KEYWORDS, type Token, type TokenKind } from './token.js';

const LEFT = '{{';
const RIGHT = '}}';
const SPACES = ' \t\r\n';

const ALPHANUMERIC = /[\p{L}\p{Nd}_]/uy;
const WORD = /[\p{L}\p{Nd}_]*/uy;
const NUMBER =
  /[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?/y;

/** Returns the token at the start of a text, action, or end. Undefined: continue with the next state. */
type State = () => State | undefined;

/** A lexer that several parsers share: those of a template and of its definitions. */
export class Lexer {
  readonly #source: string;
  #pos = 0;
  #start = 0;
  #line = 1;
  #startLine = 1;
  #parenDepth = 0;
  #token: Token | undefined;
  #state: State | undefined = () => this.#text();

  constructor(source: string) {
    this.#source = source;
  }

  /** Returns the next token. After the end and after an error every token is the end. */
  next(): Token {
    this.#token = undefined;
    for (;;) {
      if (this.#state === undefined)
        return { kind: 'eof', pos: this.#pos, text: 'EOF', line: this.#startLine };
      this.#state = this.#state();
      // `#state` assigned it.
      const token = this.#token as Token | undefined;
      if (token !== undefined) return token;
    }
  }

  #text(): State | undefined {
    const source = this.#source;
    const found = source.indexOf(LEFT, this.#pos);
    if (found === -1) {
      this.#pos = source.length;
      if (this.#pos > this.#start) {
        this.#emit('text');
        return () => this.#text();
      }
      this.#emit('eof');
      return undefined;
    }
    let end = found;
    if (this.#hasLeftTrimMarker(found + LEFT.length)) {
      while (end > this.#start && SPACES.includes(source[end - 1]!)) end--;
    }
    const hasText = end > this.#start;
    if (hasText) {
      this.#pos = end;
      this.#emit('text');
    }
    this.#pos = found;
    this.#ignore();
    return () => this.#leftDelim();
  }

  #leftDelim(): State | undefined {
    this.#pos += LEFT.length;
    const afterMarker = this.#hasLeftTrimMarker(this.#pos) ? 2 : 0;
    if (this.#source.startsWith('/*', this.#pos + afterMarker)) {
      this.#pos += afterMarker;
      this.#ignore();
      return this.#comment();
    }
    this.#emit('leftDelim');
    this.#pos += afterMarker;
    this.#ignore();
    this.#parenDepth = 0;
    return () => this.#action();
  }

  #comment(): State | undefined {
    const end = this.#source.indexOf('*/', this.#pos + 2);
    if (end === -1) return this.#error('unclosed comment');
    this.#pos = end + 2;
    const delim = this.#rightDelimAt();
    if (delim === undefined) return this.#error('comment ends before closing delimiter');
    this.#pos += delim.length;
    if (delim.trims) this.#skipSpaces();
    this.#ignore();
    return () => this.#text();
  }

  #rightDelim(): State | undefined {
    const trims = this.#hasRightTrimMarker(this.#pos);
    if (trims) {
      this.#pos += 2;
      this.#ignore();
    }
    this.#pos += RIGHT.length;
    this.#emit('rightDelim');
    if (trims) {
      this.#skipSpaces();
      this.#ignore();
    }
    return () => this.#text();
  }

  /** Reads one token inside an action. */
  #action(): State | undefined {
    if (this.#rightDelimAt() !== undefined) {
      return this.#parenDepth === 0 ? this.#rightDelim() : this.#error('unclosed left paren');
    }
    const char = this.#peek();
    if (char === '') return this.#error('unclosed action');
    if (SPACES.includes(char)) return this.#space();
    this.#pos += char.length;
    switch (char) {
      case '=':
        return this.#inAction('assign');
      case ':':
        this.#pos++;
        if (this.#source[this.#pos - 1] !== '=') return this.#error('expected :=');
        return this.#inAction('declare');
      case '|':
        return this.#inAction('pipe');
      case '"':
        return this.#quoted('"', 'string', 'unterminated quoted string');
      case "'":
        return this.#quoted("'", 'charConstant', 'unterminated character constant');
      case '`':
        return this.#rawString();
      case '$':
        return this.#fieldOrVariable('variable');
      case '(':
        this.#parenDepth++;
        return this.#inAction('leftParen');
      case ')':
        this.#parenDepth--;
        return this.#parenDepth < 0 ? this.#error('unexpected right paren') : this.#inAction('rightParen');
    }
    if (char === '.' && this.#pos < this.#source.length && !isDigit(this.#source[this.#pos]!)) {
      return this.#fieldOrVariable('field');
    }
    this.#pos -= char.length;
    if (char === '.' || char === '+' || char === '-' || isDigit(char)) return this.#number();
    if (this.#isAlphanumericAt(this.#pos)) return this.#identifier();
    this.#pos += char.length;
    if (char >= ' ' && char <= '~') return this.#inAction('char');
    return this.#error(`unrecognized character in action: ${describeRune(char)}`);
  }

  #space(): State | undefined {
    let count = 0;
    while (SPACES.includes(this.#source[this.#pos] ?? 'x')) {
      this.#pos++;
      count++;
    }
    // A space before `-}}` is part of the trim marker.
    if (this.#hasRightTrimMarker(this.#pos - 1) && this.#source.startsWith(RIGHT, this.#pos + 1)) {
      this.#pos--;
      if (count === 1) return this.#rightDelim();
    }
    return this.#inAction('space');
  }

  #identifier(): State | undefined {
    this.#skipWord();
    const word = this.#source.slice(this.#start, this.#pos);
    if (!this.#isAtTerminator()) return this.#error(`bad character ${describeRune(this.#peek())}`);
    if (KEYWORDS.has(word)) return this.#inAction('keyword');
    return this.#inAction(word === 'true' || word === 'false' ? 'bool' : 'identifier');
  }

  #fieldOrVariable(kind: 'field' | 'variable'): State | undefined {
    // A lone `.` is the keyword.
    if (this.#isAtTerminator()) return this.#inAction(kind === 'variable' ? 'variable' : 'keyword');
    this.#skipWord();
    if (!this.#isAtTerminator()) return this.#error(`bad character ${describeRune(this.#peek())}`);
    return this.#inAction(kind);
  }

  #number(): State | undefined {
    let isValid = this.#scanNumber();
    const char = this.#peek();
    // Go reads `1+2` as the start of a complex constant.
    if (isValid && (char === '+' || char === '-')) {
      isValid = this.#scanNumber() && this.#source[this.#pos - 1] === 'i';
    }
    if (isValid) return this.#inAction('number');
    return this.#error(`bad number syntax: ${quoteString(this.#source.slice(this.#start, this.#pos))}`);
  }

  /** Returns false when the number continues with a letter. */
  #scanNumber(): boolean {
    NUMBER.lastIndex = this.#pos;
    this.#pos += NUMBER.exec(this.#source)![0].length;
    if (!this.#isAlphanumericAt(this.#pos)) return true;
    this.#pos += this.#peek().length;
    return false;
  }

  #quoted(quote: string, kind: TokenKind, error: string): State | undefined {
    for (;;) {
      const char = this.#source[this.#pos++];
      if (char === '\\') {
        const escaped = this.#source[this.#pos++];
        if (escaped !== undefined && escaped !== '\n') continue;
        return this.#error(error);
      }
      if (char === undefined || char === '\n') return this.#error(error);
      if (char === quote) return this.#inAction(kind);
    }
  }

  #rawString(): State | undefined {
    const end = this.#source.indexOf('`', this.#pos);
    if (end === -1) return this.#error('unterminated raw quoted string');
    this.#pos = end + 1;
    return this.#inAction('rawString');
  }

  #inAction(kind: TokenKind): State {
    this.#emit(kind);
    return () => this.#action();
  }

  #emit(kind: TokenKind): void {
    const text = this.#source.slice(this.#start, this.#pos);
    this.#token = { kind, pos: this.#start, text, line: this.#startLine };
    this.#ignore();
  }

  /** Skips the source up to the current position. */
  #ignore(): void {
    for (let i = this.#start; i < this.#pos; i++) if (this.#source[i] === '\n') this.#line++;
    this.#start = this.#pos;
    this.#startLine = this.#line;
  }

  /** Ends the tokens with an error. */
  #error(text: string): State | undefined {
    this.#token = { kind: 'error', pos: this.#start, text, line: this.#startLine };
    return undefined;
  }

  /** The character at the current position; empty at the end. */
  #peek(): string {
    const code = this.#source.codePointAt(this.#pos);
    return code === undefined ? '' : String.fromCodePoint(code);
  }

  #skipWord(): void {
    WORD.lastIndex = this.#pos;
    this.#pos += WORD.exec(this.#source)![0].length;
  }

  #skipSpaces(): void {
    while (SPACES.includes(this.#source[this.#pos] ?? 'x')) this.#pos++;
  }

  #isAlphanumericAt(pos: number): boolean {
    ALPHANUMERIC.lastIndex = pos;
    return ALPHANUMERIC.test(this.#source);
  }

  /** Reports whether an identifier may end at the current position. */
  #isAtTerminator(): boolean {
    const char = this.#source[this.#pos];
    if (char === undefined || `${SPACES}.,|:)(`.includes(char)) return true;
    return this.#source.startsWith(RIGHT, this.#pos);
  }

  #hasLeftTrimMarker(pos: number): boolean {
    return this.#source[pos] === '-' && SPACES.includes(this.#source[pos + 1] ?? 'x');
  }

  #hasRightTrimMarker(pos: number): boolean {
    return SPACES.includes(this.#source[pos] ?? 'x') && this.#source[pos + 1] === '-';
  }

  #rightDelimAt(): { readonly length: number; readonly trims: boolean } | undefined {
    if (this.#hasRightTrimMarker(this.#pos) && this.#source.startsWith(RIGHT, this.#pos + 2)) {
      return { length: 2 + RIGHT.length, trims: true };
    }
    return this.#source.startsWith(RIGHT, this.#pos) ? { length: RIGHT.length, trims: false } : undefined;
  }
}

function isDigit(char: string): boolean {
  return char >= '0' && char <= '9';
}
