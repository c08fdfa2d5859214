import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';

import { createScriptProject } from '../helpers/scripts/script-project.js';

t.test('without apt the real servers are unavailable, and no files are left', async (t) => {
  const project = createScriptProject(t);
  const before = readdirSync(project.root);
  const result = await project.run('real-servers.mjs', [join(project.root, 'servers')]);
  t.equal(result.code, 3);
  t.match(
    result.stderr,
    /^real servers: unavailable: (apt-get is not on this machine|the packages are for Linux)/,
  );
  t.strictSame(readdirSync(project.root), before);
});
