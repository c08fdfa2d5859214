// Anchored RE2 patterns as label matchers use them: linear time whatever the pattern.

import { RE2JS } from 're2js';

import { PromfedError } from '../errors.js';
import { tryPlainTest } from './plain-pattern.js';

/** A test of a whole label value. */
type Test = (value: string) => boolean;

/** Patterns beyond so many characters are compiled each time. */
const MAX_KEPT_PATTERN_CHARS = 1024;
const MAX_KEPT_PATTERNS = 128;
const MAX_KEPT_VALUE_CHARS = 128;
const MAX_KEPT_VALUES = 512;

/** The tests compiled last: one query asks for each of its patterns several times, and a dashboard again and again. */
const kept = new Map<string, Test>();

/**
 * Compiles a label pattern to a test of a whole value: RE2 syntax, anchored on both ends, `.` matching a newline
 * too, as Prometheus does (`^(?s:…)$`).
 *
 * Alternations of literals, prefixes, suffixes and infixes never reach the regex engine, and what does is answered
 * from the value where it was asked before. Time is linear in the pattern, and for a value in its length.
 *
 * Source: Prometheus, model/labels/regexp.go (`NewFastRegexMatcher`).
 *
 * @throws PromfedError `bad_data` with Go's text when the pattern is not valid RE2.
 */
export function compileAnchored(pattern: string): Test {
  const known = kept.get(pattern);
  if (known !== undefined) return known;
  const test = tryPlainTest(pattern) ?? engineTest(pattern);
  if (pattern.length <= MAX_KEPT_PATTERN_CHARS) keep(kept, pattern, test, MAX_KEPT_PATTERNS);
  return test;
}

function engineTest(pattern: string): Test {
  const compiled = compileOrThrow(pattern);
  const results = new Map<string, boolean>();
  return (value) => {
    if (value.length > MAX_KEPT_VALUE_CHARS) return compiled.testExact(value);
    const known = results.get(value);
    if (known !== undefined) return known;
    const result = compiled.testExact(value);
    keep(results, value, result, MAX_KEPT_VALUES);
    return result;
  };
}

/** The one that was set first leaves when there is no room. */
function keep<K, V>(map: Map<K, V>, key: K, value: V, max: number): void {
  if (map.size >= max) {
    for (const oldest of map.keys()) {
      map.delete(oldest);
      break;
    }
  }
  map.set(key, value);
}

/** Patterns are nested at most 1000 levels, and Prometheus counts the parentheses that it puts around. */
const MAY_NEST_TOO_DEEPLY = 900;

function compileOrThrow(pattern: string): RE2JS {
  // Alone first: a flag of ours would stand in the error, and a stray parenthesis must not be closed by ours.
  const alone = compile(pattern, pattern);
  if (pattern.length > MAY_NEST_TOO_DEEPLY) compile(`^(?s:${pattern})$`, `^(?s:${pattern})$`);
  return pattern.includes('.') ? RE2JS.compile(pattern, RE2JS.DOTALL) : alone;
}

function compile(pattern: string, named: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PromfedError('bad_data', reason + leftOut(reason, named), { cause: error });
  }
}

/** What Go names in an error and the engine leaves out. */
function leftOut(reason: string, pattern: string): string {
  if (reason.endsWith('expression nests too deeply')) return `: \`${pattern}\``;
  return reason.endsWith('trailing backslash at end of expression') ? ': ``' : '';
}
