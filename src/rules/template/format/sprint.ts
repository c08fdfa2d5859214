// `print`, `println` and `printf`. Source: Go, fmt/print.go.

import type { IntValue, Value } from '../values/value.js';
import { typeName } from '../values/value.js';
import { checkTextLength } from '../limits.js';
import { Flags } from './flags.js';
import { defaultText, formatValue } from './printer.js';

/** Prints values with a space between two that are not strings. */
export function sprint(args: readonly Value[]): string {
  let text = '';
  args.forEach((arg, i) => {
    if (i > 0 && arg.kind !== 'string' && args[i - 1]!.kind !== 'string') text += ' ';
    text += defaultText(arg);
    checkTextLength(text.length);
  });
  return text;
}

/** Prints values with spaces between them and a newline at the end. */
export function sprintln(args: readonly Value[]): string {
  const text = `${args.map(defaultText).join(' ')}\n`;
  checkTextLength(text.length);
  return text;
}

/** Widths and precisions above it are errors in Go. */
const MAX_NUMBER = 1_000_000;

/** Prints values with a format. */
export function sprintf(format: string, args: readonly Value[]): string {
  return new FormatRun(format, args).run();
}

/** One run over a format. */
class FormatRun {
  readonly #format: string;
  readonly #args: readonly Value[];
  #pos = 0;
  #text = '';
  #argIndex = 0;
  #isReordered = false;
  #isGoodIndex = true;
  #isAfterIndex = false;

  constructor(format: string, args: readonly Value[]) {
    this.#format = format;
    this.#args = args;
  }

  run(): string {
    const format = this.#format;
    while (this.#pos < format.length) {
      const percent = format.indexOf('%', this.#pos);
      const end = percent === -1 ? format.length : percent;
      this.#append(format.slice(this.#pos, end));
      this.#pos = end + 1;
      if (percent !== -1) this.#verb();
    }
    if (!this.#isReordered && this.#argIndex < this.#args.length) this.#append(this.#extra());
    return this.#text;
  }

  #append(text: string): void {
    this.#text += text;
    checkTextLength(this.#text.length);
  }

  #extra(): string {
    const extra = this.#args
      .slice(this.#argIndex)
      .map((arg) =>
        arg.kind === 'nil' || arg.kind === 'invalid' ? '<nil>' : `${typeName(arg)}=${defaultText(arg)}`,
      );
    return `%!(EXTRA ${extra.join(', ')})`;
  }

  /** Reads flags, width, precision and verb after `%`, and prints the argument. */
  #verb(): void {
    const flags = new Flags();
    this.#isGoodIndex = true;
    this.#readFlags(flags);
    this.#isAfterIndex = this.#readIndex();
    this.#readWidth(flags);
    this.#readPrecision(flags);
    if (!this.#isAfterIndex) this.#isAfterIndex = this.#readIndex();
    const code = this.#format.codePointAt(this.#pos);
    if (code === undefined) {
      this.#append('%!(NOVERB)');
      return;
    }
    const verb = String.fromCodePoint(code);
    this.#pos += verb.length;
    this.#append(this.#formatted(verb, flags));
  }

  #formatted(verb: string, flags: Flags): string {
    if (verb === '%') return '%';
    if (!this.#isGoodIndex) return `%!${verb}(BADINDEX)`;
    const arg = this.#args[this.#argIndex];
    if (arg === undefined) return `%!${verb}(MISSING)`;
    this.#argIndex++;
    if (verb === 'v') {
      flags.sharpV = flags.sharp;
      flags.sharp = false;
      flags.plusV = flags.plus;
      flags.plus = false;
    }
    return formatValue(arg, verb, flags);
  }

  #readFlags(flags: Flags): void {
    for (; this.#pos < this.#format.length; this.#pos++) {
      const char = this.#format[this.#pos];
      if (char === '#') flags.sharp = true;
      else if (char === '0') flags.zero = true;
      else if (char === '+') flags.plus = true;
      else if (char === '-') flags.minus = true;
      else if (char === ' ') flags.space = true;
      else return;
    }
  }

  #readWidth(flags: Flags): void {
    if (this.#format[this.#pos] === '*') {
      this.#pos++;
      flags.width = this.#numberArg();
      if (flags.width === undefined) this.#append('%!(BADWIDTH)');
      else if (flags.width < 0) {
        flags.width = -flags.width;
        flags.minus = true;
        flags.zero = false;
      }
      this.#isAfterIndex = false;
      return;
    }
    flags.width = this.#number();
    // `%[3]2d`
    if (this.#isAfterIndex && flags.width !== undefined) this.#isGoodIndex = false;
  }

  #readPrecision(flags: Flags): void {
    if (this.#format[this.#pos] !== '.' || this.#pos + 1 > this.#format.length) return;
    this.#pos++;
    // `%[3].2d`
    if (this.#isAfterIndex) this.#isGoodIndex = false;
    this.#isAfterIndex = this.#readIndex();
    if (this.#format[this.#pos] === '*') {
      this.#pos++;
      flags.precision = this.#numberArg();
      if (flags.precision !== undefined && flags.precision < 0) flags.precision = undefined;
      if (flags.precision === undefined) this.#append('%!(BADPREC)');
      this.#isAfterIndex = false;
      return;
    }
    flags.precision = this.#number() ?? 0;
  }

  /** Reads an argument index such as `[2]`. Returns true when the index is a number, even one out of range. */
  #readIndex(): boolean {
    if (this.#format[this.#pos] !== '[') return false;
    this.#isReordered = true;
    const close = this.#format.indexOf(']', this.#pos);
    const content = close === -1 ? '' : this.#format.slice(this.#pos + 1, close);
    this.#pos = close === -1 ? this.#pos + 1 : close + 1;
    const isNumber = /^[0-9]+$/.test(content);
    const index = isNumber ? Number(content) : 0;
    if (index >= 1 && index <= this.#args.length) this.#argIndex = index - 1;
    else this.#isGoodIndex = false;
    return isNumber;
  }

  /** Reads digits. A number that is too large ends the format, as in Go. */
  #number(): number | undefined {
    const start = this.#pos;
    let value = 0;
    while (/^[0-9]$/.test(this.#format[this.#pos] ?? '')) {
      if (value > MAX_NUMBER) {
        this.#pos = this.#format.length;
        return undefined;
      }
      value = value * 10 + Number(this.#format[this.#pos++]);
    }
    return this.#pos === start ? undefined : value;
  }

  /** Reads a width or precision from an argument; undefined when it is not a number of a sensible size. */
  #numberArg(): number | undefined {
    const arg = this.#args[this.#argIndex];
    if (arg === undefined) return undefined;
    this.#argIndex++;
    if (arg.kind !== 'int') return undefined;
    return sensible(arg);
  }
}

function sensible({ value }: IntValue): number | undefined {
  const number = Number(value);
  return number > MAX_NUMBER || number < -MAX_NUMBER ? undefined : number;
}
