// Anchored RE2 patterns of label matchers, with bounds on the work that a pattern can cause.

import { RE2JS, RE2Set } from 're2js';

import { PromfedError } from '../errors.js';
import { measurePattern, type PatternSize } from './pattern-size.js';
import { tryPlainTest } from './plain-pattern.js';

/** Reports whether a pattern, anchored at both ends, matches a label value. */
type Test = (value: string) => boolean;

/** A pattern whose syntax is valid. Its program is compiled when a value is first tested. */
export interface AnchoredPattern {
  /** @throws PromfedError as `checkProgramSize` and `checkMatchWork` do. */
  readonly test: Test;
  /** Size of the pattern in instructions, for limits on several patterns; 0 for one that needs no regex engine. */
  readonly instructions: number;
}

/**
 * Upper bound on the size of a pattern whose syntax is checked, in instructions. Parsing takes up to 7 µs for each.
 * Go's own limit of 3,355,443 instructions would block the process for seconds.
 */
const MAX_PATTERN_INSTRUCTIONS = 30_000;
/**
 * Upper bound on the size of a pattern that is matched here, in instructions: 50 ms to compile, and a few megabytes. Larger
 * ones can be sent to regions only.
 */
const MAX_PROGRAM_INSTRUCTIONS = 10_000;
/**
 * Upper bound on the work of one match: the instructions of the program times the length of the text in UTF-16 units. A
 * match cannot be interrupted; each takes up to 0.1 µs.
 */
const MAX_MATCH_WORK = 2_000_000;

/** Upper bound on the length of a cached pattern, in UTF-16 units. */
const MAX_CACHED_PATTERN_CHARS = 1024;
const MAX_CACHED_PATTERNS = 128;
/** Upper bound on the memory of all cached programs, in bytes. */
const MAX_CACHED_PROGRAM_BYTES = 24 << 20;
/** Upper bound on the length of a value whose result is cached, in UTF-16 units. */
const MAX_CACHED_VALUE_CHARS = 128;
/** Upper bound on the cached results of each pattern. */
const MAX_CACHED_VALUES = 512;

/**
 * Recently compiled patterns. A query compiles each of its patterns several times, a dashboard even more often.
 */
const cache = new Map<string, AnchoredPattern>();
let cachedProgramBytes = 0;

/**
 * Compiles a label pattern to a test of a value. The syntax is RE2, anchored at both ends, and `.` matches a newline
 * too, as in Prometheus (`^(?s:…)$`).
 *
 * Alternatives that are literals, prefixes, suffixes or infixes need no regex engine. Tests that use the engine cache
 * their results by value, and are compiled when first used. Testing is linear in the value.
 *
 * Source: Prometheus, model/labels/regexp.go (`NewFastRegexMatcher`).
 *
 * @throws PromfedError `bad_data` with Go's text, when the pattern is not valid RE2; `limit` when it is too large.
 */
export function compileAnchored(pattern: string): AnchoredPattern {
  const cached = cache.get(pattern);
  if (cached !== undefined) return cached;
  const plain = tryPlainTest(pattern);
  const compiled = plain === undefined ? enginePattern(pattern) : { test: plain, instructions: 0 };
  if (pattern.length <= MAX_CACHED_PATTERN_CHARS) keep(pattern, compiled);
  return compiled;
}

function keep(pattern: string, compiled: AnchoredPattern): void {
  cachedProgramBytes += programBytes(compiled.instructions);
  store(cache, pattern, compiled, MAX_CACHED_PATTERNS, onEvicted);
  while (cachedProgramBytes > MAX_CACHED_PROGRAM_BYTES) evictOldest(cache, onEvicted);
}

function onEvicted({ instructions }: AnchoredPattern): void {
  cachedProgramBytes -= programBytes(instructions);
}

/** Upper bound on the memory of a program with the states of its automaton. */
function programBytes(instructions: number): number {
  return instructions === 0 ? 0 : maxStateBytes(instructions) + 200 * instructions;
}

/** Upper bound on the states of an automaton, in bytes. With fewer than some hundred states it is slower than without. */
function maxStateBytes(instructions: number): number {
  return (128 << 10) + 800 * instructions;
}

function enginePattern(pattern: string): AnchoredPattern {
  const size = measurePattern(pattern);
  checkPatternSize(size);
  let parsed: RE2Set | undefined = parsePattern(pattern, size);
  let compiled: RE2Set | undefined;
  const run: Test = (value) => {
    checkMatchWork(size, value);
    if (compiled === undefined) {
      checkProgramSize(size);
      compiled = parsed!;
      compiled.compile();
      // The syntax tree is not needed any more.
      compiled.regexps = [];
      parsed = undefined;
    }
    return compiled.match(value).length > 0;
  };
  const results = new Map<string, boolean>();
  const test: Test = (value) => {
    if (value === '') return size.matchesEmpty;
    if (value.length > MAX_CACHED_VALUE_CHARS) return run(value);
    const cached = results.get(value);
    if (cached !== undefined) return cached;
    const result = run(value);
    store(results, value, result, MAX_CACHED_VALUES);
    return result;
  };
  return { test, instructions: Math.ceil(size.instructions) };
}

