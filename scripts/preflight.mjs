// Prerequisites of every command: a Node.js that is new enough, and the packages of the lock file. Imports only Node's
// own modules, because packages may not be installed yet.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Ends the process with a message when Node.js is too old or the packages cannot be installed. */
export function preflight() {
  requireNode();
  if (isInstalled()) return;
  console.error('Installing packages (node_modules does not match package-lock.json) …');
  const result = npm(['ci', '--include=dev'], root);
  if (result.status === 0) return;
  if (result.signal === null) {
    console.error(`npm ci failed: ${result.error?.message ?? `exit status ${result.status}`}`);
  }
  process.exit(1);
}

/** Runs npm to its end; its output goes to stderr. */
export function npm(args, cwd) {
  const all = [...args, '--no-audit', '--no-fund', '--loglevel=error'];
  const options = { cwd, stdio: ['ignore', 2, 2] };
  const script = process.env.npm_execpath;
  return script !== undefined && script.endsWith('.js')
    ? spawnSync(process.execPath, [script, ...all], options)
    : spawnSync('npm', all, { ...options, shell: process.platform === 'win32' });
}

function requireNode() {
  const range = readJson(join(root, 'package.json')).engines.node;
  const wanted = range.replace('>=', '').split('.').map(Number);
  const found = process.versions.node.split('.').map(Number);
  const difference = found.map((part, i) => part - wanted[i]).find((part) => part !== 0) ?? 0;
  if (difference >= 0) return;
  console.error(
    `promfed needs Node.js ${range.replace('>=', '')} or newer, this is ${process.versions.node}.`,
  );
  process.exit(1);
}

/**
 * Compares npm's record of its last install with the lock file. Packages for other platforms may be missing. An
 * interrupted install leaves no record, and one without development packages an incomplete one.
 */
function isInstalled() {
  let installed;
  try {
    installed = readJson(join(root, 'node_modules/.package-lock.json')).packages;
  } catch {
    return false;
  }
  const wanted = readJson(join(root, 'package-lock.json')).packages;
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '') continue;
    const found = installed[path];
    if (found === undefined) {
      if (entry.optional === true || entry.devOptional === true) continue;
      return false;
    }
    if (found.version !== entry.version || found.integrity !== entry.integrity) return false;
  }
  return true;
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}
