// Patterns of file names, as Go has them.

/** One element of a pattern: any number of characters, or one character that passes the test. */
type Term = 'any' | ((char: string) => boolean);

/**
 * Compiles a pattern of one path segment. `*` matches any characters, `?` one character, `[a-z]` and `[^a-z]` one of a
 * set, and a backslash quotes the next character. Returns undefined for a pattern with a syntax error.
 *
 * Source: Go, path/filepath (`Match`).
 */
export function tryFilePattern(pattern: string): ((name: string) => boolean) | undefined {
  const terms = tryParse(Array.from(pattern));
  return terms && ((name) => matches(terms, Array.from(name)));
}

/** Reports whether a pattern has no syntax error. It may contain slashes. */
export function isFilePattern(pattern: string): boolean {
  return tryParse(Array.from(pattern)) !== undefined;
}

/** Reports whether a path contains a character with a meaning in patterns. */
export function isPattern(path: string): boolean {
  return /[*?[\\]/.test(path);
}

function tryParse(chars: readonly string[]): Term[] | undefined {
  const terms: Term[] = [];
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i]!;
    if (char === '*') {
      if (terms.at(-1) !== 'any') terms.push('any');
    } else if (char === '?') {
      terms.push(() => true);
    } else if (char === '[') {
      const set = tryParseSet(chars, i + 1);
      if (set === undefined) return undefined;
      terms.push(set.test);
      i = set.end;
    } else {
      if (char === '\\') i++;
      const literal = chars[i];
      if (literal === undefined) return undefined;
      terms.push((candidate) => candidate === literal);
    }
  }
  return terms;
}

/** Parses a set after its opening bracket. `end` is the position of the closing one. */
function tryParseSet(
  chars: readonly string[],
  start: number,
): { readonly test: (char: string) => boolean; readonly end: number } | undefined {
  let i = start;
  const isNegated = chars[i] === '^';
  if (isNegated) i++;
  /** Returns the code point at `i`, which may be quoted, and moves behind it. */
  const take = (): number | undefined => {
    if (chars[i] === '-' || chars[i] === ']') return undefined;
    if (chars[i] === '\\') i++;
    return chars[i++]?.codePointAt(0);
  };
  const ranges: [low: number, high: number][] = [];
  while (chars[i] !== ']' || ranges.length === 0) {
    const low = take();
    if (low === undefined) return undefined;
    let high: number | undefined = low;
    if (chars[i] === '-') {
      i++;
      high = take();
      if (high === undefined) return undefined;
    }
    ranges.push([low, high]);
  }
  const isInSet = (code: number): boolean => ranges.some(([low, high]) => low <= code && code <= high);
  return { test: (char) => isInSet(char.codePointAt(0)!) !== isNegated, end: i };
}

/** Takes time proportional to the product of both lengths. */
function matches(terms: readonly Term[], chars: readonly string[]): boolean {
  let t = 0;
  let c = 0;
  /** Position after the last `*`, and the characters up to which it has matched. */
  let restart: { readonly term: number; char: number } | undefined;
  while (c < chars.length) {
    const term = terms[t];
    if (term === 'any') {
      restart = { term: ++t, char: c };
    } else if (term?.(chars[c]!) === true) {
      t++;
      c++;
    } else if (restart !== undefined) {
      t = restart.term;
      c = ++restart.char;
    } else {
      return false;
    }
  }
  while (terms[t] === 'any') t++;
  return t === terms.length;
}
