// The command line of `npm test`, and the test files that it selects.
import { parseArgs } from 'node:util';

import { sourceFiles } from '../compile.mjs';

/** Folders whose tests start other processes. A fast run excludes them and the files of `slowSuffix`. */
const slowFolders = ['test/e2e/', 'test/real-servers/', 'test/scripts/'];
const slowSuffix = '.slow.test.ts';

/**
 * @param {string[]} argv
 * @returns {{ fast: boolean, paths: string[] }} `paths` are parts of the paths of the wanted files; none for all.
 */
export function parseTestOptions(argv) {
  const { values, positionals } = parseArgs({
    args: argv,
    options: { fast: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const paths = positionals.map((path) => path.replace(/^\.\//, '').replace(/\.js$/, '.ts'));
  return { fast: values.fast, paths };
}

/**
 * @returns {{ files: string[], leftOut: string[], notes: string[], env: Record<string, string> }} the files to run, the
 *   matching files that a fast run leaves out, descriptions of everything that it leaves out, and the environment of
 *   the tests.
 */
export function selectTests({ fast, paths }) {
  const matching = sourceFiles('test')
    .filter((file) => file.endsWith('.test.ts'))
    .filter((file) => paths.length === 0 || paths.some((path) => file.includes(path)));
  if (!fast) return { files: matching, leftOut: [], notes: [], env: {} };
  const leftOut = matching.filter(isSlow);
  const notes = [];
  if (leftOut.length > 0) {
    notes.push(`${leftOut.length} test files in ${slowFolders.join(', ')} and *${slowSuffix}`);
  }
  // See test/helpers/random-runs.ts.
  const env = { PROMFED_FAST: '1' };
  if (process.env.PROMFED_RUNS === undefined) notes.push('most random runs of property tests');
  if (paths.length === 0) {
    notes.push('lint and format of files that do not differ from the upstream branch');
    notes.push('import direction and unused code');
  }
  return { files: matching.filter((file) => !isSlow(file)), leftOut, notes, env };
}

function isSlow(file) {
  return file.endsWith(slowSuffix) || slowFolders.some((folder) => file.startsWith(folder));
}
