// Text to tokens, one at a time and only when asked: what is wrong further on must not hide what is wrong before.
//
// The rules, and every message, mirror Prometheus' promql/parser/lex.go. Its lexer knows three places, and so does
// this one: plain, between braces (where there are no keywords), and at the start of brackets (where a duration is
// expected, up to its first number).

import type { Position } from '../ast.js';
import { NumberScan } from './number-scan.js';
import { ParseError } from '../parse-error.js';
import { nameRune, quote, quoteRune } from '../printer/quote.js';
import { WORDS, type Token, type TokenKind } from './tokens.js';

const SPACE = /[ \t\n\r]*/y;
const COMMENT = /#[^\r\n]*/y;
const WORD = /[A-Za-z_:][A-Za-z0-9_:]*/y;
const IDENTIFIER = /[A-Za-z_][A-Za-z0-9_]*/y;
const OPENS_PARENTHESIS = /[ \t\n\r]*\(/y;

/** The words that mean something where a duration stands. */
const DURATION_WORDS: ReadonlySet<string> = new Set(['step', 'range', 'min_of', 'max_of']);

export class Lexer {
  readonly #text: string;
  /** The byte offset of each UTF-16 code unit; undefined when all is ASCII, where both are the same. */
  readonly #byteOffsets: Uint32Array | undefined;
  /** Index of the next code unit to read. */
  #at = 0;
  #parenthesisDepth = 0;
  #braceOpen = false;
  #bracketOpen = false;
  /** At the start of brackets: only what a duration can begin with. */
  #expectsDuration = false;
  #gotColon = false;
  #gotDuration = false;

  constructor(text: string) {
    this.#text = text;
    this.#byteOffsets = byteOffsets(text);
  }

  /** The byte offset of a code unit. */
  byteOffset(index: number): number {
    return this.#byteOffsets?.[index] ?? index;
  }

  /** Byte offsets of a range of code units. */
  position(start: number, end: number): Position {
    return { start: this.byteOffset(start), end: this.byteOffset(end) };
  }

  /**
   * The next token, comments and space left out. After the last one, `end of input` as often as asked.
   *
   * @throws ParseError where the text is no token.
   */
  next(): Token {
    for (;;) {
      this.#skip(SPACE);
      if (this.#expectsDuration) return this.#durationStart();
      if (this.#text[this.#at] !== '#') break;
      this.#skip(COMMENT);
    }
    return this.#braceOpen ? this.#insideBraces() : this.#plain();
  }

  #plain(): Token {
    const start = this.#at;
    const character = this.#text[start];
    const following = this.#text[start + 1];
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
        if (following === '=') return this.#token('==', 2);
        if (following === '~') throw this.#error(`unexpected character after '=': ${quoteRune(following)}`);
        return this.#token('=', 1);
      case '!':
        if (following === '=') return this.#token('!=', 2);
        throw this.#error(`unexpected character after '!': ${quoteRune(this.#character(start + 1))}`);
      case '<':
        if (following === '=') return this.#token('<=', 2);
        return following === '/' ? this.#token('</', 2) : this.#token('<', 1);
      case '>':
        if (following === '=') return this.#token('>=', 2);
        return following === '/' ? this.#token('>/', 2) : this.#token('>', 1);
      case '"':
      case "'":
      case '`':
        return this.#string(character);
      case '(':
        return this.#openParenthesis();
      case ')':
        return this.#closeParenthesis();
      case '{':
        this.#braceOpen = true;
        return this.#token('{', 1);
      case '[': {
        if (this.#bracketOpen) throw this.#error(`unexpected left bracket ${quoteRune(character)}`);
        this.#bracketOpen = true;
        this.#expectsDuration = true;
        this.#gotColon = false;
        return this.#token('[', 1);
      }
      case ']':
        if (!this.#bracketOpen) throw this.#error(`unexpected right bracket ${quoteRune(character)}`);
        this.#bracketOpen = false;
        return this.#token(']', 1);
      default:
        if (isDigit(character) || (character === '.' && isDigit(following))) return this.#numberOrDuration();
        if (!isAlpha(character) && character !== ':') {
          throw this.#error(`unexpected character: ${quoteRune(this.#character(start))}`);
        }
        return this.#bracketOpen ? this.#wordInBrackets(character) : this.#word();
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

  #word(): Token {
    const text = this.#match(WORD);
    const kind = WORDS.get(text.toLowerCase());
    if (kind === 'fill' || kind === 'fill_left' || kind === 'fill_right') {
      // Younger than the others: names of metrics unless a parenthesis follows.
      OPENS_PARENTHESIS.lastIndex = this.#at + text.length;
      return this.#token(OPENS_PARENTHESIS.test(this.#text) ? kind : 'identifier', text.length);
    }
    return this.#token(kind ?? (text.includes(':') ? 'metric identifier' : 'identifier'), text.length);
  }

  /** After the first number in brackets: the colon of a subquery, and the words of duration expressions. */
  #wordInBrackets(character: string): Token {
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
    // Prometheus forgets this one, and refuses `a[step():]`.
    this.#gotDuration = true;
    return this.#token(word as TokenKind, text.length);
  }

  /** After `[`, and on until the first number. */
  #durationStart(): Token {
    const character = this.#text[this.#at];
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
        if (isDigit(character) || (character === '.' && isDigit(this.#text[this.#at + 1]))) {
          this.#gotDuration = true;
          this.#expectsDuration = false;
          return this.#numberOrDuration();
        }
        const token = isAlpha(character) ? this.#tryDurationWord() : undefined;
        if (token !== undefined) return token;
        const found = quoteRune(this.#character(this.#at));
        throw this.#error(`unexpected character in duration expression: ${found}`);
      }
    }
  }

  #insideBraces(): Token {
    const start = this.#at;
    const character = this.#text[start];
    const following = this.#text[start + 1];
    switch (character) {
      case undefined:
        throw this.#error('unexpected end of input inside braces');
      case ',':
        return this.#token(',', 1);
      case '"':
      case "'":
      case '`':
        return this.#string(character);
      case '=':
        return following === '~' ? this.#token('=~', 2) : this.#token('=', 1);
      case '!':
        if (following === '~') return this.#token('!~', 2);
        if (following === '=') return this.#token('!=', 2);
        throw this.#error(
          `unexpected character after '!' inside braces: ${quoteRune(this.#character(start + 1))}`,
        );
      case '{':
        throw this.#error(`unexpected left brace ${quoteRune(character)}`);
      case '}':
        this.#braceOpen = false;
        return this.#token('}', 1);
      default:
        if (isAlpha(character)) return this.#token('identifier', this.#match(IDENTIFIER).length);
        throw this.#error(`unexpected character inside braces: ${quoteRune(this.#character(start))}`);
    }
  }

  #string(delimiter: '"' | "'" | '`'): Token {
    const text = this.#text;
    let at = this.#at + 1;
    for (;;) {
      const character = text[at];
      if (character === delimiter) return this.#token('string', at + 1 - this.#at);
      if (character === undefined || (character === '\n' && delimiter !== '`')) {
        throw this.#error(delimiter === '`' ? 'unterminated raw string' : 'unterminated quoted string');
      }
      if (character === '\\' && delimiter !== '`') {
        at = this.#escape(at + 1, delimiter);
      } else {
        const code = text.codePointAt(at)!;
        // What was not UTF-8 on the wire has become U+FFFD on its way here.
        if (code === 0xfffd || (code >= 0xd800 && code <= 0xdfff)) throw this.#error('invalid UTF-8 rune');
        at += code > 0xffff ? 2 : 1;
      }
    }
  }

  /** The index after an escape whose backslash stands before `at`. */
  #escape(at: number, delimiter: string): number {
    const character = this.#character(at);
    if (character === undefined) throw this.#error('escape sequence not terminated');
    if (character === delimiter || 'abfnrtv\\'.includes(character)) return at + 1;
    let digits: number;
    let base = 16;
    let first = at + 1;
    if (character >= '0' && character <= '7') {
      digits = 3;
      base = 8;
      first = at;
    } else if (character === 'x') digits = 2;
    else if (character === 'u') digits = 4;
    else if (character === 'U') digits = 8;
    else throw this.#error(`unknown escape sequence ${nameRune(character)}`);
    let code = 0;
    for (let i = first; i < first + digits; i++) {
      const digit = this.#character(i);
      if (digit === undefined) throw this.#error('escape sequence not terminated');
      const value = /^[0-9a-fA-F]$/.test(digit) ? parseInt(digit, 16) : 16;
      if (value >= base) throw this.#error(`illegal character ${nameRune(digit)} in escape sequence`);
      code = code * base + value;
    }
    const max = digits <= 3 ? 255 : 0x10ffff;
    if (code > max || (code >= 0xd800 && code < 0xe000)) {
      throw this.#error('escape sequence is an invalid Unicode code point');
    }
    return first + digits;
  }

  /**
   * A number, else a duration that begins where the number stopped. How far each was read shows in the message,
   * so this follows Prometheus character by character.
   */
  #numberOrDuration(): Token {
    const scan = new NumberScan(this.#text, this.#at);
    if (scan.number()) return this.#token('number', scan.at - this.#at);
    if (scan.restOfDuration()) return this.#token('duration', scan.at - this.#at);
    const read = this.#text.slice(this.#at, scan.at);
    throw this.#error(`bad number or duration syntax: ${quote(read)}`);
  }

  #token(kind: TokenKind, length: number): Token {
    const start = this.#at;
    this.#at += length;
    return { kind, text: this.#text.slice(start, this.#at), start, end: this.#at };
  }

  #skip(pattern: RegExp): void {
    this.#at += this.#match(pattern).length;
  }

  /** What a sticky pattern matches here. */
  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#text)?.[0] ?? '';
  }

  /** The whole character at an index, both halves of a surrogate pair. */
  #character(index: number): string | undefined {
    const code = this.#text.codePointAt(index);
    return code === undefined ? undefined : String.fromCodePoint(code);
  }

  /** An error about the token that begins here. */
  #error(reason: string): ParseError {
    return new ParseError(this.#text, this.position(this.#at, this.#text.length), reason);
  }
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= '0' && character <= '9';
}

function isAlpha(character: string): boolean {
  return /^[A-Za-z_]$/.test(character);
}

/** Where each code unit begins in UTF-8, and the whole length last; undefined when all is ASCII. */
function byteOffsets(text: string): Uint32Array | undefined {
  // Written out, so as not to trip over control characters: anything beyond U+007F.
  if (!/[\u0080-\uffff]/.test(text)) return undefined;
  const offsets = new Uint32Array(text.length + 1);
  let bytes = 0;
  for (let i = 0; i < text.length;) {
    const code = text.codePointAt(i)!;
    offsets[i] = bytes;
    if (code > 0xffff) {
      offsets[i + 1] = bytes;
      i += 2;
      bytes += 4;
    } else {
      i += 1;
      bytes += code > 0x7ff ? 3 : code > 0x7f ? 2 : 1;
    }
  }
  offsets[text.length] = bytes;
  return offsets;
}
