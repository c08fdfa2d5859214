// The files that a fast run checks for lint and format.
import { spawnSync } from 'node:child_process';

import { root } from '../preflight.mjs';

/** Files whose change may affect the lint or format of every other file. */
const settings =
  /^(?:eslint\.config\.mjs|scripts\/lint\/|\.prettier|\.editorconfig|tsconfig\.json|package-lock\.json)/;

/**
 * Returns the files that differ from the upstream branch, or from the last commit when there is no upstream branch. They
 * include uncommitted and untracked files. Undefined when all files must be checked: without git, and after a change of
 * settings.
 * @returns {string[] | undefined} paths relative to the root, sorted
 */
export function changedFiles() {
  const base = git('merge-base', 'HEAD', '@{upstream}') ?? ['HEAD'];
  const changed = git('diff', '--name-only', '--diff-filter=d', ...base);
  const untracked = git('ls-files', '--others', '--exclude-standard');
  if (changed === undefined || untracked === undefined) return undefined;
  const files = [...changed, ...untracked].sort();
  return files.some((file) => settings.test(file)) ? undefined : files;
}

/** Returns the lines of the output; undefined when git fails. */
function git(...args) {
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.split('\n').filter((line) => line !== '') : undefined;
}
