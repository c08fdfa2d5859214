// Compiles everything, tests and benchmarks included, into .build/ for `npm test` and `npm run bench`.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';

import { root } from './preflight.mjs';

const output = join(root, '.build');
const folders = ['src', 'test', 'bench'];

/**
 * Type-checks and compiles. Writes JavaScript even when there are type errors.
 * @template T
 * @param {(args: string[]) => Promise<T> | T} runNode runs Node with the arguments, to its end
 * @returns {Promise<T>} the result of the last run of the compiler
 */
export async function compile(runNode) {
  removeStaleOutputs();
  const args = [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json'];
  const result = await runNode(args);
  const sources = folders.flatMap(sourceFiles).filter((file) => !file.endsWith('.d.ts'));
  if (sources.every((file) => existsSync(outputOf(file)))) return result;
  // An incremental build does not write deleted outputs again.
  rmSync(output, { recursive: true, force: true });
  return runNode(args);
}

/** Returns the absolute path of the compiled file; `source` is relative to the root. */
export function outputOf(source) {
  return join(output, source.replace(/\.ts$/, '.js'));
}

/** Returns the TypeScript files of a folder, sorted, relative to the root, with forward slashes. */
export function sourceFiles(folder) {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  return listFiles(path)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => relative(root, file).replaceAll('\\', '/'))
    .sort();
}

/** Removes outputs of deleted sources, which would still run or be imported. */
function removeStaleOutputs() {
  for (const folder of folders) {
    const compiled = join(output, folder);
    if (!existsSync(compiled)) continue;
    for (const file of listFiles(compiled)) {
      const source = relative(output, file).replace(/\.js(\.map)?$/, '.ts');
      if (!existsSync(join(root, source))) rmSync(file);
    }
  }
}

function listFiles(path) {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
