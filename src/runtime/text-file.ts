// Reads small text files that a configuration names: credentials and certificates.

import { readFileSync, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';

/** Upper bound on the size of a file, far above that of any credential or certificate chain. */
const MAX_BYTES = 1024 * 1024;

/** The text of a file, or the reason why it cannot be read. The reason starts with the absolute path. */
export type FileText = { readonly text: string } | { readonly problem: string };

/** Reads a file named in a configuration. */
export type ReadText = (path: string) => FileText;

/**
 * Reads a whole file of up to `maxBytes`, 1 MiB by default, as UTF-8. Relative paths start at the working directory, as in promxy.
 * Devices and pipes are rejected: reading them may never end.
 */
export function readTextFile(path: string, maxBytes = MAX_BYTES): FileText {
  const absolute = resolve(path);
  try {
    const problem = tryProblem(absolute, statSync(absolute), maxBytes);
    return problem === undefined ? decode(readFileSync(absolute)) : { problem };
  } catch (error) {
    return { problem: describeFileError(absolute, error) };
  }
}

/** Reads a file as `readTextFile` does, without blocking the event loop. Never rejects. */
export async function readTextFileAsync(path: string): Promise<FileText> {
  const absolute = resolve(path);
  try {
    const problem = tryProblem(absolute, await stat(absolute), MAX_BYTES);
    return problem === undefined ? decode(await readFile(absolute)) : { problem };
  } catch (error) {
    return { problem: describeFileError(absolute, error) };
  }
}

function tryProblem(
  path: string,
  stats: { readonly size: number; isFile(): boolean },
  maxBytes: number,
): string | undefined {
  if (!stats.isFile()) return `${path} is not a file`;
  return stats.size > maxBytes ? `${path} is larger than ${maxBytes} bytes` : undefined;
}

function decode(bytes: Uint8Array): FileText {
  return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
}

/** Returns why a file cannot be read, with its path. */
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
