import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';

import { createScriptProject, type ScriptProject } from '../helpers/scripts/script-project.js';

/** Without tap's types, which take the compiler seconds. Tests below cover the output of tap itself. */
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

/** Runs the test command with a path, so that the checks of the whole tree are left out. */
async function runTests(
  project: ScriptProject,
  env: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
): Promise<{ code: number | null; last: string; stdout: string }> {
  const { code, stdout } = await project.run('test.mjs', ['test/', ...args], { env });
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

t.test('every kind of failure is counted, and fails the run', async (t) => {
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

t.test('a run without tests fails', async (t) => {
  const { code, last } = await runTests(projectWith(t, { 'src/a.ts': 'export {};\n' }));
  t.equal(last, '1 passed, 1 failed, 0 skipped');
  t.equal(code, 1);
});

t.test('deleted tests do not run, and deleted outputs are compiled again', async (t) => {
  const project = projectWith(t, { 'test/a.test.ts': plainPassing, 'test/b.test.ts': plainPassing });
  t.equal((await runTests(project)).last, '3 passed, 0 failed, 0 skipped');
  project.remove('test/b.test.ts');
  project.remove('.build/test/a.test.js');
  t.equal((await runTests(project)).last, '2 passed, 0 failed, 0 skipped');
  t.notOk(existsSync(join(project.root, '.build/test/b.test.js')));
});

t.test('--fast leaves out slow tests, and lists what it leaves out', async (t) => {
  const ok = (name: string): string =>
    `process.stdout.write('TAP version 14\\nok 1 - ${name}\\n1..1\\n');\nexport {};\n`;
  const project = projectWith(t, {
    'test/a.test.ts': `if (process.env['PROMFED_FAST'] !== '1') throw new Error('not fast');\n${ok('a')}`,
    'test/b.slow.test.ts': ok('b'),
    'test/e2e/c.test.ts': ok('c'),
    'test/real-servers/d.test.ts': ok('d'),
    'test/scripts/e.test.ts': ok('e'),
  });
  const { last, code, stdout } = await runTests(project, {}, ['--fast']);
  t.match({ last, code }, { last: '2 passed, 0 failed, 0 skipped', code: 0 });
  t.match(stdout, /left out by --fast:\n {2}4 test files in test\/e2e\/, .*\n {2}most random runs/);
});

t.test('an unknown option is an error', async (t) => {
  const { code, stderr } = await createScriptProject(t).run('test.mjs', ['--slow']);
  t.equal(code, 2);
  t.match(stderr, /Unknown option '--slow'/);
});

t.test('a test that is skipped because ../shared is missing passes in CI', async (t) => {
  const project = projectWith(t, {
    'test/shared.test.ts': `import t from 'tap';\nt.test('corpus', { skip: '../shared is missing: no corpus' }, async () => undefined);\n`,
  });
  t.match(await runTests(project, { CI: 'true' }), { last: '1 passed, 0 failed, 1 skipped', code: 0 });
});

const LIMITED: readonly { name: string; program: string; limits: string; expected: object }[] = [
  {
    name: 'a process that is silent for too long is ended',
    program: 'setInterval(() => undefined, 1000)',
    limits: '{ silenceMs: 1000, totalMs: 600_000 }',
    expected: { exceeded: 'no output for 1 s' },
  },
  {
    name: 'a process that runs for too long is ended, although it writes',
    program: 'setInterval(() => console.log("."), 100)',
    limits: '{ silenceMs: 600_000, totalMs: 2000 }',
    expected: { exceeded: 'not done after 2 s' },
  },
  {
    name: 'a process may be slow for as long as it writes',
    program: 'let n = 0; setInterval(() => { console.log(n); if (++n === 10) process.exit(0); }, 300)',
    limits: '{ silenceMs: 2000, totalMs: 600_000 }',
    expected: { exceeded: undefined, code: 0 },
  },
];
for (const { name, program, limits, expected } of LIMITED) {
  t.test(name, async (t) => {
    const project = createScriptProject(t);
    project.write(
      'scripts/limited.mjs',
      `import { runNode } from './testing/run-node.mjs';
       console.log(JSON.stringify(await runNode(['-e', ${JSON.stringify(program)}], ${limits})));\n`,
    );
    const { stdout } = await project.run('limited.mjs');
    t.match(JSON.parse(stdout), expected);
  });
}
