// Anchored RE2 patterns as label matchers use them: linear time whatever the pattern.

import { RE2JS } from 're2js';

import { PromfedError } from './errors.js';

const META = /[\\.+*?()|[\]{}^$]/;

/**
 * Compiles a label pattern to a test of a whole value: RE2 syntax, anchored on both ends, `.` matching a newline
 * too, as Prometheus does (`^(?s:…)$`).
 *
 * Literals and alternations of literals never reach the regex engine.
 *
 * @throws PromfedError `bad_data` when the pattern is not valid RE2.
 */
export function compileAnchored(pattern: string): (value: string) => boolean {
  if (!META.test(pattern)) return (value) => value === pattern;
  if (pattern === '.*') return () => true;
  if (pattern === '.+') return (value) => value !== '';
  const alternatives = pattern.split('|');
  const compiled = compileOrThrow(pattern);
  if (alternatives.every((alternative) => !META.test(alternative))) {
    const set = new Set(alternatives);
    return (value) => set.has(value);
  }
  return (value) => compiled.matcher(value).matches();
}

function compileOrThrow(pattern: string): RE2JS {
  try {
    return RE2JS.compile(`(?s:${pattern})`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PromfedError('bad_data', reason, { cause: error });
  }
}
