import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';

import { createScriptProject, type ScriptProject } from '../helpers/scripts/script-project.js';

/** Without tap's types, which take the compiler seconds; the first tests below show that tap itself is read. */
const plainPassing = `process.stdout.write('TAP version 14\\nok 1 - adds\\n1..1\\n');\nexport {};\n`;
const passing = `import t from 'tap';\nt.test('adds', async (t) => { t.equal(1 + 1, 2); t.ok(true); });\n`;

function projectWith(
  t: Parameters<typeof createScriptProject>[0],
  files: Readonly<Record<string, string>>,
): ScriptProject {
  const project = createScriptProject(t);
  for (const [path, content] of Object.entries(files)) project.write(path, content);
  return project;
}

/** With a path argument, so that the checks of the whole tree are left out. */
async function runTests(
  project: ScriptProject,
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; last: string; stdout: string }> {
  const { code, stdout } = await project.run('test.mjs', ['test/'], { env });
  return { code, stdout, last: stdout.trimEnd().split('\n').at(-1)! };
}

t.test(
  'the last line counts the innermost tests and the type check; skips are listed, and fail in CI',
  async (t) => {
    const nested = `import t from 'tap';
    t.test('outer', async (t) => {
      t.test('one', async (t) => { t.ok(true); });
      t.test('two', async () => undefined);
    });\n`;
    const skipping = `import t from 'tap';
    t.test('needs much', { skip: 'no such machine' }, async (t) => { t.fail(); });
    t.test('inner', async (t) => { t.pass('looks on', { skip: 'not today' }); });
    t.pass('someday', { todo: 'write it' });\n`;
    const project = projectWith(t, { 'test/a.test.ts': passing, 'test/deep/b.test.ts': nested });
    t.match(await runTests(project), { last: '4 passed, 0 failed, 0 skipped', code: 0 });

    project.write('test/skips.test.ts', skipping);
    const { last, code, stdout } = await runTests(project);
    t.match({ last, code }, { last: '4 passed, 0 failed, 3 skipped', code: 0 });
    for (const reason of [
      'needs much: no such machine',
      'inner › looks on: not today',
      'someday: to do: write it',
    ]) {
      t.ok(stdout.includes(`test/skips.test.ts: ${reason}\n`), reason);
    }
    t.match(await runTests(project, { CI: 'true' }), { last, code: 1 });
  },
);

t.test('every way to fail is counted and makes the run fail', async (t) => {
  const project = projectWith(t, {
    'test/assert.test.ts': `import t from 'tap';\nt.test('outer', (t) => t.test('is wrong', async (t) => { t.equal(1, 2, 'sums'); t.equal(3, 4); }));\n`,
    'test/throws.test.ts': `import t from 'tap';\nt.test('throws', async () => { throw new Error('boom'); });\n`,
    'test/crash.test.ts': `throw new Error('before any test');\nexport {};\n`,
    'test/empty.test.ts': `import t from 'tap';\nt.comment('nothing');\n`,
    'test/exit.test.ts': `${passing}process.on('exit', () => { process.exitCode = 5; });\n`,
    'test/plan.test.ts': `import t from 'tap';\nt.test('plans three', async (t) => { t.plan(3); t.ok(true); });\n`,
    'test/types.test.ts': `${passing}export const n: number = 'text';\n`,
  });
  const { code, last, stdout } = await runTests(project);
  // Passed: the tests of exit and types. Failed: one in each of the first six, and the types.
  t.equal(last, '2 passed, 7 failed, 0 skipped');
  t.equal(code, 1);
  t.match(stdout, /✖ outer › is wrong\n +sums\n +at .*assert\.test\.ts:2/);
  t.match(stdout, /before any test/);
  t.match(stdout, /TS2322/);
});

t.test('a run without a test is a failure', async (t) => {
  const { code, last } = await runTests(projectWith(t, { 'src/a.ts': 'export {};\n' }));
  t.equal(last, '1 passed, 1 failed, 0 skipped');
  t.equal(code, 1);
});

t.test('deleted tests are neither run nor kept, deleted outputs compiled again', async (t) => {
  const project = projectWith(t, { 'test/a.test.ts': plainPassing, 'test/b.test.ts': plainPassing });
  t.equal((await runTests(project)).last, '3 passed, 0 failed, 0 skipped');
  project.remove('test/b.test.ts');
  project.remove('.build/test/a.test.js');
  t.equal((await runTests(project)).last, '2 passed, 0 failed, 0 skipped');
  t.notOk(existsSync(join(project.root, '.build/test/b.test.js')));
});
