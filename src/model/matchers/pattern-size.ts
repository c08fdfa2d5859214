// The size of a regex, from its syntax alone: nothing is compiled.

/** Properties of a pattern that are known before it is compiled. Arbitrary for a pattern that is not valid RE2. */
export interface PatternSize {
  /**
   * Estimated cost of the compiled program, in its instructions. Instructions that take longer to compile, such as
   * Unicode classes, count several times.
   */
  readonly instructions: number;
  /** Upper bound on the nesting levels of the syntax tree. */
  readonly height: number;
  /** True when the pattern, anchored at both ends, matches the empty text. */
  readonly matchesEmpty: boolean;
  /** The first repetition that RE2 rejects because it, or it and those within it, repeat more than 1000 times. */
  readonly invalidRepetition: string | undefined;
}

/** RE2's limit on the product of nested repetitions. */
const MAX_REPETITIONS = 1000;

/** Cost of a class of Unicode properties, in instructions: it has hundreds of ranges. */
const UNICODE_CLASS_COST = 10;
/** Number of characters that cost as much as one instruction in a range of a class that ignores case. */
const FOLDED_CHARS_PER_INSTRUCTION = 100;
/** Number of ranges of a class that cost as much as one instruction. */
const RANGES_PER_INSTRUCTION = 4;
/** Upper bound on the nesting levels that one group adds: itself, an alternation, a concatenation, a repetition. */
const LEVELS_PER_GROUP = 4;

/** Repetition with numbers. Anything else in braces is literal. */
const COUNTED = /\{(\d{1,9})(,(\d{0,9}))?\}/y;
/** Start of a group: name or flags. */
const GROUP_START = /\(\?(?:P?<[^>]{0,200}>|([a-zA-Z]*)(?:-([a-zA-Z]*))?([:)]))/y;
/** An escaped code point of several characters, or a class. */
const LONG_ESCAPE = /\\(?:x\{[0-9a-fA-F]{0,20}\}|x[0-9a-fA-F]{2}|[0-7]{1,3}|[pP]\{[^}]{0,100}\}|[pP].)/suy;

/** A named class within a class. */
const NAMED_CLASS = /\[:\^?[a-z]{1,20}:\]/y;

/** A group whose end has not been read. */
interface OpenGroup {
  /** Alternatives that have ended. */
  size: number;
  matchesEmpty: boolean;
  /** The current alternative, without its last atom. */
  branchSize: number;
  branchMatchesEmpty: boolean;
  /** The last atom, which a repetition applies to. */
  atomSize: number;
  atomMatchesEmpty: boolean;
  /** Greatest product of nested repetitions in the last atom, and in the whole group before it. */
  atomRepetitions: number;
  repetitions: number;
  readonly isCapture: boolean;
  ignoresCase: boolean;
}

/** Measures a pattern in RE2 syntax. Takes time linear in the pattern. */
export function measurePattern(pattern: string): PatternSize {
  return new PatternMeter(pattern).measure();
}

