// promfed's own test scripts.

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

import t from 'tap';

import { ownScripts } from '../../helpers/promqltest/own-scripts.js';
import { runScript } from '../../helpers/promqltest/run-script.js';

/** Scripts are run in both modes of name removal, except for those about one of them. */
const MODES = [
  { mode: 'delayed', delayed: true, ownScript: 'delayed-names.test' },
  { mode: 'immediate', delayed: false, ownScript: 'immediate-names.test' },
];

for (const { mode, delayed, ownScript } of MODES) {
  const excluded = MODES.map((other) => other.ownScript).filter((name) => name !== ownScript);
  for (const path of ownScripts().filter((script) => !excluded.includes(basename(script)))) {
    const file = basename(path);
    t.test(`every eval of ${file} passes with ${mode} name removal`, async (t) => {
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
