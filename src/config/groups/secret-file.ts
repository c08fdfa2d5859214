// Reads the small files that a configuration names: credentials and certificates.

import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';

/** Far more than any credential or chain of certificates needs. */
const MAX_BYTES = 1024 * 1024;

/** The text of a file, or why it cannot be had, to be read after the key's name. */
export type FileText = { readonly text: string } | { readonly problem: string };

/** Reads a file named in a configuration. */
export type ReadText = (path: string) => FileText;

/**
 * Reads a whole file of at most 1 MiB, as UTF-8. Relative paths start at the working directory, as in promxy.
 * Devices and pipes are refused: reading them may never end.
 */
export function readTextFile(path: string): FileText {
  const absolute = resolve(path);
  try {
    const stat = statSync(absolute);
    if (!stat.isFile()) return { problem: `${absolute} is not a file` };
    if (stat.size > MAX_BYTES) return { problem: `${absolute} is larger than ${MAX_BYTES} bytes` };
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(absolute)) };
  } catch (error) {
    return { problem: describeFileError(absolute, error) };
  }
}

/** Why a file cannot be read, with its path, in plain words. */
export function describeFileError(path: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
      return `${path} does not exist`;
    case 'EACCES':
    case 'EPERM':
      return `${path} may not be read by this user`;
    case 'EISDIR':
      return `${path} is a directory`;
    case 'ENOTDIR':
      return `${path} does not exist: a part of its path is not a directory`;
    case 'ERR_ENCODING_INVALID_ENCODED_DATA':
      return `${path} is not valid UTF-8`;
    default:
      return `${path} cannot be read (${typeof code === 'string' ? code : 'unknown reason'})`;
  }
}
