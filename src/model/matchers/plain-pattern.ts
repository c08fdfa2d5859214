// Patterns that need no regex engine. Each alternative is a literal, with `.*` or `.+` before it, after it or both.

/** Characters with a meaning in RE2. */
const META = new Set('\\.+*?()|[]{}^$');
/** Characters that a backslash turns into literals: ASCII punctuation. */
const PUNCTUATION = /^[!-/:-@[-`{-~]$/;

type Wildcard = '.*' | '.+';

interface Alternative {
  before: Wildcard | undefined;
  literal: string;
  after: Wildcard | undefined;
}

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
  let current: Alternative = { before: undefined, literal: '', after: undefined };
  const alternatives = [current];
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i]!;
    if (char === '|') {
      current = { before: undefined, literal: '', after: undefined };
      alternatives.push(current);
      continue;
    }
    // A wildcard after the literal ends the alternative.
    if (current.after !== undefined) return undefined;
    if (char === '.') {
      const wildcard = tryWildcard(char + (pattern[++i] ?? ''));
      if (wildcard === undefined) return undefined;
      if (current.literal === '' && current.before === undefined) current.before = wildcard;
      else current.after = wildcard;
    } else if (char === '\\') {
      const escaped = pattern[++i] ?? '';
      if (!PUNCTUATION.test(escaped)) return undefined;
      current.literal += escaped;
    } else if (META.has(char)) {
      return undefined;
    } else {
      current.literal += char;
    }
  }
  return alternatives;
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
