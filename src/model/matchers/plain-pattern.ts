// Patterns that need no regex engine. Each alternative is a literal, with `.*` or `.+` before it, after it or both.
// Groups are multiplied out.

/** Characters with a meaning in RE2. */
const META = new Set('\\.+*?()|[]{}^$');
/** Characters that a backslash turns into literals: ASCII punctuation. */
const PUNCTUATION = /^[!-/:-@[-`{-~]$/;

type Wildcard = '.*' | '.+';

interface Alternative {
  readonly before: Wildcard | undefined;
  readonly literal: string;
  readonly after: Wildcard | undefined;
}

const EMPTY: Alternative = { before: undefined, literal: '', after: undefined };
/** Characters that repeat what is before them. */
const REPETITION = new Set('*+?{');
/** Nesting of groups. */
const MAX_DEPTH = 10;
/** Upper bound on the length of all alternatives together, as a multiple of the pattern's length. */
const MAX_EXPANSION = 16;

/**
 * Compiles a pattern, which is anchored at both ends and whose `.` matches a newline too. Returns undefined when the
 * pattern needs a regex engine. Every other pattern is valid RE2. Takes time linear in the pattern.
 */
export function tryPlainTest(pattern: string): ((value: string) => boolean) | undefined {
  const alternatives = tryAlternatives(pattern);
  if (alternatives === undefined) return undefined;
  const literals = new Set<string>();
  const others: ((value: string) => boolean)[] = [];
  for (const { before, literal, after } of alternatives) {
    if (before === undefined && after === undefined) {
      literals.add(literal);
      continue;
    }
    const test = tryWildcardTest(before, literal, after);
    if (test === undefined) return undefined;
    others.push(test);
  }
  if (others.length === 0) return (value) => literals.has(value);
  return (value) => literals.has(value) || others.some((test) => test(value));
}

/** Parses the alternatives of a pattern. Returns undefined when it has any other construct. */
function tryAlternatives(pattern: string): readonly Alternative[] | undefined {
  const reader = new AlternativesReader(pattern);
  const alternatives = reader.tryRead(0);
  return reader.isAtEnd ? alternatives : undefined;
}

/** Reads a pattern of literals, wildcards, alternatives and groups. Groups are multiplied out. */
class AlternativesReader {
  readonly #pattern: string;
  readonly #maxChars: number;
  #position = 0;
  /** Number of alternatives that were joined, to take time linear in the pattern. */
  #joins = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
    this.#maxChars = MAX_EXPANSION * pattern.length;
  }

  get isAtEnd(): boolean {
    return this.#position === this.#pattern.length;
  }

  /** Reads alternatives up to the end of the pattern or of the group. */
  tryRead(depth: number): readonly Alternative[] | undefined {
    const pattern = this.#pattern;
    const ended: Alternative[] = [];
    let current: readonly Alternative[] = [EMPTY];
    while (this.#position < pattern.length) {
      const char = pattern[this.#position]!;
      if (char === ')') break;
      if (char === '|') {
        this.#position++;
        for (const one of current) ended.push(one);
        current = [EMPTY];
        continue;
      }
      const next = char === '(' ? this.#tryGroup(depth) : this.#tryAtom();
      const joined = next === undefined ? undefined : this.#tryJoin(current, next);
      if (joined === undefined) return undefined;
      current = joined;
    }
    for (const one of current) ended.push(one);
    return ended;
  }

  #tryGroup(depth: number): readonly Alternative[] | undefined {
    if (depth === MAX_DEPTH) return undefined;
    this.#position++;
    if (this.#pattern.startsWith('?:', this.#position)) this.#position += 2;
    const alternatives = this.tryRead(depth + 1);
    if (alternatives === undefined || this.#pattern[this.#position++] !== ')') return undefined;
    return REPETITION.has(this.#pattern[this.#position] ?? '') ? undefined : alternatives;
  }

  /** Reads literal text or a wildcard. */
  #tryAtom(): readonly Alternative[] | undefined {
    const pattern = this.#pattern;
    if (pattern[this.#position] === '.') {
      const wildcard = tryWildcard(pattern.slice(this.#position, this.#position + 2));
      if (wildcard === undefined) return undefined;
      this.#position += 2;
      return [{ before: wildcard, literal: '', after: undefined }];
    }
    let literal = '';
    for (; this.#position < pattern.length; this.#position++) {
      let char = pattern[this.#position]!;
      if (char === '\\') {
        char = pattern[this.#position + 1] ?? '';
        if (!PUNCTUATION.test(char)) return undefined;
        this.#position++;
      } else if (META.has(char)) {
        break;
      }
      literal += char;
    }
    // The character before a repetition belongs to it.
    if (literal === '' || REPETITION.has(pattern[this.#position] ?? '')) return undefined;
    return [{ before: undefined, literal, after: undefined }];
  }

  /** Returns every alternative of the first list followed by every one of the second. */
  #tryJoin(first: readonly Alternative[], second: readonly Alternative[]): Alternative[] | undefined {
    const joined: Alternative[] = [];
    let chars = 0;
    for (const left of first) {
      for (const right of second) {
        const one = tryConcatenate(left, right);
        chars += (one?.literal.length ?? 0) + 1;
        if (one === undefined || chars > this.#maxChars || ++this.#joins > this.#maxChars) return undefined;
        joined.push(one);
      }
    }
    return joined;
  }
}

/** Returns one alternative followed by another one. Undefined when a wildcard would be within the literal text. */
function tryConcatenate(left: Alternative, right: Alternative): Alternative | undefined {
  if (isEmpty(left)) return right;
  if (isEmpty(right)) return left;
  if (left.after !== undefined) return undefined;
  if (right.before === undefined) {
    return { before: left.before, literal: left.literal + right.literal, after: right.after };
  }
  if (right.literal !== '' || right.after !== undefined) return undefined;
  return { ...left, after: right.before };
}

function isEmpty({ before, literal, after }: Alternative): boolean {
  return before === undefined && literal === '' && after === undefined;
}

function tryWildcard(text: string): Wildcard | undefined {
  return text === '.*' || text === '.+' ? text : undefined;
}

function tryWildcardTest(
  before: Wildcard | undefined,
  literal: string,
  after: Wildcard | undefined,
): ((value: string) => boolean) | undefined {
  const minLength = literal.length + Number(before === '.+') + Number(after === '.+');
  if (before === undefined) return (value) => value.length >= minLength && value.startsWith(literal);
  if (after === undefined) return (value) => value.length >= minLength && value.endsWith(literal);
  // Not decidable by length: `.+.+` needs two code points, and one code point may be two UTF-16 units.
  if (literal === '') return undefined;
  const minBefore = before === '.+' ? 1 : 0;
  const minAfter = after === '.+' ? 1 : 0;
  return (value) => {
    const at = value.indexOf(literal, minBefore);
    return at !== -1 && at + literal.length + minAfter <= value.length;
  };
}
