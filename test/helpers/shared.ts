// Files beside the repository, in ../shared: conformance scripts and queries of a real deployment. A clean clone does not
// have them. A test that reads them is skipped then, which the test command accepts in CI too:
// `t.test('…', { skip: withoutShared('kof/queries.txt') }, async (t) => { … })`.

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** The absolute path of a file or folder in ../shared. */
export function sharedPath(path: string): string {
  return resolve('../shared', path);
}

/** The `skip` option of a tap test: a reason when the file or folder is missing, false when it is there. */
export function withoutShared(path: string): string | false {
  return existsSync(sharedPath(path)) ? false : `../shared is missing: no ${path}`;
}
