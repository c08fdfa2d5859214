// The Dockerfile, without Docker: copied paths exist, scripts that run exist, and the image has the properties that
// deployments rely on.

import { existsSync, readFileSync } from 'node:fs';
import t from 'tap';

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

const instructions = parseDockerfile(readFileSync('Dockerfile', 'utf8'));
const ignored = readFileSync('.dockerignore', 'utf8').split('\n');
const last = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'));
const find = (name: string): string | undefined => last.find((one) => one.name === name)?.rest;

function parseDockerfile(text: string): Instruction[] {
  return text
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name, rest] = /^(\S+)\s+(.*)$/.exec(line)!;
      return { name: name!, rest: rest! };
    });
}

t.test('every copied path exists and passes .dockerignore', async (t) => {
  const copied = instructions
    .filter(({ name, rest }) => name === 'COPY' && !rest.includes('--from='))
    .flatMap(({ rest }) => rest.split(/\s+/).slice(0, -1));
  t.ok(copied.length > 5);
  t.equal(
    ignored.find((line) => line !== '' && !line.startsWith('#')),
    '*',
    'everything else is ignored',
  );
  for (const path of copied) {
    t.ok(existsSync(path), `${path} exists`);
    t.ok(
      ignored.some((line) => line === `!${path}` || line.startsWith(`!${path}/`)),
      `${path} passes`,
    );
  }
});

t.test('the scripts of the build and their imports pass .dockerignore', async (t) => {
  const pending = ['scripts/build.mjs'];
  const checked = new Set<string>();
  for (let script = pending.pop(); script !== undefined; script = pending.pop()) {
    if (checked.has(script)) continue;
    checked.add(script);
    t.ok(ignored.includes(`!${script}`), script);
    const imports = readFileSync(script, 'utf8').matchAll(/from '\.\/([^']+)'/g);
    pending.push(...[...imports].map(([, name]) => `scripts/${name!}`));
  }
  t.ok(instructions.some(({ name, rest }) => name === 'RUN' && rest === 'node scripts/build.mjs'));
});

t.test('base images are pinned, and no script of a package runs', async (t) => {
  const bases = instructions.filter(({ name }) => name === 'ARG').map(({ rest }) => rest);
  t.equal(bases.length, 2);
  for (const base of bases) t.match(base, /^[A-Z]+=[\w.-]+@sha256:[0-9a-f]{64}$/);
  t.match(bases[0], /^NODE=26-/);
  const installs = instructions.filter(({ rest }) => rest.startsWith('npm ci'));
  t.equal(installs.length, 2);
  for (const { rest } of installs) t.match(rest, / --ignore-scripts /);
});

t.test('stages are defined before they are copied from', async (t) => {
  const stages = new Set<string>();
  for (const { name, rest } of instructions) {
    const stage = /\sAS\s(\S+)$/.exec(rest)?.[1];
    if (name === 'FROM' && stage !== undefined) stages.add(stage);
    const from = /--from=(\S+)/.exec(rest)?.[1];
    if (from !== undefined) t.ok(stages.has(from), from);
  }
  t.ok(stages.size >= 2);
});

t.test(
  'the image serves on 8082 as user 65534, checks its health, and has the name of promxy too',
  async (t) => {
    t.equal(find('USER'), '65534:65534');
    t.equal(find('EXPOSE'), '8082');
    t.match(find('HEALTHCHECK'), /CMD \["sh", "\/app\/healthcheck.sh"\]$/);
    t.match(
      find('RUN'),
      /ln -s \/app\/dist\/main\.js \/bin\/promfed .*ln -s \/app\/dist\/main\.js \/bin\/promxy/,
    );
    t.strictSame(JSON.parse(find('ENTRYPOINT')!), ['/bin/promfed']);
  },
);

t.test('the image has no development packages', async (t) => {
  const production = instructions.findIndex(({ rest }) => rest.includes('npm ci --omit=dev'));
  t.ok(production > 0);
  t.match(last.find(({ rest }) => rest.includes('node_modules'))?.rest, /--from=packages/);
});
