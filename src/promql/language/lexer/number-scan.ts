const DECIMAL = '0123456789';
const HEXADECIMAL = '0123456789abcdefABCDEF';

/** A character that cannot directly follow a number or a duration. */
const ALPHANUMERIC = /[A-Za-z0-9_]/;

/**
 * Finds the end of a number or a duration. Values are checked when they are parsed. Error messages quote the text up
 * to `pos`, so the scan follows Prometheus character by character.
 */
export class NumberScan {
  /** Index of the first code unit not read, also after a failure. */
  pos: number;
  readonly #text: string;

  constructor(text: string, pos: number) {
    this.#text = text;
    this.pos = pos;
  }

  /** Scans a number. Source: Prometheus, promql/parser/lex.go (`scanNumber`). */
  scanNumber(): boolean {
    const start = this.pos;
    let digits = DECIMAL;
    if (this.#accept('0') && this.#accept('xX')) {
      this.#accept('_');
      digits = HEXADECIMAL;
    }
    this.#accept('.');
    this.#accept(digits);
    let hasDot = false;
    let hasExponent = false;
    for (;;) {
      if (this.#accept('.')) {
        // Valid: one dot, followed by a digit, in a decimal number.
        if (hasDot || this.#accept('_.') || digits === HEXADECIMAL) return false;
        hasDot = true;
      } else if (this.#accept('eE')) {
        if (hasExponent) return false;
        hasExponent = true;
        this.#accept('+-');
        if (this.#accept('._eE') || this.#isAtEnd()) return false;
      } else if (this.#accept('_')) {
        if (this.#accept('._eE') || this.#isAtEnd()) return false;
      } else if (this.#accept(digits)) {
        while (this.#accept(digits));
      } else {
        return this.pos !== start && !this.#isAtAlphanumeric();
      }
    }
  }

  /**
   * Scans a duration from its first unit on, after its first number.
   *
   * Source: Prometheus, promql/parser/lex.go (`acceptRemainingDuration`).
   */
  acceptRemainingDuration(): boolean {
    if (!this.#accept('smhdwy')) return false;
    this.#accept('s');
    while (this.#accept(DECIMAL)) {
      while (this.#accept(DECIMAL));
      // Only the first unit may be years.
      if (!this.#accept('smhdw')) return false;
      this.#accept('s');
    }
    if (!this.#isAtAlphanumeric()) return true;
    this.pos++;
    return false;
  }

  #accept(characters: string): boolean {
    const character = this.#text[this.pos];
    if (character === undefined || !characters.includes(character)) return false;
    this.pos++;
    return true;
  }

  #isAtEnd(): boolean {
    return this.pos >= this.#text.length;
  }

  #isAtAlphanumeric(): boolean {
    return ALPHANUMERIC.test(this.#text[this.pos] ?? '');
  }
}
