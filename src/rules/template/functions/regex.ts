// `match` and `reReplaceAll`, in linear time. Source: Go, regexp (`MatchString`, `ReplaceAllString`).

import type { Matcher } from 're2js';

import { checkMatchWork, compilePattern, PromfedError, type SizedPattern } from '../../../model/index.js';
import { canBackquote, quoteString } from '../format/quote.js';
import { checkTextLength } from '../limits.js';
import { CallError } from './function.js';

const MAX_CACHED = 128;
/** Time after which a replacement is given up: each match may read the rest of the text. */
const MAX_REPLACE_MS = 200;
/** Compiled patterns: rules use the same ones for every alert. */
const cache = new Map<string, SizedPattern>();

function compile(pattern: string): SizedPattern {
  const cached = cache.get(pattern);
  if (cached !== undefined) return cached;
  const compiled = compilePattern(pattern);
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(pattern, compiled);
  return compiled;
}

function reasonOf(error: unknown): string {
  if (error instanceof PromfedError) return error.message;
  throw error;
}

/** Reports whether the pattern matches a part of the text. */
export function matches(pattern: string, text: string): boolean {
  try {
    const { pattern: compiled, size } = compile(pattern);
    checkMatchWork(size, text);
    return compiled.matcher(text).find();
  } catch (error) {
    throw new CallError(reasonOf(error));
  }
}

/** Replaces all matches; `$1`, `$name` and `${name}` in the replacement are groups, `$$` is a dollar sign. */
export function replaceAll(pattern: string, replacement: string, text: string): string {
  let compiled: SizedPattern;
  try {
    compiled = compile(pattern);
  } catch (error) {
    const quoted = canBackquote(pattern) ? `\`${pattern}\`` : quoteString(pattern);
    throw new CallError(`regexp: Compile(${quoted}): ${reasonOf(error)}`);
  }
  try {
    checkMatchWork(compiled.size, text);
  } catch (error) {
    throw new CallError(reasonOf(error));
  }
  const { pattern: re2 } = compiled;
  const matcher = re2.matcher(text);
  const endMs = performance.now() + MAX_REPLACE_MS;
  let result = '';
  let lastEnd = 0;
  let from = 0;
  while (from <= text.length && matcher.find(from)) {
    const [start, end] = [matcher.start(), matcher.end()];
    result += text.slice(lastEnd, start);
    // An empty match right after another match is skipped.
    if (end > lastEnd || start === 0) result += expand(replacement, matcher, re2.groupCount());
    checkTextLength(result.length);
    lastEnd = end;
    if (performance.now() > endMs) {
      throw new CallError(`regexp: replacing all matches takes longer than ${MAX_REPLACE_MS} ms`);
    }
    const width = text.codePointAt(from)! > 0xffff ? 2 : 1;
    from = Math.max(end, from + width);
  }
  return result + text.slice(lastEnd);
}

/** Inserts groups. Source: Go, regexp (`Expand`). */
function expand(template: string, matcher: Matcher, groupCount: number): string {
  return template.replace(
    /\$(?:(\$)|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu,
    (_, dollar?: string, braced?: string, bare?: string) => {
      if (dollar !== undefined) return '$';
      const name = braced ?? bare!;
      const isNumber = /^[0-9]+$/.test(name);
      if (isNumber) return Number(name) > groupCount ? '' : (matcher.group(Number(name)) ?? '');
      return namedGroup(matcher, name);
    },
  );
}

function namedGroup(matcher: Matcher, name: string): string {
  try {
    return matcher.group(name) ?? '';
  } catch {
    // The pattern lacks the group.
    return '';
  }
}
