// `npm run bench [-- PART_OF_A_PATH …]`: builds promfed, then compiles and runs the benchmarks (bench/**/*.bench.ts)
// one after another, each in a process of its own. Exits with 1 when one fails, as with a wrong result.
import { spawnSync } from 'node:child_process';

import { build } from './build.mjs';
import { compile, outputOf, sourceFiles } from './compile.mjs';
import { preflight, root } from './preflight.mjs';
import { prepareRealServers } from './real-servers.mjs';

preflight();
if (!build()) process.exit(1);
const { status, message } = prepareRealServers();
if (status !== 'ready') console.error(`real servers: ${status}: ${message}`);

const node = (args) => spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
if ((await compile(node)).status !== 0) process.exit(1);

const wanted = process.argv.slice(2);
const files = sourceFiles('bench')
  .filter((file) => file.endsWith('.bench.ts'))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)));
if (files.length === 0) {
  console.error(`no benchmark matches ${wanted.join(' ') || 'bench/**/*.bench.ts'}`);
  process.exit(1);
}
for (const file of files) {
  console.log(`\n# ${file}`);
  const result = node(['--enable-source-maps', outputOf(file)]);
  if (result.signal !== null) process.exit(130);
  if (result.status !== 0) process.exitCode = 1;
}
