// The shared test scripts of Prometheus.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import t from 'tap';

import { KNOWN_GAPS } from './known-gaps.js';
import { runScript } from './script.js';
import { sharedPath, withoutShared } from '../../helpers/shared.js';

const FOLDER = sharedPath('conformance/promqltest');

/** So many evals there are: a runner that overlooks some must not pass. */
const EVALS = 1329;

/** So many known gaps there may be. Lowered with each that is closed. */
const MOST_GAPS = 0;

const skip = withoutShared('conformance/promqltest');

t.test('the shared scripts pass but for the known gaps', { skip }, async (t) => {
  let passed = 0;
  let run = 0;
  const failed = new Map<string, string>();
  for (const file of readdirSync(FOLDER).sort()) {
    const results = await runScript(readFileSync(join(FOLDER, file), 'utf8'));
    const good = results.filter(({ problem }) => problem === undefined).length;
    t.comment(`${file}: ${good} of ${results.length}`);
    passed += good;
    run += results.length;
    for (const { line, expr, problem } of results) {
      if (problem !== undefined) failed.set(`${file}:${line}`, `${expr}: ${problem}`);
    }
  }
  t.comment(`total: ${passed} of ${run}`);
  const news = [...failed].filter(([place]) => !Object.hasOwn(KNOWN_GAPS, place));
  const closed = Object.keys(KNOWN_GAPS).filter((place) => !failed.has(place));
  t.same(news, [], 'no eval fails that is not listed');
  t.same(closed, [], 'no eval passes that is listed: delete it from known-gaps.ts');
  t.equal(run, EVALS, 'every eval is run');
  t.ok(Object.keys(KNOWN_GAPS).length <= MOST_GAPS, 'the list only gets shorter');
});
