// Finds the files of a pattern.

import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { isPattern, tryFilePattern } from '../text/file-pattern.js';

/**
 * Returns the paths that match a pattern, in no particular order. Errors of directories count as no match. A path
 * without special characters matches itself if it exists.
 *
 * Source: Go, path/filepath (`Glob`).
 */
export function globFiles(pattern: string): string[] {
  if (!isPattern(pattern)) return exists(pattern) ? [pattern] : [];
  const segments: string[] = [];
  let directory = pattern;
  while (isPattern(directory)) {
    const slash = directory.lastIndexOf('/');
    segments.push(directory.slice(slash + 1));
    directory = slash < 0 ? '.' : directory.slice(0, slash) || '/';
  }
  let paths = [directory];
  for (const segment of segments.reverse()) paths = paths.flatMap((path) => entriesOf(path, segment));
  return paths;
}

function exists(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** The entries of a directory that match a pattern without slashes. */
function entriesOf(directory: string, pattern: string): string[] {
  const test = tryFilePattern(pattern);
  if (test === undefined) return [];
  try {
    return readdirSync(directory)
      .filter(test)
      .map((name) => join(directory, name));
  } catch {
    return [];
  }
}
