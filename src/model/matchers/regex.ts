// Anchored RE2 patterns of label matchers, in linear time for every pattern.

import { RE2JS } from 're2js';

import { PromfedError } from '../errors.js';
import { tryPlainTest } from './plain-pattern.js';

/** Reports whether a pattern, anchored at both ends, matches a label value. */
type Test = (value: string) => boolean;

/** Upper bound on the length of a cached pattern, in UTF-16 units. */
const MAX_CACHED_PATTERN_CHARS = 1024;
const MAX_CACHED_PATTERNS = 128;
/** Upper bound on the length of a value whose result is cached, in UTF-16 units. */
const MAX_CACHED_VALUE_CHARS = 128;
/** Upper bound on the cached results of each pattern. */
const MAX_CACHED_VALUES = 512;

/**
 * Recently compiled tests, by pattern. A query compiles each of its patterns several times, a dashboard even more
 * often.
 */
const cache = new Map<string, Test>();

/**
 * Compiles a label pattern to a test of a value. The syntax is RE2, anchored at both ends, and `.` matches a newline
 * too, as in Prometheus (`^(?s:…)$`).
 *
 * Alternatives that are literals, prefixes, suffixes or infixes need no regex engine. Tests that use the engine cache
 * their results by value. Compiling takes time linear in the pattern, and testing is linear in the value.
 *
 * Source: Prometheus, model/labels/regexp.go (`NewFastRegexMatcher`).
 *
 * @throws PromfedError `bad_data` with Go's text, when the pattern is not valid RE2.
 */
export function compileAnchored(pattern: string): Test {
  const cached = cache.get(pattern);
  if (cached !== undefined) return cached;
  const test = tryPlainTest(pattern) ?? engineTest(pattern);
  if (pattern.length <= MAX_CACHED_PATTERN_CHARS) store(cache, pattern, test, MAX_CACHED_PATTERNS);
  return test;
}

function engineTest(pattern: string): Test {
  const compiled = compileOrThrow(pattern);
  const results = new Map<string, boolean>();
  return (value) => {
    if (value.length > MAX_CACHED_VALUE_CHARS) return compiled.testExact(value);
    const cached = results.get(value);
    if (cached !== undefined) return cached;
    const result = compiled.testExact(value);
    store(results, value, result, MAX_CACHED_VALUES);
    return result;
  };
}

/** Adds an entry; evicts the oldest one beyond `max` entries. */
function store<K, V>(map: Map<K, V>, key: K, value: V, max: number): void {
  if (map.size >= max) {
    for (const oldest of map.keys()) {
      map.delete(oldest);
      break;
    }
  }
  map.set(key, value);
}

/**
 * Length in UTF-16 units up to which a pattern cannot exceed RE2's limit of 1000 nesting levels, even with the group that
 * Prometheus adds around it.
 */
const MAX_CERTAINLY_SHALLOW_CHARS = 900;

/**
 * Compiles a pattern for anchored matching, with capture groups. `.` matches a newline too.
 *
 * @throws PromfedError `bad_data` with Go's text, when the pattern is not valid RE2.
 */
export function compileOrThrow(pattern: string): RE2JS {
  // Compiles the bare pattern first: errors must not show added syntax, and the added parenthesis must not close one
  // of the pattern.
  const bare = compilePattern(pattern);
  if (pattern.length > MAX_CERTAINLY_SHALLOW_CHARS) compilePattern(`^(?s:${pattern})$`);
  return pattern.includes('.') ? RE2JS.compile(pattern, RE2JS.DOTALL) : bare;
}

/**
 * Compiles a pattern that is not anchored, in RE2 syntax. Takes time linear in the pattern.
 *
 * @throws PromfedError `bad_data` with Go's text, when the pattern is not valid RE2.
 */
export function compilePattern(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PromfedError('bad_data', reason + missingDetail(reason, pattern), { cause: error });
  }
}

/** Returns the part of Go's error text that the engine omits. */
function missingDetail(reason: string, pattern: string): string {
  if (reason.endsWith('expression nests too deeply')) return `: \`${pattern}\``;
  return reason.endsWith('trailing backslash at end of expression') ? ': ``' : '';
}

/** Returns the pattern that matches only the text itself. */
export function quotePattern(text: string): string {
  return RE2JS.quote(text);
}
