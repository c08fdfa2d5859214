import { formatRune } from '../printer/quote.js';

/** A string delimiter. Backquotes delimit raw strings, which have no escapes and may span lines. */
export type Delimiter = '"' | "'" | '`';

/**
 * Finds the end of a string literal and validates its escapes.
 *
 * Source: Prometheus, promql/parser/lex.go (`lexString`, `lexRawString`, `lexEscape`).
 */
export class StringScan {
  /** Index of the first code unit after the literal, once `scan` returned true. */
  pos: number;
  /** The error text, once `scan` returned false. */
  problem = '';
  readonly #text: string;

  /** `pos` is the index of the opening delimiter. */
  constructor(text: string, pos: number) {
    this.#text = text;
    this.pos = pos;
  }

  /** Scans a literal up to its closing delimiter. Returns false and sets `problem` for an invalid literal. */
  scan(delimiter: Delimiter): boolean {
    const isRaw = delimiter === '`';
    this.pos++;
    for (;;) {
      const character = this.#text[this.pos];
      if (character === delimiter) {
        this.pos++;
        return true;
      }
      if (character === undefined || (character === '\n' && !isRaw)) {
        return this.#fail(isRaw ? 'unterminated raw string' : 'unterminated quoted string');
      }
      const valid = character === '\\' && !isRaw ? this.#scanEscape(delimiter) : this.#scanCharacter();
      if (!valid) return false;
    }
  }

  #scanCharacter(): boolean {
    const code = this.#text.codePointAt(this.pos)!;
    // Bytes of the request that are not UTF-8 were decoded to U+FFFD.
    if (code === 0xfffd || (code >= 0xd800 && code <= 0xdfff)) return this.#fail('invalid UTF-8 rune');
    this.pos += code > 0xffff ? 2 : 1;
    return true;
  }

  /** Scans an escape sequence from its backslash on. */
  #scanEscape(delimiter: Delimiter): boolean {
    this.pos++;
    const character = this.#character();
    if (character === undefined) return this.#fail('escape sequence not terminated');
    if (character >= '0' && character <= '7') return this.#scanDigits(3, 8);
    this.pos += character.length;
    if (character === delimiter || 'abfnrtv\\'.includes(character)) return true;
    if (character === 'x') return this.#scanDigits(2, 16);
    if (character === 'u') return this.#scanDigits(4, 16);
    if (character === 'U') return this.#scanDigits(8, 16);
    return this.#fail(`unknown escape sequence ${formatRune(character)}`);
  }

  /** Scans the digits of a code point or, for up to three digits, of a byte. */
  #scanDigits(count: number, base: 8 | 16): boolean {
    let code = 0;
    for (let i = 0; i < count; i++) {
      const digit = this.#character();
      if (digit === undefined) return this.#fail('escape sequence not terminated');
      const value = /^[0-9a-fA-F]$/.test(digit) ? parseInt(digit, 16) : base;
      if (value >= base) return this.#fail(`illegal character ${formatRune(digit)} in escape sequence`);
      code = code * base + value;
      this.pos++;
    }
    const max = count <= 3 ? 255 : 0x10ffff;
    if (code > max || (code >= 0xd800 && code < 0xe000)) {
      return this.#fail('escape sequence is an invalid Unicode code point');
    }
    return true;
  }

  /** The whole character at `pos`, including both halves of a surrogate pair. */
  #character(): string | undefined {
    const code = this.#text.codePointAt(this.pos);
    return code === undefined ? undefined : String.fromCodePoint(code);
  }

  #fail(problem: string): false {
    this.problem = problem;
    return false;
  }
}
