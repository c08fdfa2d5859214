// The files that a fast run of the test command checks.

import { execFileSync, spawnSync } from 'node:child_process';

import t from 'tap';

import { createScriptProject, type ScriptProject } from '../helpers/scripts/script-project.js';

const skip = spawnSync('git', ['--version']).status === 0 ? false : 'git is not installed';

/** A project in a repository, with everything committed. */
function repository(t: Parameters<typeof createScriptProject>[0]): {
  readonly project: ScriptProject;
  readonly git: (...args: readonly string[]) => void;
  readonly changed: () => Promise<unknown>;
} {
  const project = createScriptProject(t);
  const git = (...args: readonly string[]): void => {
    const identity = ['-c', 'user.name=test', '-c', 'user.email=test@localhost'];
    execFileSync('git', [...identity, ...args], { cwd: project.root, stdio: 'ignore' });
  };
  project.write(
    'print-changed.mjs',
    `import { changedFiles } from './scripts/testing/changed-files.mjs';
     console.log(JSON.stringify(changedFiles() ?? 'all'));\n`,
  );
  project.write('.gitignore', 'node_modules\n');
  project.write('src/a.ts', 'export {};\n');
  git('init', '--initial-branch=main');
  git('add', '.');
  git('commit', '--message=first');
  const changed = async (): Promise<unknown> => {
    const { stdout } = await project.run('../print-changed.mjs', [], {
      env: { PATH: process.env['PATH'] ?? '' },
    });
    return JSON.parse(stdout) as unknown;
  };
  return { project, git, changed };
}

t.test('a clone without changes has none', { skip }, async (t) => {
  const { changed } = repository(t);
  t.same(await changed(), []);
});

t.test('modified and new files are changed, deleted and ignored ones are not', { skip }, async (t) => {
  const { project, git, changed } = repository(t);
  project.write('src/b.ts', 'export {};\n');
  project.write('src/c.ts', 'export {};\n');
  git('add', 'src/b.ts');
  project.write('src/a.ts', 'export const a = 1;\n');
  t.same(await changed(), ['src/a.ts', 'src/b.ts', 'src/c.ts']);
  project.remove('src/a.ts');
  t.same(await changed(), ['src/b.ts', 'src/c.ts']);
});

t.test('commits that the upstream branch does not have are changes', { skip }, async (t) => {
  const { project, git, changed } = repository(t);
  git('checkout', '-b', 'topic', '--track', 'main');
  project.write('src/b.ts', 'export {};\n');
  git('add', '.');
  git('commit', '--message=second');
  t.same(await changed(), ['src/b.ts']);
});

t.test('a change of settings affects all files', { skip }, async (t) => {
  const { project, changed } = repository(t);
  project.write('eslint.config.mjs', 'export default [];\n');
  t.equal(await changed(), 'all');
});

t.test('without a repository all files are checked', { skip }, async (t) => {
  const { project, changed } = repository(t);
  project.remove('.git');
  t.equal(await changed(), 'all');
});
