import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const FOLDER = resolve(process.cwd(), 'test/testdata/promql');

/** Returns the absolute paths of promfed's own test scripts, in order. */
export function ownScripts(): string[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.test'))
    .sort()
    .map((name) => join(FOLDER, name));
}
