// The checks of the whole tree that the test command runs beside the tests.
import { join } from 'node:path';

import { compile, sourceFiles } from '../compile.mjs';
import { root } from '../preflight.mjs';
import { changedFiles } from './changed-files.mjs';
import { runNode } from './run-node.mjs';

const limits = { totalMs: 1_800_000 };

/**
 * A check counts as one test. One that does not count only prepares: without it tests are skipped.
 * @typedef {{ name: string, counts: boolean, run: () => ReturnType<typeof runNode> }} Check
 */

/**
 * @param {{ fast: boolean, paths: string[] }} options
 * @param {string[]} files the test files that will run
 * @returns {Check[]} the longest first
 */
export function checksFor({ fast, paths }, files) {
  const needsAll = paths.length === 0;
  const needsBuild = files.some((file) => file.startsWith('test/e2e/'));
  return [
    // The tests run the compiler's output.
    { name: 'types', counts: true, run: () => compile((args) => runNode(args, limits)) },
    ...(needsAll ? checksOfTree(fast) : []),
    ...(needsBuild ? [script('build', true, 'build.mjs', '--if-changed')] : []),
    ...(fast ? [] : [script('real servers', false, 'real-servers.mjs')]),
  ];
}

function checksOfTree(fast) {
  const folders = ['src', 'test', 'bench'].filter((folder) => sourceFiles(folder).length > 0);
  const all = ['.'];
  const formatted = (fast ? changedFiles() : undefined) ?? all;
  const linted = formatted === all ? all : formatted.filter((file) => /\.(?:ts|mjs|cjs)$/.test(file));
  return [
    ...(linted.length > 0 ? [lint(linted)] : []),
    ...(formatted.length > 0 ? [format(formatted)] : []),
    ...(fast ? [] : checksOfImports(folders)),
  ];
}

function checksOfImports(folders) {
  return [
    tool('imports', 'dependency-cruiser/bin/dependency-cruise.mjs', '--output-type', 'err-long', ...folders),
    tool('unused code', 'knip/bin/knip.js', '--no-progress'),
    tool('code that only tests use', 'knip/bin/knip.js', '--no-progress', '-c', 'knip.production.json'),
  ];
}

function lint(files) {
  return tool('lint', 'eslint/bin/eslint.js', '--max-warnings', '0', '--no-warn-ignored', ...files);
}

function format(files) {
  const options = ['--check', '--ignore-unknown', '--no-error-on-unmatched-pattern', '--log-level', 'warn'];
  return tool('format', 'prettier/bin/prettier.cjs', ...options, ...files);
}

function tool(name, path, ...args) {
  return { name, counts: true, run: () => runNode([join(root, 'node_modules', path), ...args], limits) };
}

function script(name, counts, file, ...args) {
  return { name, counts, run: () => runNode([join(root, 'scripts', file), ...args], limits) };
}
