// Preparation of `npm run bench` and `npm run soak`: builds promfed, unpacks the real servers, compiles everything.
import { spawnSync } from 'node:child_process';

import { build } from './build.mjs';
import { compile } from './compile.mjs';
import { preflight, root } from './preflight.mjs';
import { prepareRealServers } from './real-servers.mjs';

/** Exits with 1 when something does not compile. */
export async function prepareBench() {
  preflight();
  if (!build()) process.exit(1);
  const { status, message } = prepareRealServers();
  if (status !== 'ready') console.error(`real servers: ${status}: ${message}`);
  if ((await compile(runNode)).status !== 0) process.exit(1);
}

/** Runs Node with the arguments at the root, to its end. */
export function runNode(args) {
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
}
