import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import t from 'tap';

import { runScript } from './script.js';

const FOLDER = join(process.cwd(), 'test/testdata/promql');

/** When names are dropped makes no difference, but where a script is about nothing else. */
const MODES = [
  { when: 'in the end', delayed: true, about: 'delayed-names.test' },
  { when: 'at once', delayed: false, about: 'eager-names.test' },
];

for (const { when, delayed, about } of MODES) {
  const others = MODES.map((mode) => mode.about).filter((name) => name !== about);
  for (const file of readdirSync(FOLDER).filter((name) => !others.includes(name))) {
    t.test(`every evaluation of ${file} gives what it says, names dropped ${when}`, async (t) => {
      const results = await runScript(readFileSync(join(FOLDER, file), 'utf8'), delayed);
      t.not(results.length, 0);
      for (const { line, expr, problem } of results) {
        t.equal(problem, undefined, `line ${line}: ${expr}`);
      }
    });
  }
}
