// Compiles everything, tests and benchmarks included, into .build/ for `npm test` and `npm run bench`.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';

import { root } from './preflight.mjs';

const output = join(root, '.build');
const folders = ['src', 'test', 'bench'];

/**
 * Type-checks and compiles. JavaScript is written even when types are wrong.
 * @template T
 * @param {(args: string[]) => Promise<T> | T} runNode runs Node with these arguments, to its end
 * @returns {Promise<T>} what the last run of the compiler returned
 */
export async function compile(runNode) {
  removeStaleOutputs();
  const args = [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.json'];
  const result = await runNode(args);
  const sources = folders.flatMap(sourceFiles).filter((file) => !file.endsWith('.d.ts'));
  if (sources.every((file) => existsSync(outputOf(file)))) return result;
  // An incremental build writes again only what changed, not what somebody deleted.
  rmSync(output, { recursive: true, force: true });
  return runNode(args);
}

/** The compiled file of a TypeScript file; `source` relative to the root, the result absolute. */
export function outputOf(source) {
  return join(output, source.replace(/\.ts$/, '.js'));
}

/** The TypeScript files of a folder, relative to the root, with forward slashes, sorted. */
export function sourceFiles(folder) {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  return listFiles(path)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => relative(root, file).replaceAll('\\', '/'))
    .sort();
}

/** Outputs of deleted sources would still be run, or imported. */
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
