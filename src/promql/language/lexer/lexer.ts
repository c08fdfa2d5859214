// The lexer: reads one token at a time, on demand, so that an error later in the text does not hide an earlier one.
//
// Source: Prometheus, promql/parser/lex.go, including all error texts. There are three states: statements, inside of
// braces (without keywords), and the start of brackets (where a duration is expected, up to its first number).

import type { Position } from '../ast.js';
import { ParseError } from '../parse-error.js';
import { quote, quoteRune } from '../printer/quote.js';
import { byteOffsets } from './byte-offsets.js';
import { NumberScan } from './number-scan.js';
import { StringScan, type Delimiter } from './string-scan.js';
import { WORDS, type Token, type TokenKind } from './tokens.js';

const SPACE = /[ \t\n\r]*/y;
const COMMENT = /#[^\r\n]*/y;
const WORD = /[A-Za-z_:][A-Za-z0-9_:]*/y;
const IDENTIFIER = /[A-Za-z_][A-Za-z0-9_]*/y;
const OPENING_PARENTHESIS = /[ \t\n\r]*\(/y;

/** The keywords of duration expressions. */
const DURATION_WORDS: ReadonlySet<string> = new Set(['step', 'range', 'min_of', 'max_of']);

export class Lexer {
  readonly #text: string;
  /** The byte offset of each UTF-16 code unit; undefined for ASCII, where both offsets are equal. */
  readonly #byteOffsets: Uint32Array | undefined;
  /** Index of the next code unit to read. */
  #pos = 0;
  #parenthesisDepth = 0;
  #braceOpen = false;
  #bracketOpen = false;
  /** True when the text is the inside of braces. */
  readonly #isMatcherList: boolean;
  /** True from `[` up to the first number of the duration. */
  #expectsDuration = false;
  #gotColon = false;
  #gotDuration = false;

  constructor(text: string, start: 'statement' | 'matchers' = 'statement') {
    this.#text = text;
    this.#isMatcherList = start === 'matchers';
    this.#braceOpen = this.#isMatcherList;
    this.#byteOffsets = byteOffsets(text);
  }

  /** Returns the byte offset of a code unit. */
  byteOffset(index: number): number {
    return this.#byteOffsets?.[index] ?? index;
  }

  /** Returns the byte offsets of a range of code units. */
  position(start: number, end: number): Position {
    return { start: this.byteOffset(start), end: this.byteOffset(end) };
  }

  /**
   * Returns the next token, without comments and spaces. After the last token every call returns `end of input`.
   *
   * @throws ParseError for an invalid token.
   */
  next(): Token {
    for (;;) {
      this.#skip(SPACE);
      if (this.#expectsDuration) return this.#lexDurationStart();
      if (this.#text[this.#pos] !== '#') break;
      this.#skip(COMMENT);
    }
    return this.#braceOpen ? this.#lexInsideBraces() : this.#lexStatement();
  }

  #lexStatement(): Token {
    const character = this.#text[this.#pos];
    switch (character) {
      case undefined:
        if (this.#parenthesisDepth !== 0) throw this.#error('unclosed left parenthesis');
        if (this.#bracketOpen) throw this.#error('unclosed left bracket');
        return this.#token('end of input', 0);
      case ',':
      case '*':
      case '/':
      case '%':
      case '+':
      case '-':
      case '^':
      case '@':
        return this.#token(character, 1);
      case '=':
      case '!':
      case '<':
      case '>':
        return this.#lexComparison(character);
      case '"':
      case "'":
      case '`':
        return this.#lexString(character);
      case '(':
        return this.#openParenthesis();
      case ')':
        return this.#closeParenthesis();
      case '{':
        this.#braceOpen = true;
        return this.#token('{', 1);
      case '[':
        return this.#openBracket();
      case ']':
        if (!this.#bracketOpen) throw this.#error(`unexpected right bracket ${quoteRune(character)}`);
        this.#bracketOpen = false;
        return this.#token(']', 1);
      default:
        if (this.#isAtNumber()) return this.#lexNumberOrDuration();
        if (!isAlpha(character) && character !== ':') {
          throw this.#error(`unexpected character: ${quoteRune(this.#character(this.#pos))}`);
        }
        return this.#bracketOpen ? this.#lexWordInBrackets(character) : this.#lexKeywordOrIdentifier();
    }
  }

  #lexComparison(character: '=' | '!' | '<' | '>'): Token {
    const next = this.#text[this.#pos + 1];
    switch (character) {
      case '=':
        if (next === '=') return this.#token('==', 2);
        if (next === '~') throw this.#error(`unexpected character after '=': ${quoteRune(next)}`);
        return this.#token('=', 1);
      case '!':
        if (next === '=') return this.#token('!=', 2);
        throw this.#error(`unexpected character after '!': ${quoteRune(this.#character(this.#pos + 1))}`);
      case '<':
        if (next === '=') return this.#token('<=', 2);
        return next === '/' ? this.#token('</', 2) : this.#token('<', 1);
      case '>':
        if (next === '=') return this.#token('>=', 2);
        return next === '/' ? this.#token('>/', 2) : this.#token('>', 1);
    }
  }

  #openParenthesis(): Token {
    this.#parenthesisDepth++;
    return this.#token('(', 1);
  }

  #closeParenthesis(): Token {
    this.#parenthesisDepth--;
    const token = this.#token(')', 1);
    if (this.#parenthesisDepth < 0) throw this.#error(`unexpected right parenthesis ${quoteRune(')')}`);
    return token;
  }

  #openBracket(): Token {
    if (this.#bracketOpen) throw this.#error(`unexpected left bracket ${quoteRune('[')}`);
    this.#bracketOpen = true;
    this.#expectsDuration = true;
    this.#gotColon = false;
    return this.#token('[', 1);
  }

  #lexKeywordOrIdentifier(): Token {
    const text = this.#match(WORD);
    const kind = WORDS.get(text.toLowerCase());
    if (kind === 'fill' || kind === 'fill_left' || kind === 'fill_right') {
      // Newer keywords: they remain valid metric names unless a parenthesis follows.
      OPENING_PARENTHESIS.lastIndex = this.#pos + text.length;
      return this.#token(OPENING_PARENTHESIS.test(this.#text) ? kind : 'identifier', text.length);
    }
    return this.#token(kind ?? (text.includes(':') ? 'metric identifier' : 'identifier'), text.length);
  }

  /** Reads a word after the first number in brackets: the colon of a subquery or a keyword of durations. */
  #lexWordInBrackets(character: string): Token {
    if (character === ':') {
      if (this.#gotColon) throw this.#error(`unexpected colon ${quoteRune(character)}`);
      this.#gotColon = true;
      return this.#token(':', 1);
    }
    const token = this.#tryDurationWord();
    if (token !== undefined) return token;
    throw this.#error(`unexpected character: ${quoteRune(character)}, expected ${quoteRune(':')}`);
  }

  #tryDurationWord(): Token | undefined {
    const text = this.#match(IDENTIFIER);
    const word = text.toLowerCase();
    if (!DURATION_WORDS.has(word)) return undefined;
    // Differs from Prometheus, which does not set this and therefore rejects `a[step():]`.
    this.#gotDuration = true;
    return this.#token(word as TokenKind, text.length);
  }

  /** Reads a token between `[` and the first number. */
  #lexDurationStart(): Token {
    const character = this.#text[this.#pos];
    switch (character) {
      case undefined:
        throw this.#error('unexpected end of input in duration expression');
      case ']':
        this.#bracketOpen = false;
        this.#expectsDuration = false;
        this.#gotColon = false;
        return this.#token(']', 1);
      case ':': {
        const token = this.#token(':', 1);
        if (!this.#gotDuration) {
          throw this.#error('unexpected colon before duration in duration expression');
        }
        if (this.#gotColon) throw this.#error('unexpected repeated colon in duration expression');
        this.#gotColon = true;
        return token;
      }
      case '(':
        return this.#openParenthesis();
      case ')':
        return this.#closeParenthesis();
      case '+':
      case '-':
      case '*':
      case '/':
      case '%':
      case '^':
      case ',':
        return this.#token(character, 1);
      default: {
        if (this.#isAtNumber()) {
          this.#gotDuration = true;
          this.#expectsDuration = false;
          return this.#lexNumberOrDuration();
        }
        const token = isAlpha(character) ? this.#tryDurationWord() : undefined;
        if (token !== undefined) return token;
        const found = quoteRune(this.#character(this.#pos));
        throw this.#error(`unexpected character in duration expression: ${found}`);
      }
    }
  }

  #lexInsideBraces(): Token {
    const start = this.#pos;
    const character = this.#text[start];
    const next = this.#text[start + 1];
    switch (character) {
      case undefined:
        if (this.#isMatcherList) return this.#token('end of input', 0);
        throw this.#error('unexpected end of input inside braces');
      case ',':
        return this.#token(',', 1);
      case '"':
      case "'":
      case '`':
        return this.#lexString(character);
      case '=':
        return next === '~' ? this.#token('=~', 2) : this.#token('=', 1);
      case '!':
        if (next === '~') return this.#token('!~', 2);
        if (next === '=') return this.#token('!=', 2);
        throw this.#error(
          `unexpected character after '!' inside braces: ${quoteRune(this.#character(start + 1))}`,
        );
      case '{':
        throw this.#error(`unexpected left brace ${quoteRune(character)}`);
      case '}':
        if (this.#isMatcherList) throw this.#error(`unexpected right brace ${quoteRune(character)}`);
        this.#braceOpen = false;
        return this.#token('}', 1);
      default:
        if (isAlpha(character)) return this.#token('identifier', this.#match(IDENTIFIER).length);
        throw this.#error(`unexpected character inside braces: ${quoteRune(this.#character(start))}`);
    }
  }

  #lexString(delimiter: Delimiter): Token {
    const scan = new StringScan(this.#text, this.#pos);
    if (!scan.scan(delimiter)) throw this.#error(scan.problem);
    return this.#token('string', scan.pos - this.#pos);
  }

  /** Reads a number or, where the number ends at a unit, a duration. */
  #lexNumberOrDuration(): Token {
    const scan = new NumberScan(this.#text, this.#pos);
    if (scan.scanNumber()) return this.#token('number', scan.pos - this.#pos);
    if (scan.acceptRemainingDuration()) return this.#token('duration', scan.pos - this.#pos);
    const read = this.#text.slice(this.#pos, scan.pos);
    throw this.#error(`bad number or duration syntax: ${quote(read)}`);
  }

  #isAtNumber(): boolean {
    const character = this.#text[this.#pos];
    return isDigit(character) || (character === '.' && isDigit(this.#text[this.#pos + 1]));
  }

  #token(kind: TokenKind, length: number): Token {
    const start = this.#pos;
    this.#pos += length;
    return { kind, text: this.#text.slice(start, this.#pos), start, end: this.#pos };
  }

  #skip(pattern: RegExp): void {
    this.#pos += this.#match(pattern).length;
  }

  /** Returns the match of a sticky pattern at the current position, or the empty string. */
  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#pos;
    return pattern.exec(this.#text)?.[0] ?? '';
  }

  /** Returns the whole character at an index, including both halves of a surrogate pair. */
  #character(index: number): string | undefined {
    const code = this.#text.codePointAt(index);
    return code === undefined ? undefined : String.fromCodePoint(code);
  }

  /** Creates an error whose position starts at the current token. */
  #error(reason: string): ParseError {
    return new ParseError(this.#text, this.position(this.#pos, this.#text.length), reason);
  }
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= '0' && character <= '9';
}

function isAlpha(character: string): boolean {
  return /^[A-Za-z_]$/.test(character);
}
