// Compiles src/ into dist/: `npm run build`, or `npm run build -- --if-changed` to keep a build of the same sources. A
// failed build keeps the last good dist/. A good one replaces all of it, so that outputs of deleted sources are removed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { preflight, root } from './preflight.mjs';

const dist = join(root, 'dist');
export const mainFile = join(dist, 'main.js');
const stampFile = join(dist, '.sources');

/**
 * Builds when the sources have changed since the last good build, or always with `force`.
 * Returns true when dist/ is up to date. The compiler's errors go to stderr.
 */
export function build({ force = false } = {}) {
  const sources = hashOfSources();
  if (!force && existsSync(mainFile) && readStamp() === sources) return true;
  if (!force) console.error('Building (sources changed) …');

  removeLeftovers();
  const fresh = join(root, `.build-dist-${process.pid}`);
  const old = join(root, `.build-dist-old-${process.pid}`);
  try {
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const args = [
      '-p',
      'tsconfig.build.json',
      '--outDir',
      fresh,
      '--incremental',
      'false',
      '--tsBuildInfoFile',
      'null',
    ];
    const result = spawnSync(process.execPath, [compiler, ...args], { cwd: root, stdio: ['ignore', 2, 2] });
    if (result.status !== 0) {
      console.error('The build failed.');
      return false;
    }
    const main = join(fresh, 'main.js');
    if (!readFileSync(main, 'utf8').startsWith('#!/usr/bin/env node\n')) {
      console.error('The build failed: src/main.ts must start with #!/usr/bin/env node');
      return false;
    }
    chmodSync(main, 0o755);
    writeFileSync(join(fresh, '.sources'), sources);
    if (existsSync(dist)) renameSync(dist, old);
    renameSync(fresh, dist);
    return true;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
}

/** Removes folders of interrupted builds, which have the process id in their name. */
function removeLeftovers() {
  for (const name of readdirSync(root)) {
    const pid = /^\.build-dist-(?:old-)?(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid)))
      rmSync(join(root, name), { recursive: true, force: true });
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function readStamp() {
  try {
    return readFileSync(stampFile, 'utf8');
  } catch {
    return undefined;
  }
}

/** Hashes everything that the output depends on, the compiler's version (in the lock file) included. */
function hashOfSources() {
  const hash = createHash('sha256');
  const files = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const settings = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json', 'scripts/build.mjs'];
  for (const file of [...files, ...settings.map((name) => join(root, name))]) {
    const content = readFileSync(file);
    hash.update(`${file.slice(root.length)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  preflight();
  process.exitCode = build({ force: !process.argv.includes('--if-changed') }) ? 0 : 1;
}
