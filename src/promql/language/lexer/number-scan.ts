// How far a number or a duration reaches. Whether it is a good one is found out when it is read.

const DECIMAL = '0123456789';
const HEXADECIMAL = '0123456789abcdefABCDEF';

/** A character that would go on with a number or a name. */
const ALPHANUMERIC = /[A-Za-z0-9_]/;

/** Reads numbers and durations; `at` is the index after what was read, also where it failed. */
export class NumberScan {
  at: number;
  readonly #text: string;

  constructor(text: string, at: number) {
    this.#text = text;
    this.at = at;
  }

  /** Source: Prometheus, promql/parser/lex.go (`scanNumber`). */
  number(): boolean {
    const start = this.at;
    let digits = DECIMAL;
    if (this.#accept('0') && this.#accept('xX')) {
      this.#accept('_');
      digits = HEXADECIMAL;
    }
    this.#accept('.');
    this.#accept(digits);
    let dot = false;
    let exponent = false;
    for (;;) {
      if (this.#accept('.')) {
        // One dot, a digit after it, and none in hexadecimal.
        if (dot || this.#accept('_.') || digits === HEXADECIMAL) return false;
        dot = true;
      } else if (this.#accept('eE')) {
        if (exponent) return false;
        exponent = true;
        this.#accept('+-');
        if (this.#accept('._eE') || this.#isAtEnd()) return false;
      } else if (this.#accept('_')) {
        if (this.#accept('._eE') || this.#isAtEnd()) return false;
      } else if (this.#accept(digits)) {
        while (this.#accept(digits));
      } else {
        return this.at !== start && !this.#isAtAlphanumeric();
      }
    }
  }

  /** Source: Prometheus, promql/parser/lex.go (`acceptRemainingDuration`). */
  restOfDuration(): boolean {
    if (!this.#accept('smhdwy')) return false;
    this.#accept('s');
    while (this.#accept(DECIMAL)) {
      while (this.#accept(DECIMAL));
      // Years come first, so there are none here.
      if (!this.#accept('smhdw')) return false;
      this.#accept('s');
    }
    if (!this.#isAtAlphanumeric()) return true;
    this.at++;
    return false;
  }

  #accept(characters: string): boolean {
    const character = this.#text[this.at];
    if (character === undefined || !characters.includes(character)) return false;
    this.at++;
    return true;
  }

  #isAtEnd(): boolean {
    return this.at >= this.#text.length;
  }

  #isAtAlphanumeric(): boolean {
    return ALPHANUMERIC.test(this.#text[this.at] ?? '');
  }
}
