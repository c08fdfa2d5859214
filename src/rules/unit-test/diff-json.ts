// The difference of two JSON values, in colors.

type Json = null | boolean | number | string | readonly Json[] | JsonObject;

interface JsonObject {
  readonly [key: string]: Json;
}

const RESET = '\u001b[0m';

/** Colors of parts that only the second value has, that only the first one has, and that differ. */
const COLORS = { added: '\u001b[0;32m', removed: '\u001b[0;31m', changed: '\u001b[0;33m' } as const;

const INDENT = '    ';

/** Prints both values as one. Source: the library of promtool (nsf/jsondiff) with its console options. */
export function diffJson(first: Json, second: Json): string {
  return new DiffPrinter().print(first, second);
}

class DiffPrinter {
  #text = '';
  #level = 0;
  /** The color in use; empty for none. */
  #color = '';

  print(first: Json, second: Json): string {
    this.#diff(first, second);
    this.#use('');
    return this.#text;
  }

  #diff(a: Json, b: Json): void {
    if (isList(a) && isList(b)) this.#diffLists(a, b);
    else if (isObject(a) && isObject(b)) this.#diffObjects(a, b);
    else if (a === b) {
      this.#use('');
      this.#text += JSON.stringify(a);
    } else {
      this.#use(COLORS.changed);
      this.#text += `${summary(a)} => ${summary(b)}`;
    }
  }

  #diffLists(a: readonly Json[], b: readonly Json[]): void {
    this.#use('');
    this.#block('[', ']', Math.max(a.length, b.length), (i) => {
      if (i < a.length && i < b.length) this.#diff(a[i]!, b[i]!);
      else if (i < a.length) this.#whole(a[i]!, COLORS.removed);
      else this.#whole(b[i]!, COLORS.added);
      this.#use('');
    });
  }

  #diffObjects(a: JsonObject, b: JsonObject): void {
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
    this.#use('');
    this.#block('{', '}', keys.length, (i) => {
      const key = keys[i]!;
      const [inA, inB] = [Object.hasOwn(a, key), Object.hasOwn(b, key)];
      if (!inA) this.#use(COLORS.added);
      else if (!inB) this.#use(COLORS.removed);
      this.#text += `${JSON.stringify(key)}: `;
      if (inA && inB) this.#diff(a[key]!, b[key]!);
      else this.#value(inA ? a[key]! : b[key]!);
      this.#use('');
    });
  }

  #whole(value: Json, color: string): void {
    this.#use(color);
    this.#value(value);
  }

  /** Prints a value in the current color. */
  #value(value: Json): void {
    if (isList(value)) {
      this.#block('[', ']', value.length, (i) => {
        this.#value(value[i]!);
      });
    } else if (isObject(value)) {
      const entries = Object.entries(value);
      this.#block('{', '}', entries.length, (i) => {
        const [key, item] = entries[i]!;
        this.#text += `${JSON.stringify(key)}: `;
        this.#value(item);
      });
    } else {
      this.#text += JSON.stringify(value);
    }
  }

  /** Prints items on lines of their own. */
  #block(open: string, close: string, count: number, printItem: (i: number) => void): void {
    this.#text += open;
    if (count > 0) {
      this.#level++;
      this.#newline();
    }
    for (let i = 0; i < count; i++) {
      printItem(i);
      if (i < count - 1) this.#text += ',';
      else this.#level--;
      this.#newline();
    }
    this.#text += close;
  }

  /** Colors end with each line. */
  #newline(): void {
    const color = this.#color;
    this.#text += `${color === '' ? '' : RESET}\n${INDENT.repeat(this.#level)}${color}`;
  }

  #use(color: string): void {
    if (this.#color === color) return;
    if (this.#color !== '') this.#text += RESET;
    this.#text += color;
    this.#color = color;
  }
}

/** The value of a mismatch: lists and objects without their contents. */
function summary(value: Json): string {
  if (isList(value)) return '[]';
  return isObject(value) ? '{}' : JSON.stringify(value);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
