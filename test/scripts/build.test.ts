import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';

import { createScriptProject, type ScriptProject } from '../helpers/scripts/script-project.js';

const main = (body: string): string => `#!/usr/bin/env node\nimport { word } from './word.js';\n${body}\n`;
const printArguments = 'process.stdout.write(`${word} ${JSON.stringify(process.argv.slice(2))}\\n`);';

function smallProject(t: Parameters<typeof createScriptProject>[0]): ScriptProject {
  const project = createScriptProject(t);
  project.write('src/word.ts', `export const word: string = 'first';\n`);
  project.write('src/main.ts', main(printArguments));
  return project;
}

t.test('a build writes an executable main.js, and replaces dist whole', async (t) => {
  const project = smallProject(t);
  project.write('src/gone.ts', 'export {};\n');
  t.equal((await project.run('build.mjs')).code, 0);
  t.ok(existsSync(join(project.root, 'dist/gone.js')));
  t.equal(statSync(join(project.root, 'dist/main.js')).mode & 0o111, 0o111);

  project.remove('src/gone.ts');
  t.equal((await project.run('build.mjs')).code, 0);
  t.notOk(existsSync(join(project.root, 'dist/gone.js')));
});

t.test('a failed build prints the errors and keeps the last good one', async (t) => {
  const project = smallProject(t);
  await project.run('build.mjs');
  const before = readFileSync(join(project.root, 'dist/word.js'), 'utf8');

  project.write('src/word.ts', `export const word: string = 1;\n`);
  const wrongType = await project.run('build.mjs');
  t.equal(wrongType.code, 1);
  t.match(wrongType.stderr + wrongType.stdout, /src\/word\.ts.*TS2322/);
  t.equal(readFileSync(join(project.root, 'dist/word.js'), 'utf8'), before);

  project.write('src/word.ts', `export const word: string = 'x';\n`);
  project.write('src/main.ts', printArguments);
  t.equal((await project.run('build.mjs')).code, 1);
  t.equal(readFileSync(join(project.root, 'dist/word.js'), 'utf8'), before);
});

t.test('start builds only when the sources changed, and passes on its arguments', async (t) => {
  const project = smallProject(t);
  const first = await project.run('start.mjs', ['--config=a b.yaml', '--check-config']);
  t.equal(first.stdout, 'first ["--config=a b.yaml","--check-config"]\n');
  t.match(first.stderr, /Building/);

  const second = await project.run('start.mjs');
  t.equal(second.stdout, 'first ["demo"]\n', 'the default is the demo');
  t.equal(second.stderr, '');

  project.write('src/word.ts', `export const word: string = 'second';\n`);
  const third = await project.run('start.mjs');
  t.equal(third.stdout, 'second ["demo"]\n');
  t.match(third.stderr, /Building/);

  project.write('src/word.ts', 'export const word = ;\n');
  const broken = await project.run('start.mjs');
  t.equal(broken.code, 1, 'an old build does not run when the new one fails');
  t.equal(broken.stdout.includes('demo'), false);
});

t.test('signals reach the program, and its exit code is returned', async (t) => {
  const project = smallProject(t);
  const wait = `setInterval(() => undefined, 1000); process.on('SIGINT', () => process.exit(7));`;
  project.write('src/main.ts', main(`${wait}\n${printArguments}`));
  const result = await project.run('start.mjs', [], {
    onStdout: (text, signal) => {
      if (text.includes('demo')) signal('SIGINT');
    },
  });
  t.equal(result.code, 7);
});

t.test('a Node.js older than in package.json is an error', async (t) => {
  const project = smallProject(t);
  const manifest = JSON.parse(readFileSync(join(project.root, 'package.json'), 'utf8')) as object;
  project.write('package.json', JSON.stringify({ ...manifest, engines: { node: '>=99.1.0' } }));
  const result = await project.run('start.mjs');
  t.equal(result.code, 1);
  t.equal(result.stderr, `promfed needs Node.js 99.1.0 or newer, this is ${process.versions.node}.\n`);
});

t.test('packages are installed when they do not match the lock file', async (t) => {
  const project = smallProject(t);
  const lock = JSON.parse(readFileSync(join(project.root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, object>;
  };
  lock.packages['node_modules/only-in-this-test'] = { version: '1.0.0', integrity: 'none' };
  project.write('package-lock.json', JSON.stringify(lock));
  // A double of npm: the real one needs a registry.
  project.write('npm-cli.js', `console.error('npm got', process.argv.slice(2).join(' ')); process.exit(3);`);
  const result = await project.run('start.mjs', [], {
    env: { npm_execpath: join(project.root, 'npm-cli.js') },
  });
  t.equal(result.code, 1);
  t.match(result.stderr, /npm got ci --include=dev/);
  t.match(result.stderr, /npm ci failed: exit status 3/);
});
