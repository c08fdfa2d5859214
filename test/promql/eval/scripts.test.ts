// Our own test scripts: what each expects is what the evaluator gives.

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

import t from 'tap';

import { ownScripts } from './own-scripts.js';
import { runScript } from './script.js';

/** When names are dropped makes no difference, but where a script is about nothing else. */
const MODES = [
  { when: 'in the end', delayed: true, about: 'delayed-names.test' },
  { when: 'at once', delayed: false, about: 'eager-names.test' },
];

for (const { when, delayed, about } of MODES) {
  const others = MODES.map((mode) => mode.about).filter((name) => name !== about);
  for (const path of ownScripts().filter((one) => !others.includes(basename(one)))) {
    const file = basename(path);
    t.test(`every evaluation of ${file} gives what it says, names dropped ${when}`, async (t) => {
      const results = await runScript(readFileSync(path, 'utf8'), delayed);
      t.not(results.length, 0);
      let passed = 0;
      for (const { line, expr, problem } of results) {
        if (t.equal(problem, undefined, `line ${line}: ${expr}`)) passed++;
      }
      t.comment(`${file}: ${passed} of ${results.length}`);
    });
  }
}
