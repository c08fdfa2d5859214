import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import t from 'tap';

import { runScript } from './script.js';

const FOLDER = join(process.cwd(), 'test/testdata/promql');

for (const file of readdirSync(FOLDER)) {
  t.test(`every evaluation of ${file} gives what it says`, async (t) => {
    const results = await runScript(readFileSync(join(FOLDER, file), 'utf8'));
    t.not(results.length, 0);
    for (const { line, expr, problem, skipped } of results) {
      t.equal(skipped ? 'skipped' : problem, undefined, `line ${line}: ${expr}`);
    }
  });
}
