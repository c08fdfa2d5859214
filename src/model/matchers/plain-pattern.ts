// Patterns that need no regex engine: alternations of literals with `.*` or `.+` before or after them.

const META = new Set('\\.+*?()|[]{}^$');
/** What stands for itself after a backslash. */
const PUNCTUATION = /^[!-/:-@[-`{-~]$/;

type Wild = '.*' | '.+' | undefined;

interface Alternative {
  before: Wild;
  literal: string;
  after: Wild;
}

/**
 * The test of a whole value that a pattern stands for, `.` matching a newline too; undefined for a pattern that only
 * a regex engine understands. A pattern that has a test is valid RE2. Takes time linear in the pattern.
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
    const test = tryWildTest(before, literal, after);
    if (test === undefined) return undefined;
    others.push(test);
  }
  if (others.length === 0) return (value) => literals.has(value);
  return (value) => literals.has(value) || others.some((test) => test(value));
}

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
    // Nothing may follow what ends an alternative.
    if (current.after !== undefined) return undefined;
    if (char === '.') {
      const wild = tryWild(char + (pattern[++i] ?? ''));
      if (wild === undefined) return undefined;
      if (current.literal === '' && current.before === undefined) current.before = wild;
      else current.after = wild;
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

function tryWild(text: string): Wild {
  return text === '.*' || text === '.+' ? text : undefined;
}

function tryWildTest(before: Wild, literal: string, after: Wild): ((value: string) => boolean) | undefined {
  const least = literal.length + Number(before === '.+') + Number(after === '.+');
  if (before === undefined) return (value) => value.length >= least && value.startsWith(literal);
  if (after === undefined) return (value) => value.length >= least && value.endsWith(literal);
  // Two characters of UTF-16 may be one to `.+.+`.
  if (literal === '') return undefined;
  const from = before === '.+' ? 1 : 0;
  const behind = after === '.+' ? 1 : 0;
  return (value) => {
    const at = value.indexOf(literal, from);
    return at !== -1 && at + literal.length + behind <= value.length;
  };
}