/** Reads the pattern from left to right, with a stack of open groups. */
class PatternMeter {
  readonly #pattern: string;
  #position = 0;
  #group = openGroup(false, false);
  readonly #outer: OpenGroup[] = [];
  #maxDepth = 0;
  #alternatives = 0;
  #invalidRepetition: string | undefined;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  measure(): PatternSize {
    while (this.#position < this.#pattern.length) this.#readNext();
    while (this.#outer.length > 0) this.#closeGroup();
    const { size, matchesEmpty } = endBranch(this.#group);
    // Common prefixes of alternatives become levels of their own.
    const height = LEVELS_PER_GROUP * (this.#maxDepth + 1) + 2 * this.#alternatives;
    return { instructions: size + 1, height, matchesEmpty, invalidRepetition: this.#invalidRepetition };
  }

  #readNext(): void {
    const char = this.#pattern[this.#position]!;
    switch (char) {
      case '(':
        this.#openGroup();
        return;
      case ')':
        this.#position++;
        if (this.#outer.length > 0) this.#closeGroup();
        return;
      case '|':
        this.#position++;
        this.#alternatives++;
        endBranch(this.#group);
        return;
      case '[':
        this.#readClass();
        return;
      case '\\':
        this.#readEscape();
        return;
      case '*':
      case '+':
      case '?':
        this.#position++;
        this.#skipLazyMark();
        this.#repeat(char === '+' ? 1 : 0, char === '?' ? 1 : undefined);
        return;
      case '{':
        this.#readBrace();
        return;
      case '^':
      case '$':
        this.#position++;
        this.#addAtom(1, true);
        return;
      default:
        this.#position += width(this.#pattern, this.#position);
        this.#addAtom(1, false);
    }
  }

  #addAtom(size: number, matchesEmpty: boolean, repetitions = 1): void {
    const group = this.#group;
    group.repetitions = Math.max(group.repetitions, group.atomRepetitions);
    group.atomRepetitions = repetitions;
    group.branchSize += group.atomSize;
    group.branchMatchesEmpty &&= group.atomMatchesEmpty;
    group.atomSize = size;
    group.atomMatchesEmpty = matchesEmpty;
  }

  #openGroup(): void {
    GROUP_START.lastIndex = this.#position;
    const start = GROUP_START.exec(this.#pattern);
    let ignoresCase = this.#group.ignoresCase;
    if (start !== null) {
      const [, set, cleared, end] = start;
      if (set?.includes('i') === true) ignoresCase = true;
      if (cleared?.includes('i') === true) ignoresCase = false;
      this.#position += start[0].length;
      if (end === ')') {
        this.#group.ignoresCase = ignoresCase;
        return;
      }
    } else {
      this.#position++;
    }
    this.#outer.push(this.#group);
    this.#maxDepth = Math.max(this.#maxDepth, this.#outer.length);
    this.#group = openGroup(ignoresCase, start?.[3] !== ':');
  }

  #closeGroup(): void {
    const { isCapture } = this.#group;
    const { size, matchesEmpty, repetitions } = endBranch(this.#group);
    this.#group = this.#outer.pop()!;
    this.#addAtom(size + (isCapture ? 2 : 0), matchesEmpty, repetitions);
  }

  /** Reads an escape outside of a class. */
  #readEscape(): void {
    const pattern = this.#pattern;
    const kind = pattern[this.#position + 1] ?? '';
    if (kind === 'Q') {
      this.#readQuoted();
    } else if ('AzBb'.includes(kind)) {
      this.#position += 2;
      this.#addAtom(1, kind !== 'b');
    } else {
      this.#addAtom(this.#takeEscape(), false);
    }
  }

  /** Reads an escape. Returns its cost. */
  #takeEscape(): number {
    const pattern = this.#pattern;
    LONG_ESCAPE.lastIndex = this.#position;
    const long = LONG_ESCAPE.exec(pattern)?.[0];
    const kind = pattern[this.#position + 1] ?? '';
    this.#position += long?.length ?? 1 + width(pattern, this.#position + 1);
    if (kind === 'p' || kind === 'P')
      return this.#group.ignoresCase ? 2 * UNICODE_CLASS_COST : UNICODE_CLASS_COST;
    return this.#group.ignoresCase && 'dDsSwW'.includes(kind) ? 4 : 1;
  }

  /** Reads the literal text from `\Q` to `\E` or the end. */
  #readQuoted(): void {
    const start = this.#position + 2;
    const end = this.#pattern.indexOf('\\E', start);
    const text = this.#pattern.slice(start, end < 0 ? undefined : end);
    for (let i = 0; i < text.length; i += width(text, i)) this.#addAtom(1, false);
    this.#position = start + text.length + (end < 0 ? 0 : 2);
  }

  #readClass(): void {
    const pattern = this.#pattern;
    let cost = 1;
    this.#position++;
    if (pattern[this.#position] === '^') this.#position++;
    let isFirst = true;
    while (this.#position < pattern.length && (isFirst || pattern[this.#position] !== ']')) {
      isFirst = false;
      const low = this.#position;
      cost += this.#takeClassItem();
      if (pattern[this.#position] !== '-' || (pattern[this.#position + 1] ?? ']') === ']') continue;
      this.#position++;
      const high = this.#position;
      cost += this.#takeClassItem();
      if (this.#group.ignoresCase) {
        const chars = codePointAt(pattern, high) - codePointAt(pattern, low);
        cost += Math.max(0, chars) / FOLDED_CHARS_PER_INSTRUCTION;
      }
    }
    this.#position++;
    this.#addAtom(cost, false);
  }

  /** Reads a character, an escape or a named class. Returns its cost. */
  #takeClassItem(): number {
    const pattern = this.#pattern;
    const rangeCost = (this.#group.ignoresCase ? 4 : 1) / RANGES_PER_INSTRUCTION;
    if (pattern[this.#position] === '\\') {
      const cost = this.#takeEscape();
      return cost === 1 ? rangeCost : cost;
    }
    NAMED_CLASS.lastIndex = this.#position;
    this.#position += NAMED_CLASS.exec(pattern)?.[0].length ?? width(pattern, this.#position);
    return rangeCost;
  }

  #readBrace(): void {
    COUNTED.lastIndex = this.#position;
    const counted = COUNTED.exec(this.#pattern);
    if (counted === null) {
      this.#position++;
      this.#addAtom(1, false);
      return;
    }
    this.#position += counted[0].length;
    this.#skipLazyMark();
    const min = Number(counted[1]);
    const max = counted[2] === undefined ? min : counted[3] === '' ? undefined : Number(counted[3]);
    this.#repeat(min, max);
    this.#group.atomRepetitions *= Math.max(1, max ?? min);
    if (this.#group.atomRepetitions > MAX_REPETITIONS) this.#invalidRepetition ??= counted[0];
  }

  #skipLazyMark(): void {
    if (this.#pattern[this.#position] === '?') this.#position++;
  }

  /** Repeats the last atom. `max` is undefined for an unlimited repetition. */
  #repeat(min: number, max: number | undefined): void {
    const group = this.#group;
    const size = group.atomSize;
    if (max === undefined) group.atomSize = Math.max(1, min) * size + 2;
    // Optional copies are nested, which costs more.
    else group.atomSize = Math.max(1, min * size + Math.max(0, max - min) * (size + 1));
    group.atomMatchesEmpty ||= min === 0;
  }
}

function openGroup(ignoresCase: boolean, isCapture: boolean): OpenGroup {
  return {
    size: 0,
    matchesEmpty: false,
    branchSize: 0,
    branchMatchesEmpty: true,
    atomSize: 0,
    atomMatchesEmpty: true,
    atomRepetitions: 1,
    repetitions: 1,
    isCapture,
    ignoresCase,
  };
}

/** Ends the current alternative of a group. Returns the group, with this alternative. */
function endBranch(group: OpenGroup): OpenGroup {
  group.size += Math.max(1, group.branchSize + group.atomSize) + 1;
  group.matchesEmpty ||= group.branchMatchesEmpty && group.atomMatchesEmpty;
  group.repetitions = Math.max(group.repetitions, group.atomRepetitions);
  group.atomRepetitions = 1;
  group.branchSize = 0;
  group.branchMatchesEmpty = true;
  group.atomSize = 0;
  group.atomMatchesEmpty = true;
  return group;
}

/** Number of UTF-16 units of the code point at a position. */
function width(text: string, position: number): number {
  return (text.codePointAt(position) ?? 0) > 0xffff ? 2 : 1;
}

/** The code point of a class item that starts at a position. Unknown escapes count as the highest one. */
function codePointAt(pattern: string, position: number): number {
  if (pattern[position] !== '\\') return pattern.codePointAt(position) ?? 0;
  const hex = /^\\x\{?([0-9a-fA-F]{1,6})/.exec(pattern.slice(position, position + 10))?.[1];
  return hex === undefined ? (pattern.codePointAt(position + 1) ?? 0) : parseInt(hex, 16);
}
