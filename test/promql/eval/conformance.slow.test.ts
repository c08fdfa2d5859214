// Prometheus' own test scripts.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import t from 'tap';

import { runScript } from '../../helpers/promqltest/run-script.js';
import { sharedPath, withoutShared } from '../../helpers/shared.js';

const FOLDER = sharedPath('conformance/promqltest');

/** The number of evals in all scripts. It shows when the parser of scripts skips some. */
const EVAL_COUNT = 1329;

const skip = withoutShared('conformance/promqltest');

t.test("every eval of Prometheus' test scripts passes", { skip }, async (t) => {
  let count = 0;
  const failures: string[] = [];
  for (const file of readdirSync(FOLDER).sort()) {
    const results = await runScript(readFileSync(join(FOLDER, file), 'utf8'));
    count += results.length;
    for (const { line, expr, problem } of results) {
      if (problem !== undefined) failures.push(`${file}:${line}: ${expr}: ${problem}`);
    }
  }
  t.same(failures, []);
  t.equal(count, EVAL_COUNT, 'every eval is run');
});