/** Adds an entry; evicts the oldest one beyond `max` entries. */
function store<K, V>(map: Map<K, V>, key: K, value: V, max: number, onEvicted?: (value: V) => void): void {
  if (map.size >= max) evictOldest(map, onEvicted);
  map.set(key, value);
}

function evictOldest<K, V>(map: Map<K, V>, onEvicted?: (value: V) => void): void {
  for (const [key, value] of map) {
    map.delete(key);
    onEvicted?.(value);
    return;
  }
}

/** @throws PromfedError `limit` when the syntax of a pattern would take too long to check, or as `tooLarge`. */
function checkPatternSize(size: PatternSize): void {
  if (size.instructions <= MAX_PATTERN_INSTRUCTIONS) return;
  throw tooLarge(size, `the limit is ${MAX_PATTERN_INSTRUCTIONS}`);
}

/** @throws PromfedError `limit` when the program of a pattern would take too much time and memory, or as `tooLarge`. */
function checkProgramSize(size: PatternSize): void {
  if (size.instructions <= MAX_PROGRAM_INSTRUCTIONS) return;
  throw tooLarge(
    size,
    `the limit is ${MAX_PROGRAM_INSTRUCTIONS} for expressions that are not only sent to regions`,
  );
}

/** Returns the error of a large pattern: `bad_data` with Go's text when its repetitions are invalid, otherwise `limit`. */
function tooLarge({ instructions, invalidRepetition }: PatternSize, limit: string): PromfedError {
  if (invalidRepetition !== undefined) {
    return new PromfedError(
      'bad_data',
      `error parsing regexp: invalid repeat count: \`${invalidRepetition}\``,
    );
  }
  const count = Number.isFinite(instructions) ? Math.ceil(instructions) : 'too many';
  return new PromfedError(
    'limit',
    `regular expression too large: it compiles to about ${count} instructions; ${limit}`,
  );
}

/**
 * @throws PromfedError `limit` when a match would take too long. It is not interrupted once it has started.
 */
export function checkMatchWork({ instructions }: PatternSize, text: string): void {
  if (instructions * text.length <= MAX_MATCH_WORK) return;
  throw new PromfedError(
    'limit',
    `regular expression not matched: its about ${Math.ceil(instructions)} instructions times the ${text.length} characters ` +
      `of the text exceed the limit of ${MAX_MATCH_WORK}`,
  );
}

/**
 * Number of nesting levels up to which a pattern is certainly valid with the group that Prometheus adds around it. RE2's
 * limit is 1000.
 */
const MAX_CERTAINLY_SHALLOW_LEVELS = 900;

/** A compiled pattern with capture groups, and its size. */
export interface SizedPattern {
  readonly pattern: RE2JS;
  readonly size: PatternSize;
}

/**
 * Compiles a pattern for anchored matching, with capture groups. `.` matches a newline too.
 *
 * @throws PromfedError `bad_data` with Go's text, when the pattern is not valid RE2; `limit` when it is too large.
 */
export function compileOrThrow(pattern: string): SizedPattern {
  const size = measurePattern(pattern);
  checkProgramSize(size);
  const compiled = createOrThrow(pattern, () => RE2JS.compile(pattern, flagsOf(pattern)));
  checkHeight(pattern, size);
  return { pattern: compiled, size };
}

/** Parses a pattern that is anchored at both ends. Its program is compiled later. */
function parsePattern(pattern: string, size: PatternSize): RE2Set {
  const set = new RE2Set(RE2Set.ANCHOR_BOTH, flagsOf(pattern), maxStateBytes(size.instructions));
  createOrThrow(pattern, () => set.add(pattern));
  checkHeight(pattern, size);
  return set;
}

/** Patterns without a dot need no flag, so that errors are about the pattern itself. */
function flagsOf(pattern: string): number {
  return pattern.includes('.') ? RE2JS.DOTALL : 0;
}

/** Rejects a pattern that nests too deeply within the group that Prometheus adds. */
function checkHeight(pattern: string, { height }: PatternSize): void {
  if (height > MAX_CERTAINLY_SHALLOW_LEVELS) parse(`^(?s:${pattern})$`);
}

/** Errors are those of the pattern without flags: they must not show added syntax. */
function createOrThrow<T>(pattern: string, create: () => T): T {
  try {
    return create();
  } catch (error) {
    parse(pattern);
    throw error;
  }
}

/** @throws PromfedError `bad_data` with Go's text, when the pattern is not valid RE2. */
function parse(pattern: string): void {
  try {
    new RE2Set().add(pattern);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PromfedError('bad_data', reason + missingDetail(reason, pattern), { cause: error });
  }
}

/**
 * Compiles a pattern that is not anchored, in RE2 syntax.
 *
 * @throws PromfedError `bad_data` with Go's text, when the pattern is not valid RE2; `limit` when it is too large.
 */
export function compilePattern(pattern: string): SizedPattern {
  const size = measurePattern(pattern);
  checkProgramSize(size);
  return { pattern: createOrThrow(pattern, () => RE2JS.compile(pattern)), size };
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
